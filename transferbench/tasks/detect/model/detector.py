"""Faster R-CNN over a backbone, from torchvision's detection parts.

Dimension key: N images, C channels, H x W pixels, R boxes, K classes of objects.
Boxes: (x_min, y_min, x_max, y_max), absolute pixels, right and bottom edges exclusive.

Between the parts the background counts as class 0. What goes in and comes out of a `Detector` counts the
K classes of objects from 0.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torchvision.models.detection.faster_rcnn import TwoMLPHead
from torchvision.ops import FeaturePyramidNetwork
from torchvision.ops.feature_pyramid_network import LastLevelMaxPool

from transferbench.backbones.base import Backbone
from transferbench.errors import ConfigError
from transferbench.tasks.detect.model.heads import (
    BoxPredictor,
    initialise,
    is_norm_untouched,
    roi_pool,
    still_names,
    still_parts,
)
from transferbench.tasks.detect.model.match import Objects
from transferbench.tasks.detect.model.proposals import ProposalNetwork, Proposals
from transferbench.tasks.detect.model.resize import Size, prepare, scale_boxes
from transferbench.tasks.detect.model.rois import (
    Detections,
    Rois,
    all_rois,
    box_losses,
    detections,
    drawn_rois,
)
from transferbench.tasks.detect.model.widen import Widened, widen
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
        found = "batch norm as it was made" if backbone.is_loaded else "untrained weights"
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
            strides, channels, known = backbone.strides[head.finest :], head.channels, head.width
            self.pyramid = _pyramid(head, backbone.channels[head.finest :])
            self.box_head = TwoMLPHead(channels * head.roi.bins**2, head.width)
        else:
            strides, channels, known = backbone.strides[-2:-1], *backbone.channels[-2:]
        self.rpn = ProposalNetwork(head, channels, _proposal_strides(head, strides))
        self.pool = roi_pool(head, strides)
        self.predictor = Widened(BoxPredictor(known, classes))
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
        self,
        images: Sequence[Tensor],
        truth: Sequence[tuple[Tensor, Tensor]] | None = None,
        *,
        is_flipped: Sequence[bool] | None = None,
        short_sides: Sequence[int] | None = None,
    ) -> dict[str, Tensor] | list[dict[str, Tensor]]:
        """Returns the four losses by name in training mode, the detections of each picture otherwise.

        Args:
            images: RGB bytes, each (H, W, 3).
            truth: for each picture boxes_R4 in its own pixels, and labels_R in [0, K).
            is_flipped: whether each picture is to be mirrored left to right, as its boxes are; None for none.
            short_sides: that each picture is resized to; None for the protocol's.

        Returns:
            Scalars; or for each picture `boxes` (R, 4) in its own pixels, `labels` (R,) in [0, K) and
            `scores` (R,), best first.
        """
        dtype = next(self.backbone.parameters()).dtype
        sides = (self.protocol.short_side, self.protocol.longest_side)
        images_NCHW, sizes = prepare(
            images,
            self.backbone.normalize,
            sides,
            dtype=dtype,
            short_sides=short_sides,
            is_flipped=is_flipped,
        )
        sizes_N2 = torch.tensor(sizes, device=images_NCHW.device)
        padded = (images_NCHW.shape[2], images_NCHW.shape[3])
        maps = self.maps(images_NCHW)
        if not self.training:
            proposals, _ = self.rpn(maps, sizes_N2, padded)
            found = self._detections(maps, proposals, sizes_N2)
            return _by_picture(found, images, sizes)
        assert truth is not None, "training needs the truth"
        objects = Objects.of(
            [
                (scale_boxes(boxes_R4.to(dtype), _size(image), size), labels_R)
                for (boxes_R4, labels_R), image, size in zip(truth, images, sizes, strict=True)
            ]
        )
        proposals, losses = self.rpn(maps, sizes_N2, padded, objects)
        return {**losses, **self._box_losses(maps, proposals, objects)}

    def maps(self, images_NCHW: Tensor) -> list[Tensor]:
        """Returns the maps that boxes are proposed on and cut from, finest first."""
        head = self.protocol.head
        if isinstance(head, Fpn):
            maps = self.backbone(images_NCHW)[head.finest :]
            pyramid = self.pyramid({str(number): map_NCHW for number, map_NCHW in enumerate(maps)})
            return [widen(map_NCHW) for map_NCHW in pyramid.values()]
        map_NCHW = self.backbone.stem(images_NCHW)
        for stage in self.backbone.stages[:-1]:
            map_NCHW = stage(map_NCHW)
        return [widen(map_NCHW)]

    def _box_outputs(self, maps: Sequence[Tensor], rois: Rois) -> tuple[Tensor, Tensor]:
        pooled_RCHW = self.pool(maps, rois.boxes_R4, rois.picture_R)
        if isinstance(self.protocol.head, C4):
            last_RCHW = self.backbone.stages[-1](pooled_RCHW)
            return self.predictor(last_RCHW.mean((2, 3)))  # type: ignore[no-any-return]
        return self.predictor(self.box_head(pooled_RCHW))  # type: ignore[no-any-return]

    def _box_losses(
        self, maps: Sequence[Tensor], proposals: Proposals, objects: Objects
    ) -> dict[str, Tensor]:
        roi = self.protocol.head.roi
        with torch.no_grad():
            rois, targets = drawn_rois(proposals, objects, roi)
            order_R = self.pool.groups(rois.boxes_R4, rois.picture_R, len(maps[0])).argsort(stable=True)
        return box_losses(*self._box_outputs(maps, rois[order_R]), targets[order_R], roi.box_loss_beta)

    def _detections(self, maps: Sequence[Tensor], proposals: Proposals, sizes_N2: Tensor) -> Detections:
        rois = all_rois(proposals)
        logits_RK, shifts_RK4 = self._box_outputs(maps, rois)
        return detections(logits_RK, shifts_RK4, rois, sizes_N2=sizes_N2, roi=self.protocol.head.roi)


def _by_picture(
    found: Detections, images: Sequence[Tensor], sizes: Sequence[Size]
) -> list[dict[str, Tensor]]:
    """Returns the detections of each picture in its own pixels."""
    counts = torch.bincount(found.picture_R, minlength=len(images)).tolist()
    parts = (torch.split(part, counts) for part in (found.boxes_R4, found.labels_R, found.scores_R))
    return [
        {"boxes": scale_boxes(boxes_R4, size, _size(image)), "labels": labels_R, "scores": scores_R}
        for boxes_R4, labels_R, scores_R, image, size in zip(*parts, images, sizes, strict=True)
    ]


def _proposal_strides(head: C4 | Fpn, strides: Sequence[int]) -> tuple[int, ...]:
    has_pool_level = isinstance(head, Fpn) and head.has_pool_level
    return (*strides, 2 * strides[-1]) if has_pool_level else tuple(strides)


def _pyramid(head: Fpn, channels: Sequence[int]) -> nn.Module:
    extra = LastLevelMaxPool() if head.has_pool_level else None
    return FeaturePyramidNetwork(list(channels), head.channels, extra_blocks=extra)  # type: ignore[no-any-return]


def _size(image_HW3: Tensor) -> Size:
    return image_HW3.shape[0], image_HW3.shape[1]
