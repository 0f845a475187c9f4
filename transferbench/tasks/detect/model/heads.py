"""The parts of Faster R-CNN that stand on a backbone, their initialisation, and what is frozen below.

Dimension key: R boxes, C channels, H x W pixels.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from transferbench.backbones.base import Backbone
from transferbench.tasks.detect.model.align import RoiAlign
from transferbench.tasks.detect.settings import C4, Fpn


def roi_pool(head: C4 | Fpn, strides: Sequence[int]) -> RoiAlign:
    """Returns RoIAlign over maps of these strides."""
    return RoiAlign(
        strides,
        head.roi.bins,
        samples=head.roi.samples,
        is_aligned=head.roi.aligned,
        canonical_size=head.canonical_size if isinstance(head, Fpn) else 224,
    )


class BoxPredictor(nn.Module):
    """The layers that say of a box what it holds, and for each class how it should be moved."""

    def __init__(self, channels: int, classes: int) -> None:
        """Makes the layers.

        Args:
            channels: of what is known of a box.
            classes: K, of objects; the background, which comes first, has no shifts.
        """
        super().__init__()
        self.cls_score = nn.Linear(channels, classes + 1)
        self.bbox_pred = nn.Linear(channels, classes * 4)

    def forward(self, known_RC: Tensor) -> tuple[Tensor, Tensor]:
        """Returns logits (R, K + 1) and shifts (R, K, 4)."""
        return self.cls_score(known_RC), self.bbox_pred(known_RC).unflatten(1, (-1, 4))


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
