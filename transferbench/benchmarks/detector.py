"""Torchvision's own Faster R-CNN with the layers and weights of ours.

Dimension key: N images, C channels, H x W pixels.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor
from torchvision.models.detection.rpn import RPNHead
from torchvision.ops import MultiScaleRoIAlign
from torchvision.ops.poolers import initLevelMapper

from transferbench.tasks.detect.model.detector import Detector
from transferbench.tasks.detect.model.heads import still_parts
from transferbench.tasks.detect.settings import C4, Fpn


class _Maps(nn.Module):
    """What torchvision calls a backbone, of a copy of our detector."""

    def __init__(self, ours: Detector, channels: int) -> None:
        super().__init__()
        self.out_channels = channels
        self._ours = ours

    def forward(self, images_NCHW: Tensor) -> dict[str, Tensor]:
        return {str(level): map_NCHW for level, map_NCHW in enumerate(self._ours.maps(images_NCHW))}


class _LastStage(nn.Module):
    """What torchvision calls a box head, of a backbone's last stage."""

    def __init__(self, stage: nn.Module) -> None:
        super().__init__()
        self.stage = stage

    def forward(self, pooled_RCHW: Tensor) -> Tensor:
        last_RCHW: Tensor = self.stage(pooled_RCHW)
        return last_RCHW.mean((2, 3))


def torchvision_detector(detector: Detector) -> nn.Module:
    """Returns torchvision's Faster R-CNN with copies of a detector's layers, in the same mode.

    Frozen norms are still. It takes pictures (C, H, W) of [0, 1] and targets as dictionaries, and counts the
    background as class 0.

    Args:
        detector: by a protocol whose settings torchvision has too.
    """
    ours = copy.deepcopy(detector)
    protocol, head = ours.protocol, ours.protocol.head
    sizes = (head.anchor_sizes,) if isinstance(head, C4) else tuple((size,) for size in head.anchor_sizes)
    channels = head.channels if isinstance(head, Fpn) else ours.backbone.channels[-2]
    last = _LastStage(ours.backbone.stages[-1]) if isinstance(head, C4) else ours.box_head
    rpn, roi, pixels = head.rpn, head.roi, ours.backbone.pixels
    theirs: Any = FasterRCNN(
        _Maps(ours, channels),
        min_size=protocol.short_side,
        max_size=protocol.longest_side,
        image_mean=list(pixels.mean),
        image_std=list(pixels.std),
        rpn_anchor_generator=AnchorGenerator(sizes, (head.anchor_ratios,) * len(sizes)),
        rpn_head=_rpn_head(ours.rpn.head.inner),
        rpn_pre_nms_top_n_train=rpn.before_nms[0],
        rpn_pre_nms_top_n_test=rpn.before_nms[1],
        rpn_post_nms_top_n_train=rpn.after_nms[0],
        rpn_post_nms_top_n_test=rpn.after_nms[1],
        rpn_nms_thresh=rpn.nms_iou,
        rpn_fg_iou_thresh=rpn.positive_iou,
        rpn_bg_iou_thresh=rpn.negative_iou,
        rpn_batch_size_per_image=rpn.batch,
        rpn_positive_fraction=rpn.positive_fraction,
        box_roi_pool=_pool(head, ours.pool.scales),
        box_head=last,
        box_predictor=_predictor(ours.predictor.inner),
        box_score_thresh=roi.score_threshold,
        box_nms_thresh=roi.nms_iou,
        box_detections_per_img=roi.detections,
        box_fg_iou_thresh=roi.positive_iou,
        box_bg_iou_thresh=roi.positive_iou,
        box_batch_size_per_image=roi.batch,
        box_positive_fraction=roi.positive_fraction,
    )
    theirs.to(next(ours.parameters())).train(detector.training)
    for norm in still_parts(ours.backbone, protocol.frozen_stages, protocol.norm == "frozen")[1]:
        norm.eval()
    return theirs  # type: ignore[no-any-return]


def _rpn_head(ours: Any) -> nn.Module:
    theirs: nn.Module = RPNHead(ours.cls_logits.in_channels, ours.cls_logits.out_channels)
    theirs.to(ours.cls_logits.weight).load_state_dict(ours.state_dict())
    return theirs


def _pool(head: C4 | Fpn, scales: Sequence[float]) -> nn.Module:
    pool: Any = MultiScaleRoIAlign(
        [str(level) for level in range(len(scales))], head.roi.bins, head.roi.samples
    )
    # torchvision guesses the scales from the first batch, wrongly for some small pictures.
    pool.scales = list(scales)
    levels = [round(1 / scale).bit_length() - 1 for scale in scales]
    canonical = head.canonical_size if isinstance(head, Fpn) else 224
    pool.map_levels = initLevelMapper(levels[0], levels[-1], canonical_scale=canonical)
    return pool  # type: ignore[no-any-return]


def _predictor(ours: Any) -> nn.Module:
    theirs: Any = FastRCNNPredictor(ours.cls_score.in_features, ours.cls_score.out_features)
    theirs.to(ours.cls_score.weight)
    with torch.no_grad():
        for name, parameter in ours.cls_score.named_parameters():
            theirs.cls_score.get_parameter(name).copy_(parameter)
        for name, parameter in ours.bbox_pred.named_parameters():
            theirs.bbox_pred.get_parameter(name)[:4].zero_()  # of the background, which ours has not
            theirs.bbox_pred.get_parameter(name)[4:].copy_(parameter)
    return theirs  # type: ignore[no-any-return]
