"""Faster R-CNN over a backbone, from torchvision's detection parts.

Dimension key: N images, C channels, H x W pixels, R boxes, K classes of objects.
Boxes: (x_min, y_min, x_max, y_max), absolute pixels, right and bottom edges exclusive.

torchvision counts the background as class 0, and so does what passes between the parts here.
What goes in and comes out of a `Detector` counts the K classes of objects from 0.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models.detection.faster_rcnn import TwoMLPHead
from torchvision.models.detection.image_list import ImageList
from torchvision.ops import FeaturePyramidNetwork
from torchvision.ops.feature_pyramid_network import LastLevelMaxPool

from transferbench.backbones.base import Backbone
from transferbench.errors import ConfigError
from transferbench.tasks.detect.model.heads import (
    initialise,
    is_norm_untouched,
    predictor,
    proposal_network,
    roi_pool,
    roi_rules,
    still_names,
    still_parts,
    widen,
)
from transferbench.tasks.detect.model.resize import Size, prepare, scale_boxes
from transferbench.tasks.detect.settings import C4, DetectProtocol, Fpn


def detector(backbone: Backbone, classes: int, protocol: DetectProtocol, seed: int) -> Detector:
    """Returns Faster R-CNN over a backbone; its head is initialised from `seed` alone.

    For one seed all backbones meet the same head, as far as its shapes agree.

    Args:
        backbone: with maps at strides 4, 8, 16 and 32.
        classes: of objects; the background is not one.
        protocol: gives head, sizes and what is frozen.
        seed: of the head.

    Raises:
        ConfigError: a C4 head is to take apart a backbone that is one piece, or parts of a backbone that
            was never trained are to be frozen.
    """
    if isinstance(protocol.head, C4) and not backbone.is_staged:
        raise ConfigError(
            f"{protocol.key}: expected a backbone whose last stage runs on its own, for a C4 head, found "
            f"{backbone.arch!r}, which gives all its maps at once; take a pyramid protocol, as voc07-fpn@1"
        )
    freezes = protocol.norm == "frozen" or protocol.frozen_stages > 0
    if freezes and (not backbone.is_loaded or is_norm_untouched(backbone)):
        found = "batch norm as it was made" if backbone.is_loaded else "random weights"
        raise ConfigError(
            f"{protocol.key}: expected a pretrained backbone, because norm = {protocol.norm!r} and "
            f"frozen_stages = {protocol.frozen_stages} freeze parts of it, found {backbone.arch!r} with "
            f"{found}; "
            "give --set norm=trained --set frozen_stages=0, or pretrain it"
        )
    with torch.random.fork_rng(devices=[]):
        model = Detector(backbone, classes, protocol)
    lost = sorted(backbone.absent & still_names(backbone, protocol.frozen_stages, protocol.norm == "frozen"))
    if lost:
        raise ConfigError(
            f"{protocol.key}: expected to freeze what was loaded, because norm = {protocol.norm!r} and "
            f"frozen_stages = {protocol.frozen_stages}, found {lost[0]!r} of {backbone.arch!r}, which its "
            "file lacks; give --set norm=trained --set frozen_stages=0, or take another file"
        )
    initialise(model, "backbone", seed)
    return model.to(next(backbone.parameters()))


class Detector(nn.Module):
    """Proposals from maps, then classes and boxes for the proposals."""

    def __init__(self, backbone: Backbone, classes: int, protocol: DetectProtocol) -> None:
        super().__init__()
        head = protocol.head
        self.protocol = protocol
        self.backbone = backbone
        if isinstance(head, Fpn):
            strides, channels, pooled_channels = backbone.strides[head.finest :], head.channels, head.width
            self.pyramid = _pyramid(head, backbone.channels[head.finest :])
            self.box_head = TwoMLPHead(channels * head.roi.bins**2, head.width)
        else:
            strides, channels, pooled_channels = backbone.strides[-2:-1], *backbone.channels[-2:]
        self.rpn = proposal_network(head, channels)
        self.pool = roi_pool(head, strides)
        self.rules = roi_rules(head)
        self.predictor = predictor(pooled_channels, classes + 1)
        held, self._still_norms = still_parts(backbone, protocol.frozen_stages, protocol.norm == "frozen")
        for parameter in held:
            parameter.requires_grad_(False)

    def train(self, mode: bool = True) -> Detector:
        """Sets the mode of all but the frozen norms, which stay in evaluation mode."""
        super().train(mode)
        for norm in self._still_norms:
            norm.eval()
        return self

    def forward(
        self, images: Sequence[Tensor], truth: Sequence[tuple[Tensor, Tensor]] | None = None
    ) -> dict[str, Tensor] | list[dict[str, Tensor]]:
        """Returns the four losses by name in training mode, the detections of each picture otherwise.

        Args:
            images: RGB bytes, each (H, W, 3).
            truth: for each picture boxes_R4 in its own pixels, and labels_R in [0, K).

        Returns:
            Scalars; or for each picture `boxes` (R, 4) in its own pixels, `labels` (R,) in [0, K) and
            `scores` (R,), best first.
        """
        dtype = next(self.backbone.parameters()).dtype
        sides = (self.protocol.short_side, self.protocol.longest_side)
        images_NCHW, sizes = prepare(images, self.backbone.normalize, sides, dtype=dtype)
        maps = self._maps(images_NCHW)
        if not self.training:
            proposals, _ = self.rpn(ImageList(images_NCHW, sizes), maps)
            return self._detections(maps, proposals, images, sizes)
        assert truth is not None, "training needs the truth"
        targets = [
            {"boxes": scale_boxes(boxes_R4.to(dtype), _size(image), size), "labels": labels_R + 1}
            for (boxes_R4, labels_R), image, size in zip(truth, images, sizes, strict=True)
        ]
        proposals, losses = self.rpn(ImageList(images_NCHW, sizes), maps, targets)
        return {**losses, **self._box_losses(maps, proposals, sizes, targets)}

    def _maps(self, images_NCHW: Tensor) -> dict[str, Tensor]:
        head = self.protocol.head
        if isinstance(head, Fpn):
            maps = self.backbone(images_NCHW)[head.finest :]
            pyramid = self.pyramid({str(number): map_NCHW for number, map_NCHW in enumerate(maps)})
            return {name: widen(map_NCHW) for name, map_NCHW in pyramid.items()}
        map_NCHW = self.backbone.stem(images_NCHW)
        for stage in self.backbone.stages[:-1]:
            map_NCHW = stage(map_NCHW)
        return {"0": widen(map_NCHW)}

    def _box_outputs(
        self, maps: dict[str, Tensor], proposals: list[Tensor], sizes: list[Size]
    ) -> tuple[Tensor, Tensor]:
        pooled_RCHW = self.pool(maps, proposals, sizes)
        if isinstance(self.protocol.head, C4):
            last_RCHW = self.backbone.stages[-1](pooled_RCHW)
            return self.predictor(last_RCHW.mean((2, 3)))  # type: ignore[no-any-return]
        return self.predictor(self.box_head(pooled_RCHW))  # type: ignore[no-any-return]

    def _box_losses(
        self,
        maps: dict[str, Tensor],
        proposals: list[Tensor],
        sizes: list[Size],
        targets: list[dict[str, Tensor]],
    ) -> dict[str, Tensor]:
        chosen, _, labels, shifts = self.rules.select_training_samples(proposals, targets)
        logits_RK, predicted_R = self._box_outputs(maps, chosen, sizes)
        return box_losses(
            logits_RK,
            predicted_R,
            torch.cat(labels),
            torch.cat(shifts),
            beta=self.protocol.head.roi.box_loss_beta,
        )

    def _detections(
        self, maps: dict[str, Tensor], proposals: list[Tensor], images: Sequence[Tensor], sizes: list[Size]
    ) -> list[dict[str, Tensor]]:
        logits_RK, predicted_R = self._box_outputs(maps, proposals, sizes)
        found = self.rules.postprocess_detections(logits_RK, predicted_R, proposals, sizes)
        return [
            {"boxes": scale_boxes(boxes_R4, size, _size(image)), "labels": labels_R - 1, "scores": scores_R}
            for boxes_R4, scores_R, labels_R, image, size in zip(*found, images, sizes, strict=True)
        ]


def box_losses(
    logits_RK: Tensor, predicted_R: Tensor, labels_R: Tensor, shifts_R4: Tensor, *, beta: float
) -> dict[str, Tensor]:
    """Returns the losses of the second stage, each a mean over all R proposals.

    Args:
        logits_RK: background first.
        predicted_R: shifts for each class, (R, 4 K).
        labels_R: 0 is the background, whose boxes count for nothing.
        shifts_R4: from proposal to truth, in standard deviations.
        beta: where smooth L1 turns from square to straight.

    Source:
        torchvision's `fastrcnn_loss`, which has beta 1/9; GluonCV has 1.
    """
    positive = torch.where(labels_R > 0)[0]
    shifts_of_class = predicted_R.reshape(len(labels_R), -1, 4)[positive, labels_R[positive]]
    box_loss = F.smooth_l1_loss(shifts_of_class, shifts_R4[positive], beta=beta, reduction="sum")
    return {"loss_classifier": F.cross_entropy(logits_RK, labels_R), "loss_box_reg": box_loss / len(labels_R)}


def _pyramid(head: Fpn, channels: Sequence[int]) -> nn.Module:
    extra = LastLevelMaxPool() if head.has_pool_level else None
    return FeaturePyramidNetwork(list(channels), head.channels, extra_blocks=extra)  # type: ignore[no-any-return]


def _size(image_HW3: Tensor) -> Size:
    return image_HW3.shape[0], image_HW3.shape[1]
