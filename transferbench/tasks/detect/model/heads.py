"""The parts of Faster R-CNN that stand on a backbone, their initialisation, and what is frozen below.

Dimension key: R boxes, C channels, H x W pixels.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor
from torchvision.models.detection.roi_heads import RoIHeads
from torchvision.models.detection.rpn import RegionProposalNetwork, RPNHead
from torchvision.ops import MultiScaleRoIAlign
from torchvision.ops.poolers import initLevelMapper

from transferbench.backbones.base import Backbone
from transferbench.tasks.detect.settings import C4, Fpn

_BOX_WEIGHTS = (10.0, 10.0, 5.0, 5.0)
"""One over the standard deviations (0.1, 0.1, 0.2, 0.2) of the box targets."""


class Widened(nn.Module):
    """A module whose outputs are float32 at least, also under autocast.

    bfloat16 holds coordinates above 256 pixels to 2 pixels only, so boxes may not be worked out in it.
    """

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Any) -> Any:
        return widen(self.inner(x))


def widen(value: Any) -> Any:
    """Returns tensors, or lists and tuples of them, as float32 or wider."""
    if isinstance(value, Tensor):
        return value.to(torch.promote_types(value.dtype, torch.float32))
    return type(value)(widen(part) for part in value)


def proposal_network(head: C4 | Fpn, channels: int) -> nn.Module:
    """Returns the network that proposes boxes from maps of `channels` channels."""
    sizes = (head.anchor_sizes,) if isinstance(head, C4) else tuple((size,) for size in head.anchor_sizes)
    anchors = AnchorGenerator(sizes, (head.anchor_ratios,) * len(sizes))
    rpn = head.rpn
    network: Any = RegionProposalNetwork(
        anchors,
        Widened(RPNHead(channels, anchors.num_anchors_per_location()[0])),
        fg_iou_thresh=rpn.positive_iou,
        bg_iou_thresh=rpn.negative_iou,
        batch_size_per_image=rpn.batch,
        positive_fraction=rpn.positive_fraction,
        pre_nms_top_n=dict(zip(("training", "testing"), rpn.before_nms, strict=True)),
        post_nms_top_n=dict(zip(("training", "testing"), rpn.after_nms, strict=True)),
        nms_thresh=rpn.nms_iou,
    )
    network.min_size = rpn.min_size
    return network  # type: ignore[no-any-return]


def roi_pool(head: C4 | Fpn, strides: Sequence[int]) -> nn.Module:
    """Returns RoIAlign over maps of these strides, named by their position.

    Scales are set here: torchvision guesses them from the first batch, wrongly for some small pictures.
    """
    names = [str(number) for number in range(len(strides))]
    pool: Any = MultiScaleRoIAlign(names, head.roi.bins, sampling_ratio=2)
    pool.scales = [1 / stride for stride in strides]
    levels = [stride.bit_length() - 1 for stride in strides]
    canonical = head.canonical_size if isinstance(head, Fpn) else 224
    pool.map_levels = initLevelMapper(levels[0], levels[-1], canonical_scale=canonical)
    return pool  # type: ignore[no-any-return]


def roi_rules(head: C4 | Fpn) -> Any:
    """Returns torchvision's RoIHeads for its rules alone: sampling, coding, suppression; it has no layers."""
    roi = head.roi
    return RoIHeads(
        None,
        None,
        None,
        fg_iou_thresh=roi.positive_iou,
        bg_iou_thresh=roi.positive_iou,
        batch_size_per_image=roi.batch,
        positive_fraction=roi.positive_fraction,
        bbox_reg_weights=_BOX_WEIGHTS,
        score_thresh=roi.score_threshold,
        nms_thresh=roi.nms_iou,
        detections_per_img=roi.detections,
    )


def predictor(channels: int, classes: int) -> nn.Module:
    """Returns the layers that give logits and boxes of `classes` classes, the background counted in."""
    return Widened(FastRCNNPredictor(channels, classes))


def initialise(parts: nn.Module, skip: str, seed: int) -> None:
    """Draws every parameter outside `skip`, each from a stream made of `seed` and its name; biases are zero.

    Args:
        parts: the detector.
        skip: name of the submodule that is left alone, the backbone.
        seed: of the head.

    Source:
        Normal(0.01) for proposals and classes, Normal(0.001) for boxes: Ren et al. 2015, Girshick 2015.
        The rest: uniform with gain 1 over the inputs, as Detectron does ("c2_xavier_fill").
    """
    for name, parameter in parts.named_parameters():
        if name.startswith(f"{skip}."):
            continue
        # One stream a name: a wider lateral layer may not shift what the layers after it draw.
        stream = torch.Generator().manual_seed(zlib.crc32(f"{seed} {name}".encode()))
        if parameter.dim() == 1:
            nn.init.zeros_(parameter)
        elif name.startswith("predictor.") or name.startswith("rpn."):
            std = 0.001 if name.startswith("predictor.inner.bbox_pred") else 0.01
            nn.init.normal_(parameter, std=std, generator=stream)
        else:
            nn.init.kaiming_uniform_(parameter, a=1, generator=stream)


def still_parts(
    backbone: Backbone, stages: int, is_norm_frozen: bool
) -> tuple[list[nn.Parameter], list[nn.Module]]:
    """Returns the backbone's parameters that are not trained, and its norms that stay in evaluation mode.

    Args:
        backbone: the backbone.
        stages: held still from the front, the stem with them; 0 for none.
        is_norm_frozen: whether all batch norm is held still.
    """
    held = backbone.front_parameters(stages)
    norms = [module for module in backbone.modules() if isinstance(module, _BatchNorm)]
    if not is_norm_frozen:
        held_ids = {id(p) for p in held}
        norms = [norm for norm in norms if any(id(p) in held_ids for p in norm.parameters())]
    return held + [p for norm in norms for p in norm.parameters()], list(norms)


def still_names(backbone: Backbone, stages: int, is_norm_frozen: bool) -> frozenset[str]:
    """Returns the names of all tensors that `still_parts` holds still, statistics of norms with them."""
    held, norms = still_parts(backbone, stages, is_norm_frozen)
    tensors = {id(p) for p in held} | {id(buffer) for norm in norms for buffer in norm.buffers()}
    named = (*backbone.named_parameters(), *backbone.named_buffers())
    return frozenset(name for name, tensor in named if id(tensor) in tensors)


def is_norm_untouched(backbone: Backbone) -> bool:
    """Returns whether the backbone has batch norm whose statistics are as they were made."""
    norms = [module for module in backbone.modules() if isinstance(module, _BatchNorm)]
    return bool(norms) and all(
        norm.running_mean is not None
        and norm.running_var is not None
        and not norm.running_mean.any()
        and bool((norm.running_var == 1).all())
        for norm in norms
    )
