"""Which boxes are right, which wrong, and which of them are trained on.

Dimension key: N images, R boxes of each, T objects of each (filled up), B boxes that are drawn.
Boxes: (x_min, y_min, x_max, y_max), absolute pixels of the resized picture.

Nothing here makes the host wait for the device: all pictures of a batch are worked on at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from transferbench.tasks.detect.model.coder import overlap

IGNORED, WRONG = -1, 0
"""As labels of boxes; right are those above."""


@dataclass(frozen=True)
class Objects:
    """The objects of a batch, each picture's filled up to the same number, which is at least one."""

    boxes_NT4: Tensor
    labels_NT: Tensor
    """From 1; 0 where there is no object."""
    counts: tuple[int, ...]
    """Of each picture."""

    @classmethod
    def of(cls, truth: Sequence[tuple[Tensor, Tensor]]) -> Objects:
        """Returns the objects of pictures that have boxes_R4 and labels_R from 0."""
        boxes_NT4 = pad_sequence([boxes_R4 for boxes_R4, _ in truth], batch_first=True)
        labels_NT = pad_sequence([labels_R + 1 for _, labels_R in truth], batch_first=True)
        if boxes_NT4.shape[1] == 0:
            boxes_NT4, labels_NT = boxes_NT4.new_zeros(len(truth), 1, 4), labels_NT.new_zeros(len(truth), 1)
        return cls(boxes_NT4, labels_NT, tuple(len(boxes_R4) for boxes_R4, _ in truth))


@dataclass(frozen=True)
class Drawn:
    """Boxes that are trained on, the right ones of each picture first."""

    index_NB: Tensor
    is_right_NB: Tensor
    is_drawn_NB: Tensor
    """False where a picture has too few."""


def match_anchors(
    anchors_R4: Tensor, objects: Objects, ious: tuple[float, float], is_inside_NR: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Returns the label of each anchor of each picture, 1 for right, and the object that it overlaps most.

    Right are anchors that overlap an object by the second figure, and those that overlap an object most of
    all, if at all.

    Args:
        anchors_R4: the same for all pictures.
        objects: of the batch.
        ious: anchors that overlap less than the first are wrong; those between the two are ignored.
        is_inside_NR: which anchors are not ignored; None for all.

    Source:
        Ren et al. 2015, section 3.1.2; torchvision's `Matcher`, which calls all anchors right that do not
        overlap an object that none overlaps.
    """
    labels, matches = [], []
    for picture, count in enumerate(objects.counts):
        if count == 0:
            labels.append(anchors_R4.new_full((len(anchors_R4),), WRONG, dtype=torch.int64))
            matches.append(torch.zeros_like(labels[-1]))
            continue
        iou_TR = overlap(objects.boxes_NT4[picture, :count], anchors_R4)
        if is_inside_NR is not None:
            iou_TR.masked_fill_(~is_inside_NR[picture], -1)
        best_R, match_R = iou_TR.max(0)
        best_T1 = iou_TR.amax(1, keepdim=True)
        is_best_R = ((iou_TR == best_T1) & (best_T1 > 0)).any(0)
        labels.append(_labels(best_R, ious).masked_fill_(is_best_R, 1))
        matches.append(match_R)
    label_NR = torch.stack(labels)
    if is_inside_NR is not None:
        label_NR.masked_fill_(~is_inside_NR, IGNORED)
    return label_NR, torch.stack(matches)


def match_proposals(
    boxes_NR4: Tensor, is_real_NR: Tensor, objects: Objects, iou: float
) -> tuple[Tensor, Tensor]:
    """Returns the label of each proposal, that of the object it overlaps most, and the index of that object.

    Args:
        boxes_NR4: the proposals.
        is_real_NR: which of them are none that fill up.
        objects: of the batch.
        iou: proposals that overlap their object less are wrong.
    """
    iou_NTR = overlap(objects.boxes_NT4, boxes_NR4).masked_fill_(objects.labels_NT[:, :, None] == 0, -1)
    best_NR, match_NR = iou_NTR.max(1)
    label_NR = objects.labels_NT.gather(1, match_NR) * (best_NR >= iou)
    return label_NR.masked_fill_(~is_real_NR, IGNORED), match_NR


def draw(label_NR: Tensor, batch: int, positive_fraction: float) -> Drawn:
    """Returns boxes drawn at random from torch's own generator: right ones as there are, then wrong ones.

    Args:
        label_NR: see `match_anchors`.
        batch: boxes of a picture, at most.
        positive_fraction: of them that are right, at most.
    """
    chance_NR = torch.rand(label_NR.shape, device=label_NR.device)
    most = min(int(batch * positive_fraction), label_NR.shape[1])
    best = torch.where(label_NR > WRONG, chance_NR, -1).topk(most, 1)
    rank_NR = torch.where(label_NR == WRONG, chance_NR, -1)
    # What right boxes lack, topk fills up with others, whose rank stays.
    of_others = rank_NR.gather(1, best.indices)
    rank_NR.scatter_(1, best.indices, torch.where(best.values >= 0, best.values + 1, of_others))
    drawn = rank_NR.topk(min(batch, label_NR.shape[1]), 1)
    return Drawn(drawn.indices, drawn.values >= 1, drawn.values >= 0)


def rows_of(table_NRD: Tensor, index_NB: Tensor) -> Tensor:
    """Returns rows of each picture's part of a table by their index, (N, B, D)."""
    pictures, rows = table_NRD.shape[:2]
    first_N1 = torch.arange(pictures, device=index_NB.device)[:, None] * rows
    # Backwards this adds up rows; torch's gather would add up numbers.
    return (
        table_NRD.flatten(0, 1)
        .index_select(0, (index_NB + first_N1).flatten())
        .view(*index_NB.shape, table_NRD.shape[2])
    )


def _labels(best_R: Tensor, ious: tuple[float, float]) -> Tensor:
    wrong, right = ious
    return (best_R >= right).long() - ((best_R >= wrong) & (best_R < right)).long()
