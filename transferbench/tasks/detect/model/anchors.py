"""Anchors: boxes of fixed sizes and shapes around the pixels of a map.

Dimension key: A anchors of a place, or of all places.
Boxes: (x_min, y_min, x_max, y_max), absolute pixels of the resized picture, right and bottom edges exclusive.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from transferbench.tasks.detect.settings import AnchorForm


def cell_anchors(form: AnchorForm, sizes: Sequence[float], ratios: Sequence[float], stride: int) -> Tensor:
    """Returns the anchors of a map's first place, (A, 4), ratio by ratio.

    Args:
        form: see the setting.
        sizes: square roots of the areas, in pixels.
        ratios: height over width.
        stride: of the map, in pixels.

    Source:
        torchvision's AnchorGenerator; GluonCV's RPNAnchorGenerator, which rounds the sides of a box as large
        as the stride and takes multiples of them, with inclusive edges; Detectron2's DefaultAnchorGenerator.
    """
    size_S = torch.tensor(sizes, dtype=torch.float64)
    ratio_R1 = torch.tensor(ratios, dtype=torch.float64)[:, None]
    if form == "released":
        base_R1 = (stride / ratio_R1.sqrt()).round()
        width, height = base_R1 * (size_S / stride), (base_R1 * ratio_R1).round() * (size_S / stride)
    else:
        width, height = size_S / ratio_R1.sqrt(), size_S * ratio_R1.sqrt()
    half_A2 = torch.stack([width.flatten(), height.flatten()], 1) / 2
    if form == "torchvision":
        half_A2 = half_A2.round()
    centre = stride / 2 if form == "released" else 0
    return torch.cat([centre - half_A2, centre + half_A2], 1)


def grid_anchors(cells_A4: Tensor, places: tuple[int, int], steps: tuple[int, int]) -> Tensor:
    """Returns the anchors of all places of a map, row by row, (A, 4).

    Args:
        cells_A4: of its first place.
        places: rows and columns of the map.
        steps: pixels from one row, and from one column, to the next.
    """
    y_H, x_W = (
        torch.arange(count, dtype=cells_A4.dtype, device=cells_A4.device) * step
        for count, step in zip(places, steps, strict=True)
    )
    y_HW, x_HW = torch.meshgrid(y_H, x_W, indexing="ij")
    shifts_P4 = torch.stack([x_HW, y_HW, x_HW, y_HW], -1).view(-1, 1, 4)
    return (shifts_P4 + cells_A4).view(-1, 4)
