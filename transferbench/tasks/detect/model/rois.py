"""The second stage's rules: which proposals are trained on, what they should say, and what is detected.

Dimension key: N images, P proposals and T objects of an image (filled up), R boxes and D detections of
all images, K classes of objects.
Boxes: (x_min, y_min, x_max, y_max), absolute pixels of the resized picture, right and bottom edges exclusive.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from transferbench.tasks.detect.model.coder import clip, decode, encode
from transferbench.tasks.detect.model.match import Objects, draw, match_proposals, rows_of
from transferbench.tasks.detect.model.proposals import Proposals
from transferbench.tasks.detect.model.suppress import best_of_groups, unsuppressed
from transferbench.tasks.detect.settings import Roi

_WEIGHTS = (10.0, 5.0)
"""One over the standard deviations 0.1 of centres and 0.2 of sides."""
_MIN_SIZE = 1e-2
"""Smaller detections are dropped, as in torchvision."""


@dataclass(frozen=True)
class Rois:
    """Boxes that the second stage looks at, picture by picture."""

    boxes_R4: Tensor
    picture_R: Tensor

    def __getitem__(self, index_R: Tensor) -> Rois:
        return Rois(self.boxes_R4[index_R], self.picture_R[index_R])


@dataclass(frozen=True)
class Targets:
    """What the second stage should say of its boxes."""

    labels_R: Tensor
    """0 is the background, whose shifts count for nothing."""
    shifts_R4: Tensor
    """From box to object, in standard deviations; 0 for the background."""

    def __getitem__(self, index_R: Tensor) -> Targets:
        return Targets(self.labels_R[index_R], self.shifts_R4[index_R])


@dataclass(frozen=True)
class Detections:
    """Boxes found, picture by picture, in each the best first."""

    boxes_R4: Tensor
    labels_R: Tensor
    """From 0; the background is none."""
    scores_R: Tensor
    picture_R: Tensor


def all_rois(proposals: Proposals) -> Rois:
    """Returns the proposals of all pictures."""
    picture_R = proposals.is_real_NP.nonzero()[:, 0]
    return Rois(proposals.boxes_NP4[proposals.is_real_NP], picture_R)


def drawn_rois(proposals: Proposals, objects: Objects, roi: Roi) -> tuple[Rois, Targets]:
    """Returns proposals and objects drawn at random, and what they should become.

    Args:
        proposals: of the batch.
        objects: of the batch; their boxes take part as proposals.
        roi: settings.
    """
    boxes_NP4 = torch.cat([proposals.boxes_NP4, objects.boxes_NT4], 1)
    is_real_NP = torch.cat([proposals.is_real_NP, objects.labels_NT > 0], 1)
    label_NP, match_NP = match_proposals(boxes_NP4, is_real_NP, objects, roi.positive_iou)
    drawn = draw(label_NP, roi.batch, roi.positive_fraction)
    boxes_NB4 = rows_of(boxes_NP4, drawn.index_NB)
    shifts_NB4 = encode(rows_of(objects.boxes_NT4, match_NP.gather(1, drawn.index_NB)), boxes_NB4, _WEIGHTS)
    shifts_NB4 = torch.where(drawn.is_right_NB[:, :, None], shifts_NB4, 0)
    picture_R, place_R = drawn.is_drawn_NB.nonzero(as_tuple=True)
    labels_NB = label_NP.gather(1, drawn.index_NB)
    return (
        Rois(boxes_NB4[picture_R, place_R], picture_R),
        Targets(labels_NB[picture_R, place_R], shifts_NB4[picture_R, place_R]),
    )


def box_losses(logits_RK: Tensor, shifts_RK4: Tensor, targets: Targets, beta: float) -> dict[str, Tensor]:
    """Returns the losses of the second stage, each a mean over all R proposals.

    Args:
        logits_RK: background first, then the K classes.
        shifts_RK4: for each class.
        targets: of the proposals.
        beta: where smooth L1 turns from square to straight.

    Source:
        torchvision's `fastrcnn_loss`, which has beta 1/9; GluonCV has 1.
    """
    count = max(1, len(logits_RK))
    own_R1 = (targets.labels_R - 1).clamp(min=0)[:, None]
    own_R4 = rows_of(shifts_RK4, own_R1).squeeze(1)
    losses_R4 = F.smooth_l1_loss(own_R4, targets.shifts_R4, beta=beta, reduction="none")
    is_right_R1 = targets.labels_R[:, None] > 0
    return {
        "loss_classifier": F.cross_entropy(logits_RK, targets.labels_R, reduction="sum") / count,
        "loss_box_reg": torch.where(is_right_R1, losses_R4, 0).sum() / count,
    }


def detections(
    logits_RK: Tensor, shifts_RK4: Tensor, rois: Rois, *, sizes_N2: Tensor, roi: Roi
) -> Detections:
    """Returns what is found.

    Args:
        logits_RK: background first, then the K classes.
        shifts_RK4: for each class.
        rois: the proposals.
        sizes_N2: (height, width) of each picture.
        roi: settings.
    """
    score_RK = logits_RK.softmax(1)[:, 1:]
    row_D, label_D = (score_RK > roi.score_threshold).nonzero(as_tuple=True)
    picture_D, score_D = rois.picture_R[row_D], score_RK[row_D, label_D]
    boxes_D4 = decode(shifts_RK4[row_D, label_D], rois.boxes_R4[row_D], _WEIGHTS)
    boxes_D4 = clip(boxes_D4, sizes_N2[picture_D])
    kept = ((boxes_D4[:, 2:] - boxes_D4[:, :2]) >= _MIN_SIZE).all(1).nonzero()[:, 0]
    group_D = picture_D * score_RK.shape[1] + label_D
    kept = kept[best_of_groups(score_D[kept], group_D[kept], roi.before_nms)]
    kept = kept[unsuppressed(boxes_D4[kept], score_D[kept], group_D[kept], roi.nms_iou)]
    kept = kept[best_of_groups(score_D[kept], picture_D[kept], roi.detections)]
    return Detections(boxes_D4[kept], label_D[kept], score_D[kept], picture_D[kept])
