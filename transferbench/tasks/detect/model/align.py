"""RoIAlign: bilinear samples of a map on a grid in each box, averaged over bins.

Dimension key: N images, C channels, H x W map pixels, R boxes, B bins along a side, S samples along a side.
Boxes: (x_min, y_min, x_max, y_max), absolute pixels of the resized picture.

torchvision's operator is fast forwards. Backwards it works on one thread of a processor, channel by channel,
and on an accelerator adds up in no order. So what is trained is cut out in one of two other ways, which give
the same numbers, and the same digits each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import roi_align
from torchvision.ops.poolers import initLevelMapper

_LARGEST = 150
"""Map pixels for each bin along a side up to which products beat bags, whose cost does not grow with the map.
Measured on one thread with 64 to 256 channels, forwards and backwards: at 77 products are 3.1 times as fast
as torchvision and bags 1.9 times, at 270 2.1 and 2.9 times, at 4,300 0.4 and 2.6 times."""


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

    def groups(self, boxes_R4: Tensor, picture_R: Tensor, pictures: int) -> Tensor:
        """Returns a number for each box that tells map and picture: boxes ordered by it are cut faster.

        Args:
            boxes_R4: of all pictures.
            picture_R: index of the picture of each box.
            pictures: N.
        """
        if len(self.scales) == 1:
            return picture_R
        level_R: Tensor = self._levels_of([boxes_R4])
        return level_R * pictures + picture_R

    def forward(self, maps: Sequence[Tensor], boxes_R4: Tensor, picture_R: Tensor) -> Tensor:
        """Returns what the boxes hold, (R, C, B, B).

        Args:
            maps: maps_NCHW of each stride; more may follow.
            boxes_R4: of all pictures.
            picture_R: index of the picture of each box.
        """
        maps, pictures = maps[: len(self.scales)], len(maps[0])
        group_R = self.groups(boxes_R4, picture_R, pictures)
        is_ordered = (group_R[1:] >= group_R[:-1]).all()
        found = torch.cat(
            [torch.bincount(group_R, minlength=len(maps) * pictures), is_ordered[None]]
        ).tolist()
        counts = [found[first : first + pictures] for first in range(0, len(maps) * pictures, pictures)]
        if found[-1]:
            return self._ordered(maps, boxes_R4, picture_R, counts)
        order_R = group_R.argsort(stable=True)
        pooled = self._ordered(maps, boxes_R4[order_R], picture_R[order_R], counts)
        return pooled.index_select(0, order_R.argsort())

    def _ordered(
        self, maps: Sequence[Tensor], boxes_R4: Tensor, picture_R: Tensor, counts: list[list[int]]
    ) -> Tensor:
        """Returns what boxes hold that are ordered by map and picture, so many of each for each map."""
        sizes = [sum(of_level) for of_level in counts]
        parts = zip(torch.split(boxes_R4, sizes), torch.split(picture_R, sizes), strict=True)
        pooled = [
            self._pooled(map_NCHW, boxes_L4 * scale, picture_L, of_level)
            for map_NCHW, scale, (boxes_L4, picture_L), of_level in zip(
                maps, self.scales, parts, counts, strict=True
            )
            if len(boxes_L4) > 0
        ]
        if not pooled:
            return maps[0].new_zeros(0, maps[0].shape[1], self.bins, self.bins)
        return torch.cat(pooled) if len(pooled) > 1 else pooled[0]

    def _pooled(self, map_NCHW: Tensor, boxes_R4: Tensor, picture_R: Tensor, counts: list[int]) -> Tensor:
        """Returns what boxes hold of one map.

        Args:
            map_NCHW: the map.
            boxes_R4: in map pixels, ordered by picture.
            picture_R: index of the picture of each box.
            counts: of boxes of each picture.
        """
        boxes_R4 = boxes_R4.to(map_NCHW.dtype)
        if self.samples == 0 or not (torch.is_grad_enabled() and map_NCHW.requires_grad):
            rois_R5 = torch.cat([picture_R[:, None].to(boxes_R4.dtype), boxes_R4], 1)
            return roi_align(  # type: ignore[no-any-return]
                map_NCHW, rois_R5, self.bins, 1.0, self.samples, self.is_aligned
            )
        grid = Grid(boxes_R4, bins=self.bins, samples=self.samples, is_aligned=self.is_aligned)
        if map_NCHW.shape[2] * map_NCHW.shape[3] > _LARGEST * self.bins:
            return by_bags(map_NCHW, grid, picture_R)
        with torch.autocast(map_NCHW.device.type, enabled=False):
            return by_products(map_NCHW, grid, counts)


@dataclass(frozen=True)
class Grid:
    """Where the samples of boxes lie."""

    boxes_R4: Tensor
    """In map pixels."""
    bins: int
    samples: int
    is_aligned: bool

    def along(self, axis: int, size: int) -> tuple[Tensor, Tensor]:
        """Returns the places of samples along one side, within the map, and their shares, both (R, B, S).

        Samples up to one pixel outside count as on the border, those farther out not at all.

        Args:
            axis: 0 for x, 1 for y.
            size: of the map, in pixels.
        """
        start_R, end_R = self.boxes_R4[:, axis], self.boxes_R4[:, axis + 2]
        side_R = end_R - start_R if self.is_aligned else (end_R - start_R).clamp(min=1)
        count = self.bins * self.samples
        share_S = (torch.arange(count, dtype=start_R.dtype, device=start_R.device) + 0.5) / count
        at_RS = (start_R - 0.5 * self.is_aligned)[:, None] + side_R[:, None] * share_S
        is_near_RS = (at_RS >= -1) & (at_RS <= size)
        shape = (len(start_R), self.bins, self.samples)
        return at_RS.clamp(0, size - 1).view(shape), (is_near_RS.to(at_RS.dtype) / self.samples).view(shape)


def by_bags(map_NCHW: Tensor, grid: Grid, picture_R: Tensor) -> Tensor:
    """Returns what boxes hold of a map, (R, C, B, B): each bin is a sum of weighted pixels.

    Args:
        map_NCHW: the map.
        grid: of the boxes.
        picture_R: index of the picture of each box.
    """
    _, channels, height, width = map_NCHW.shape
    (x_RBT, of_x_RBT), (y_RBT, of_y_RBT) = _taps(grid, 0, width), _taps(grid, 1, height)
    rows = (picture_R[:, None, None] * height + y_RBT)[:, :, None, :, None]
    pixels = rows * width + x_RBT[:, None, :, None, :]
    shares = of_y_RBT[:, :, None, :, None] * of_x_RBT[:, None, :, None, :]
    pixels_PC = map_NCHW.permute(0, 2, 3, 1).reshape(-1, channels)
    pooled = F.embedding_bag(
        pixels.flatten(0, 2).flatten(1),
        pixels_PC,
        mode="sum",
        per_sample_weights=shares.flatten(0, 2).flatten(1),
    )
    return pooled.view(-1, grid.bins, grid.bins, channels).permute(0, 3, 1, 2)


def _taps(grid: Grid, axis: int, size: int) -> tuple[Tensor, Tensor]:
    """Returns the pixels on both sides of each sample, and their shares, both (R, B, 2 S)."""
    at_RBS, share_RBS = grid.along(axis, size)
    first_RBS = at_RBS.floor()
    rest_RBS = at_RBS - first_RBS
    pixels = torch.stack([first_RBS, (first_RBS + 1).clamp(max=size - 1)], 3).long()
    shares = torch.stack([1 - rest_RBS, rest_RBS], 3) * share_RBS[..., None]
    return pixels.flatten(2), shares.flatten(2)


def by_products(map_NCHW: Tensor, grid: Grid, counts: list[int]) -> Tensor:
    """Returns what boxes hold of a map, (R, C, B, B), as `rows_BH @ map_HW @ columns_BW.T`.

    That a grid is regular makes the weights of its samples a product of those of rows and of columns.

    Args:
        map_NCHW: the map.
        grid: of the boxes, ordered by picture.
        counts: of boxes of each picture.
    """
    columns_RBW = _weights(grid, 0, map_NCHW.shape[3])
    rows_RBH = _weights(grid, 1, map_NCHW.shape[2])
    parts = [slice(*ends) for ends in pairwise([0, *accumulate(counts)])]
    pooled_RBCB: Tensor = _Products.apply(map_NCHW, columns_RBW, rows_RBH, parts)  # type: ignore[no-untyped-call]
    return pooled_RBCB.permute(0, 2, 3, 1)


def _weights(grid: Grid, axis: int, size: int) -> Tensor:
    """Returns the weight of each of P = `size` pixels in each bin along one side, (R, B, P)."""
    at_RBS, share_RBS = grid.along(axis, size)
    pixels_P = torch.arange(size, dtype=at_RBS.dtype, device=at_RBS.device)
    near_RBSP = (1 - (at_RBS[..., None] - pixels_P).abs()).clamp_(min=0)
    return near_RBSP.mul_(share_RBS[..., None]).sum(2)


class _Products(torch.autograd.Function):
    """Products picture by picture: (R, B along x, C, B along y).

    torch's own backward pass gives the same, but makes and joins a tensor for each picture.
    """

    @staticmethod
    def forward(
        ctx: Any, map_NCHW: Tensor, columns_RBW: Tensor, rows_RBH: Tensor, parts: list[slice]
    ) -> Tensor:
        ctx.save_for_backward(columns_RBW, rows_RBH)
        ctx.shape, ctx.parts = map_NCHW.shape, parts
        channels, height, width = map_NCHW.shape[1:]
        boxes, bins, _ = rows_RBH.shape
        pooled = map_NCHW.new_empty(boxes, bins * channels, bins)
        for map_CHW, part in zip(map_NCHW, parts, strict=True):
            of_columns = columns_RBW[part].flatten(0, 1) @ map_CHW.reshape(-1, width).t()
            of_columns = of_columns.view(-1, bins * channels, height)
            torch.bmm(of_columns, rows_RBH[part].transpose(1, 2), out=pooled[part])
        return pooled.view(boxes, bins, channels, bins)

    @staticmethod
    def backward(ctx: Any, grad_RBCB: Tensor) -> tuple[Tensor, None, None, None]:
        columns_RBW, rows_RBH = ctx.saved_tensors
        pictures, channels, height, width = ctx.shape
        grad = grad_RBCB.contiguous().flatten(1, 2)
        grad_NQW = grad.new_empty(pictures, channels * height, width)
        for grad_QW, part in zip(grad_NQW, ctx.parts, strict=True):
            of_columns = (grad[part] @ rows_RBH[part]).view(-1, channels * height)
            torch.mm(of_columns.t(), columns_RBW[part].flatten(0, 1), out=grad_QW)
        return grad_NQW.view(ctx.shape), None, None, None
