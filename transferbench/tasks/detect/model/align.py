"""RoIAlign: a grid of bilinear samples of a map for each box, averaged over bins.

Dimension key: N images, C channels, H x W map pixels, R boxes, B bins along a side.
Boxes: (x_min, y_min, x_max, y_max), absolute pixels of the resized picture.

A sample of a regular grid weighs rows and columns apart, so that what a box holds is
`rows_BH @ map_HW @ columns_BW.T`: products of matrices, forwards and backwards, which give the same digits
each time, whereas torchvision's backward pass adds up in no order on an accelerator.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.ops import roi_align
from torchvision.ops.poolers import initLevelMapper

_LARGEST_TRAINED, _LARGEST_SCORED = 1400, 300
"""Map pixels for each bin along a side up to which products are faster than torchvision's operator, whose
cost does not grow with the map. Measured on a processor with 256 channels: with the backward pass they are
5 times as fast at 220 and 1.8 times at 1400 on two threads, 3 times and as fast on one; without it 1.5 times
at 440 on two threads, 0.7 times on one."""
_MOST_NUMBERS = 1 << 24
"""That the first product may hold at a time."""

Parts = list[tuple[int, slice]]
"""Index of a picture, and boxes of it."""


class RoiAlign(nn.Module):
    """Cuts each box from the map whose stride suits its size."""

    def __init__(
        self, strides: Sequence[int], bins: int, *, samples: int, is_aligned: bool, canonical_size: float
    ) -> None:
        """Takes what does not change.

        Args:
            strides: pixels for one step of each map, finest first.
            bins: along each side of a box.
            samples: along each side of a bin; 0 takes as many as the bin has map pixels.
            is_aligned: whether boxes move by half a map pixel, so that pixels are centred on their samples;
                without, boxes are at least one map pixel wide and high.
            canonical_size: a box whose area has this square root is cut from stride 16.
        """
        super().__init__()
        self.scales = [1 / stride for stride in strides]
        self.bins = bins
        self.samples = samples
        self.is_aligned = is_aligned
        levels = [stride.bit_length() - 1 for stride in strides]
        self._levels_of: Any = initLevelMapper(levels[0], levels[-1], canonical_scale=canonical_size)

    def forward(self, maps: Sequence[Tensor], boxes_R4: Tensor, picture_R: Tensor) -> Tensor:
        """Returns what the boxes hold, (R, C, B, B).

        Args:
            maps: maps_NCHW of each stride; more may follow.
            boxes_R4: of all pictures.
            picture_R: index of the picture of each box.
        """
        maps = maps[: len(self.scales)]
        pictures = len(maps[0])
        level_R = self._levels_of([boxes_R4]) if len(maps) > 1 else torch.zeros_like(picture_R)
        group_R = level_R * pictures + picture_R
        order_R = group_R.argsort(stable=True)
        counts = torch.bincount(group_R, minlength=len(maps) * pictures).view(len(maps), -1).tolist()
        sizes = [sum(of_level) for of_level in counts]
        boxes_of_levels = torch.split(boxes_R4[order_R], sizes)
        pooled = [
            self._pooled(level, map_NCHW, boxes_L4, counts[level])
            for level, (map_NCHW, boxes_L4) in enumerate(zip(maps, boxes_of_levels, strict=True))
            if sizes[level] > 0
        ]
        if not pooled:
            return maps[0].new_zeros(0, maps[0].shape[1], self.bins, self.bins)
        return torch.cat(pooled).index_select(0, order_R.argsort())

    def _pooled(self, level: int, map_NCHW: Tensor, boxes_R4: Tensor, counts: list[int]) -> Tensor:
        """Returns what boxes, ordered by picture, hold of one map.

        Args:
            level: of the map.
            map_NCHW: the map.
            boxes_R4: of this map alone.
            counts: of boxes of each picture.
        """
        largest = _LARGEST_TRAINED if torch.is_grad_enabled() else _LARGEST_SCORED
        if self.samples and map_NCHW.shape[2] * map_NCHW.shape[3] <= largest * self.bins:
            starts_R2, sides_R2 = self._grids(boxes_R4 * self.scales[level])
            with torch.autocast(map_NCHW.device.type, enabled=False):
                return by_products(
                    map_NCHW, starts_R2, sides_R2, counts=counts, bins=self.bins, samples=self.samples
                )
        return roi_align(  # type: ignore[no-any-return]
            map_NCHW,
            list(torch.split(boxes_R4.to(map_NCHW.dtype), counts)),
            self.bins,
            self.scales[level],
            self.samples,
            self.is_aligned,
        )

    def _grids(self, boxes_R4: Tensor) -> tuple[Tensor, Tensor]:
        """Returns where grids begin and how far they reach, (x, y), in map pixels."""
        sides_R2 = boxes_R4[:, 2:] - boxes_R4[:, :2]
        if self.is_aligned:
            return boxes_R4[:, :2] - 0.5, sides_R2
        return boxes_R4[:, :2], sides_R2.clamp(min=1)


def by_products(
    map_NCHW: Tensor,
    starts_R2: Tensor,
    sides_R2: Tensor,
    *,
    counts: list[int],
    bins: int,
    samples: int,
) -> Tensor:
    """Returns what boxes, ordered by picture, hold of a map, (R, C, B, B), by products of matrices.

    Args:
        map_NCHW: the map.
        starts_R2: where the grid of each box begins, (x, y), in map pixels.
        sides_R2: how far it reaches.
        counts: of boxes of each picture.
        bins: along each side of a box.
        samples: along each side of a bin.
    """
    channels, height, width = map_NCHW.shape[1:]
    sizes = {"bins": bins, "samples": samples}
    columns_RBW = _weights(starts_R2[:, 0], sides_R2[:, 0], width, **sizes).to(map_NCHW.dtype)
    rows_RBH = _weights(starts_R2[:, 1], sides_R2[:, 1], height, **sizes).to(map_NCHW.dtype)
    some = max(1, _MOST_NUMBERS // (bins * channels * height))
    starts = [0, *accumulate(counts)]
    parts = [
        (picture, slice(start, min(start + some, end)))
        for picture, (first, end) in enumerate(pairwise(starts))
        for start in range(first, end, some)
    ]
    pooled_RBCB: Tensor = _Products.apply(map_NCHW, columns_RBW, rows_RBH, parts)  # type: ignore[no-untyped-call]
    return pooled_RBCB.permute(0, 2, 3, 1)


class _Products(torch.autograd.Function):
    """What boxes hold of a map: (R, B along x, C, B along y).

    torch's own backward pass gives the same, but makes and joins a tensor for each picture.
    """

    @staticmethod
    def forward(ctx: Any, map_NCHW: Tensor, columns_RBW: Tensor, rows_RBH: Tensor, parts: Parts) -> Tensor:
        ctx.save_for_backward(columns_RBW, rows_RBH)
        ctx.shape, ctx.parts = map_NCHW.shape, parts
        channels, height, width = map_NCHW.shape[1:]
        boxes, bins, _ = rows_RBH.shape
        pooled = map_NCHW.new_empty(boxes, bins * channels, bins)
        for picture, part in parts:
            map_SW = map_NCHW[picture].reshape(channels * height, width)
            of_columns = columns_RBW[part].reshape(-1, width) @ map_SW.t()
            of_columns = of_columns.view(-1, bins * channels, height)
            torch.bmm(of_columns, rows_RBH[part].transpose(1, 2), out=pooled[part])
        return pooled.view(boxes, bins, channels, bins)

    @staticmethod
    def backward(ctx: Any, grad_RBCB: Tensor) -> tuple[Tensor, None, None, None]:
        columns_RBW, rows_RBH = ctx.saved_tensors
        channels, height, width = ctx.shape[1:]
        grad = grad_RBCB.contiguous().flatten(1, 2)
        grad_NSW = grad.new_zeros(ctx.shape[0], channels * height, width)
        for picture, part in ctx.parts:
            of_columns = (grad[part] @ rows_RBH[part]).view(-1, channels * height)
            grad_NSW[picture].addmm_(of_columns.t(), columns_RBW[part].reshape(-1, width))
        return grad_NSW.view(ctx.shape), None, None, None


def _weights(start_R: Tensor, side_R: Tensor, size: int, *, bins: int, samples: int) -> Tensor:
    """Returns the share of each of `size` map pixels in each bin along one side, (R, B, size).

    A sample lies between two pixels, whose shares fall by its distance. Samples up to one pixel outside count
    as on the border, those farther out as zero.
    """
    steps_S = torch.arange(bins * samples, dtype=start_R.dtype, device=start_R.device) + 0.5
    at_RS = start_R[:, None] + side_R[:, None] * (steps_S / (bins * samples))
    is_near_RS = (at_RS >= -1) & (at_RS <= size)
    pixels_P = torch.arange(size, dtype=start_R.dtype, device=start_R.device)
    shares_RSP = (1 - (at_RS.clamp(0, size - 1)[:, :, None] - pixels_P).abs()).clamp_(min=0)
    shares_RSP *= is_near_RS[:, :, None]
    return shares_RSP.view(len(start_R), bins, samples, size).mean(2)
