"""A backbone with a fully convolutional head, and an auxiliary one for training.

Dimension key: N pictures, C channels, K classes, H x W pixels, h x w steps of a map.
Convention: labels of 255 are ignored.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, interpolate

from transferbench.backbones.base import Backbone
from transferbench.tasks.segment.masks import IGNORED
from transferbench.tasks.segment.protocols import Head

_BAND_ROWS = 32


class Fcn(nn.Module):
    """Backbone, head on the last map, auxiliary head on the one before."""

    def __init__(
        self, backbone: Backbone, classes: int, *, head: Head, seed: int, is_backbone_frozen: bool = False
    ) -> None:
        """Takes the backbone as it is and makes new heads from `seed` alone.

        Raises:
            ValueError: the backbone was not made for the output stride of the head.
        """
        super().__init__()
        if backbone.strides[-1] != head.output_stride:
            raise ValueError(
                f"output stride {backbone.strides[-1]} of the backbone is not {head.output_stride}"
            )
        self.backbone = backbone.requires_grad_(not is_backbone_frozen)
        self._is_backbone_frozen = is_backbone_frozen
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.head = _head(backbone.channels[-1], classes, head)
            self.auxiliary = _head(backbone.channels[-2], classes, head) if head.auxiliary_weight else None

    def train(self, mode: bool = True) -> Fcn:
        """Sets the mode of all but a frozen backbone, which stays in evaluation mode."""
        super().train(mode)
        if self._is_backbone_frozen:
            self.backbone.eval()
        return self

    def forward(self, images_N3HW: Tensor) -> tuple[Tensor, Tensor | None]:
        """Returns logits of the head and of the auxiliary head, (N, K, h, w), of RGB pictures in [0, 1].

        The auxiliary ones are None in evaluation mode and where there is no such head.
        """
        maps = self.backbone(self.backbone.normalize(images_N3HW))
        logits: Tensor = self.head(maps[-1])
        if self.auxiliary is None or not self.training:
            return logits, None
        return logits, self.auxiliary(maps[-2])


def upsampled(logits_NKhw: Tensor, size: tuple[int, int], *, every: int = 1) -> Tensor:
    """Returns logits (N, H, W, K), bilinear between steps; the corner steps lie on the corner pixels.

    This is `interpolate(..., mode="bilinear", align_corners=True)` as GluonCV scales, written as two
    products of matrices with the classes last: the same numbers in a third of the time on a CPU, and
    on a GPU, where torch's own gradient depends on the order of threads, the same ones each time.

    Args:
        logits_NKhw: at the stride of the head.
        size: H and W in pixels.
        every: n for every n-th pixel of every n-th row, from the first.
    """
    batch, classes, height, width = logits_NKhw.shape
    columns, rows = (
        _weights(logits_NKhw, width, size[1])[::every],
        _weights(logits_NKhw, height, size[0])[::every],
    )
    across = columns @ logits_NKhw.permute(0, 2, 3, 1)
    down = rows @ across.reshape(batch, height, len(columns) * classes)
    return down.reshape(batch, len(rows), len(columns), classes)


def pixel_loss(logits_NKhw: Tensor, labels_NHW: Tensor, *, every: int = 1) -> Tensor:
    """Returns the mean cross entropy over labelled pixels at full resolution; 0 where there is none.

    Args:
        logits_NKhw: at the stride of the head.
        labels_NHW: uint8.
        every: n to look at every n-th pixel of every n-th row alone.
    """
    size = (labels_NHW.shape[1], labels_NHW.shape[2])
    labels_NHW = labels_NHW[:, ::every, ::every]
    with torch.autocast(logits_NKhw.device.type, enabled=False):
        logits_NHWK = upsampled(_at_least_float32(logits_NKhw), size, every=every)
        total = cross_entropy(
            logits_NHWK.flatten(0, 2),
            labels_NHW.flatten().long(),
            ignore_index=IGNORED,
            reduction="sum",
        )
        return total / (labels_NHW != IGNORED).sum().clamp(min=1)


def likeliest(logits_Khw: Tensor, size: tuple[int, int]) -> Tensor:
    """Returns the class of the largest logit of each pixel of one picture, (H, W) uint8.

    Works in bands of rows, so that its memory does not grow with the height of the picture.
    """
    height, width = size
    with torch.autocast(logits_Khw.device.type, enabled=False):
        logits_Khw = _at_least_float32(logits_Khw)
        classes, steps = logits_Khw.shape[:2]
        across = _weights(logits_Khw, logits_Khw.shape[2], width) @ logits_Khw.permute(1, 2, 0)
        rows_Hh = _weights(logits_Khw, steps, height)
        labels_HW = torch.empty(size, dtype=torch.uint8, device=logits_Khw.device)
        for top in range(0, height, _BAND_ROWS):
            bottom = min(top + _BAND_ROWS, height)
            first = top * (steps - 1) // max(height - 1, 1)
            last = min(-(-(bottom - 1) * (steps - 1) // max(height - 1, 1)) + 1, steps)
            band = rows_Hh[top:bottom, first:last] @ across[first:last].flatten(1)
            labels_HW[top:bottom] = band.reshape(-1, width, classes).argmax(-1)
    return labels_HW


def _weights(like: Tensor, steps: int, pixels: int) -> Tensor:
    """Returns the share (pixels, steps) of each step in each pixel of a line."""
    unit = torch.eye(steps, dtype=like.dtype, device=like.device)
    return interpolate(unit[None], size=pixels, mode="linear", align_corners=True)[0].T


def _at_least_float32(logits: Tensor) -> Tensor:
    return logits.float() if logits.dtype in (torch.bfloat16, torch.float16) else logits


def _head(channels: int, classes: int, head: Head) -> nn.Sequential:
    inner = max(1, channels // head.channels_divisor)
    return nn.Sequential(
        nn.Conv2d(channels, inner, 3, padding=1, bias=False),
        nn.BatchNorm2d(inner),
        nn.ReLU(inplace=True),
        nn.Dropout(head.dropout),
        nn.Conv2d(inner, classes, 1),
    )
