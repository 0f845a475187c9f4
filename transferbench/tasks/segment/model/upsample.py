"""Logits of a map's steps brought to pixels, bilinear between the steps.

Dimension key: N pictures, K classes, H x W pixels, h x w steps of a map.
Convention: where corners are aligned, the corner steps lie on the corner pixels; otherwise each step lies in
the middle of the pixels that it stands for, and the border repeats the last.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import interpolate

_BAND_ROWS = 32


def upsampled(
    logits_NKhw: Tensor, size: tuple[int, int], *, every: int = 1, is_aligned: bool = True
) -> Tensor:
    """Returns logits (N, H, W, K) of all pixels.

    This is torch's `interpolate(..., mode="bilinear")`, written as two products of matrices with the classes
    last: the same numbers in a third of the time on a CPU, and on a GPU, where torch's own gradient depends
    on the order of threads, the same ones each time.

    Args:
        logits_NKhw: at the stride of the head.
        size: H and W in pixels.
        every: n for every n-th pixel of every n-th row, from the first.
        is_aligned: whether corners are.
    """
    batch, classes, height, width = logits_NKhw.shape
    columns, rows = (
        shares(logits_NKhw, steps, pixels, is_aligned=is_aligned)[::every]
        for steps, pixels in ((width, size[1]), (height, size[0]))
    )
    across = columns @ logits_NKhw.permute(0, 2, 3, 1)
    down = rows @ across.reshape(batch, height, len(columns) * classes)
    return down.reshape(batch, len(rows), len(columns), classes)


def likeliest(logits_Khw: Tensor, size: tuple[int, int], *, is_aligned: bool = True) -> Tensor:
    """Returns the class of the largest logit of each pixel of one picture, (H, W) uint8.

    Works in bands of rows, so that logits of all pixels are never there at once.
    """
    height, width = size
    classes, steps = logits_Khw.shape[:2]
    across = shares(logits_Khw, logits_Khw.shape[2], width, is_aligned=is_aligned) @ logits_Khw.permute(
        1, 2, 0
    )
    rows_Hh = shares(logits_Khw, steps, height, is_aligned=is_aligned)
    labels_HW = torch.empty(size, dtype=torch.uint8, device=logits_Khw.device)
    for top, bottom in bands(height):
        first, last = _reach(steps, height, (top, bottom), is_aligned=is_aligned)
        band = rows_Hh[top:bottom, first:last] @ across[first:last].flatten(1)
        labels_HW[top:bottom] = band.reshape(-1, width, classes).argmax(-1)
    return labels_HW


def likeliest_of_all(maps: Sequence[Tensor], size: tuple[int, int], *, is_aligned: bool = True) -> Tensor:
    """Returns the class of the largest sum over several maps for each pixel of one picture, (H, W) uint8.

    Args:
        maps: each (h, w, K), about as large as the picture or larger; brought to its size in bands of rows.
        size: H and W in pixels.
        is_aligned: whether corners are.
    """
    height, width = size
    labels_HW = torch.empty(size, dtype=torch.uint8, device=maps[0].device)
    taps = [
        [_taps(map_hwK, map_hwK.shape[d], size[d], is_aligned=is_aligned) for d in (0, 1)] for map_hwK in maps
    ]
    for top, bottom in bands(height):
        total = torch.zeros(bottom - top, width, maps[0].shape[2], device=maps[0].device, dtype=maps[0].dtype)
        for map_hwK, ((upper, lower, down), (left, right, across)) in zip(maps, taps, strict=True):
            rows = torch.lerp(
                map_hwK[upper[top:bottom]], map_hwK[lower[top:bottom]], down[top:bottom, None, None]
            )
            total += torch.lerp(rows[:, left], rows[:, right], across[:, None])
        labels_HW[top:bottom] = total.argmax(-1)
    return labels_HW


def bands(height: int, rows: int = _BAND_ROWS) -> list[tuple[int, int]]:
    """Returns first row and row after the last of bands that make up a height."""
    return [(top, min(top + rows, height)) for top in range(0, height, rows)]


def shares(like: Tensor, steps: int, pixels: int, *, is_aligned: bool) -> Tensor:
    """Returns the share (pixels, steps) of each step in each pixel of a line, of the type of `like`."""
    unit = torch.eye(steps, dtype=like.dtype, device=like.device)
    return interpolate(unit[None], size=pixels, mode="linear", align_corners=is_aligned)[0].T


def _place(steps: int, pixels: int, pixel: int, *, is_aligned: bool) -> float:
    """Returns where among the steps a pixel lies."""
    if is_aligned:
        return pixel * (steps - 1) / max(pixels - 1, 1)
    return min(max((pixel + 0.5) * steps / pixels - 0.5, 0.0), steps - 1.0)


def _reach(steps: int, pixels: int, band: tuple[int, int], *, is_aligned: bool) -> tuple[int, int]:
    """Returns the first step that a band of pixels takes from and the one after the last.

    One more at either end, for places that rounding puts on the other side of a step.
    """
    first, last = (
        math.floor(_place(steps, pixels, pixel, is_aligned=is_aligned)) for pixel in (band[0], band[1] - 1)
    )
    return max(first - 1, 0), min(last + 3, steps)


def _taps(like: Tensor, steps: int, pixels: int, *, is_aligned: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Returns the step before each pixel of a line, the one after, and how near it is to the latter."""
    each = [_place(steps, pixels, pixel, is_aligned=is_aligned) for pixel in range(pixels)]
    places = torch.tensor(each, dtype=torch.float64)
    before = places.floor().clamp(max=max(steps - 2, 0))
    near = (places - before).to(like)
    before = before.long().to(like.device)
    return before, (before + 1).clamp(max=steps - 1), near
