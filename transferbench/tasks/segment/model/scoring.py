"""The labels of whole pictures, at a single scale and at several.

Dimension key: N pictures, 3 colours, K classes, H x W pixels of the picture, h x w steps or pixels of a map.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, pad

from transferbench.tasks.segment.model.fcn import pixels_of
from transferbench.tasks.segment.model.loss import at_least_float32
from transferbench.tasks.segment.model.upsample import likeliest, likeliest_of_all, upsampled
from transferbench.tasks.segment.scale import factor_to
from transferbench.tasks.segment.settings import MultiScale, SegmentProtocol, Side

_WINDOWS = 8
"""That go through the network together, each with its mirror image."""
_LARGEST_EXPONENT = 80.0
"""Of a single-precision number, and some room for sums."""
_TILE_SHARE = 2 / 3


def single_scale(model: nn.Module, images_N3HW: Tensor, protocol: SegmentProtocol) -> Tensor:
    """Returns the labels (N, H, W), uint8, of pictures at one scale.

    Args:
        model: in evaluation mode.
        images_N3HW: uint8, at their own size.
        protocol: says which scale that is, and what is too large for the network at once.
    """
    size = images_N3HW.shape[2], images_N3HW.shape[3]
    pixels = pixels_of(model, images_N3HW, protocol)
    if protocol.short_side is not None:
        pixels = _resized(pixels, _size_of(size, "short", protocol.short_side, protocol.longest_side))
    if max(pixels.shape[2:]) <= protocol.tile:
        return _labels(model, pixels, size, protocol)
    tiled = torch.stack([_tiled(model, picture, protocol) for picture in pixels])
    return interpolate(tiled[:, None], size, mode="nearest-exact")[:, 0]


def multi_scale(model: nn.Module, image_3HW: Tensor, protocol: SegmentProtocol) -> Tensor:
    """Returns the labels (H, W), uint8, of a picture at all scales of a protocol together.

    Each size is worked off in windows, if the protocol says so, whose answers are averaged where they
    overlap. What a window, or a picture smaller than one, does not fill is black.

    Args:
        model: in evaluation mode.
        image_3HW: uint8, at its own size.
        protocol: with `multi_scale`.

    Source:
        GluonCV's MultiEvalModel for windows and `exp`.
    """
    scales = protocol.multi_scale
    assert scales is not None
    size = image_3HW.shape[1], image_3HW.shape[2]
    pixels = pixels_of(model, image_3HW[None], protocol)
    combined = _Combined(model, scales, is_aligned=protocol.head.aligns_corners)
    maps = []
    for scale in scales.scales:
        length, longest = (side and math.ceil(side * scale) for side in (scales.base_size, scales.longest))
        assert length is not None
        maps.append(combined.map_of(_resized(pixels, _size_of(size, scales.side, length, longest))))
    return likeliest_of_all(maps, size, is_aligned=protocol.head.aligns_corners)


class _Combined:
    """What the network makes of one picture at several sizes, in quantities that can be added up."""

    def __init__(self, model: nn.Module, scales: MultiScale, *, is_aligned: bool) -> None:
        self._model = model
        self._scales = scales
        self._is_aligned = is_aligned
        self._usual: Tensor | None = None
        """The largest sum of logits of a usual pixel, at the first size. It is taken off all of them, so that
        the exponentials of neither the surest nor the least sure pixel leave the range of their type."""

    def map_of(self, pixels_13hw: Tensor) -> Tensor:
        """Returns the quantity (h, w, K) of each pixel of the picture at one size."""
        height, width = pixels_13hw.shape[2:]
        window = self._scales.window
        if window is None:
            return next(self._answers(pixels_13hw))
        tops, lefts = (_starts(side, window, int(window * self._scales.stride)) for side in (height, width))
        places = [(top, left) for top in tops for left in lefts]
        canvas = pad(pixels_13hw, (0, lefts[-1] + window - width, 0, tops[-1] + window - height))
        windows = [canvas[..., top : top + window, left : left + window] for top, left in places]
        total, count = None, canvas.new_zeros(*canvas.shape[2:], 1)
        for few in range(0, len(windows), _WINDOWS):
            answers = self._answers(torch.cat(windows[few : few + _WINDOWS]))
            for (top, left), answer in zip(places[few : few + _WINDOWS], answers, strict=True):
                total = answer.new_zeros(*canvas.shape[2:], answer.shape[2]) if total is None else total
                total[top : top + window, left : left + window] += answer
                count[top : top + window, left : left + window] += 1
        assert total is not None
        return total[:height, :width] / count[:height, :width]

    def _answers(self, pixels_N3hw: Tensor) -> Iterator[Tensor]:
        """Yields the quantity (h, w, K) of each of some pictures of one size."""
        both = torch.cat([pixels_N3hw, pixels_N3hw.flip(3)]) if self._scales.flip else pixels_N3hw
        logits, _ = self._model(both)
        views = at_least_float32(logits).chunk(2 if self._scales.flip else 1)
        views = (views[0], *(mirrored.flip(3) for mirrored in views[1:]))
        if self._scales.combine == "softmax":
            for of_picture in zip(*views, strict=True):
                total, *others = (self._upsampled(one, pixels_N3hw).softmax(-1) for one in of_picture)
                yield total.add_(others[0]) if others else total
            return
        summed = torch.stack(views).sum(0)
        self._usual = summed.amax(1).mean() if self._usual is None else self._usual
        for one in summed:
            exponents = self._upsampled(one, pixels_N3hw).sub_(self._usual)
            yield exponents.clamp_(max=_LARGEST_EXPONENT).exp_()

    def _upsampled(self, logits_Khw: Tensor, like: Tensor) -> Tensor:
        size = like.shape[2], like.shape[3]
        return upsampled(logits_Khw[None], size, is_aligned=self._is_aligned)[0]


def _labels(
    model: nn.Module, pixels_N3hw: Tensor, size: tuple[int, int], protocol: SegmentProtocol
) -> Tensor:
    logits, _ = model(pixels_N3hw)
    is_aligned = protocol.head.aligns_corners
    return torch.stack([likeliest(one, size, is_aligned=is_aligned) for one in at_least_float32(logits)])


def _tiled(model: nn.Module, pixels_3hw: Tensor, protocol: SegmentProtocol) -> Tensor:
    """Returns the labels (h, w) of a large picture, each from the tile in whose middle it lies."""
    labels_hw = torch.empty(pixels_3hw.shape[1:], dtype=torch.uint8, device=pixels_3hw.device)
    rows, columns = (_tiles(side, protocol.tile) for side in pixels_3hw.shape[1:])
    for tile_rows, kept_rows in rows:
        for tile_columns, kept_columns in columns:
            tile = pixels_3hw[None, :, tile_rows, tile_columns]
            answer = _labels(model, tile, (tile.shape[2], tile.shape[3]), protocol)[0]
            down, across = kept_rows.start - tile_rows.start, kept_columns.start - tile_columns.start
            labels_hw[kept_rows, kept_columns] = answer[down:, across:][
                : kept_rows.stop - kept_rows.start, : kept_columns.stop - kept_columns.start
            ]
    return labels_hw


def _tiles(side: int, tile: int) -> list[tuple[slice, slice]]:
    """Returns where tiles lie along a side and what is kept of each: to the middle of each overlap."""
    tile = min(side, tile)
    steps = math.ceil((side - tile) / max(1, int(tile * _TILE_SHARE)))
    starts = [round(index * (side - tile) / max(1, steps)) for index in range(steps + 1)]
    borders = [0, *((left + right + tile) // 2 for left, right in pairwise(starts)), side]
    return [
        (slice(start, start + tile), slice(*kept))
        for start, kept in zip(starts, pairwise(borders), strict=True)
    ]


def _starts(side: int, window: int, stride: int) -> list[int]:
    """Returns where windows begin, the last of which may reach out."""
    return [index * stride for index in range(max(0, math.ceil((side - window) / stride)) + 1)]


def _size_of(size: tuple[int, int], side: Side, length: int, longest: int | None) -> tuple[int, int]:
    """Returns height and width of a picture whose long or short side is brought to a length, or near it."""
    factor = factor_to(size, side, length, longest)
    height, width = (max(1, math.floor(each * factor + 0.5)) for each in size)
    return height, width


def _resized(pixels_N3hw: Tensor, size: tuple[int, int]) -> Tensor:
    """Returns pictures in another size, each pixel the mean of all that it covers, as for training."""
    if pixels_N3hw.shape[2:] == size:
        return pixels_N3hw
    return interpolate(pixels_N3hw, size, mode="bilinear", antialias=True)
