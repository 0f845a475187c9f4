"""Boxes as shifts from other boxes, and back.

Boxes: (x_min, y_min, x_max, y_max) in the last dimension, whatever those before it are.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

Weights = tuple[float, float]
"""One over the standard deviations of shifts of the centre and of the logarithm of the sides."""

_LARGEST_GROWTH = math.log(1000 / 16)
"""Of a side, so that its exponential stays finite, as in torchvision."""


def encode(boxes: Tensor, references: Tensor, weights: Weights) -> Tensor:
    """Returns the shifts (x, y, width, height) from references to boxes, in standard deviations.

    Source:
        Girshick et al. 2014, appendix C.
    """
    centres, sides = _centres_and_sides(boxes)
    old_centres, old_sides = _centres_and_sides(references)
    moved = (centres - old_centres) / old_sides * weights[0]
    return torch.cat([moved, (sides / old_sides).log() * weights[1]], -1)


def decode(shifts: Tensor, references: Tensor, weights: Weights) -> Tensor:
    """Returns the boxes that lie at these shifts from references; see `encode`."""
    centres, sides = _centres_and_sides(references)
    centres = centres + shifts[..., :2] / weights[0] * sides
    halves = (shifts[..., 2:] / weights[1]).clamp(max=_LARGEST_GROWTH).exp() * sides * 0.5
    return torch.cat([centres - halves, centres + halves], -1)


def clip(boxes: Tensor, sizes: Tensor) -> Tensor:
    """Returns what lies within pictures of `sizes` (height, width), which may have a dimension for boxes."""
    largest = sizes.flip(-1).to(boxes.dtype)
    return torch.minimum(boxes.clamp(min=0), torch.cat([largest, largest], -1))


def overlap(boxes_T4: Tensor, others_R4: Tensor) -> Tensor:
    """Returns intersection over union of each box with each other, (..., T, R)."""
    # Coordinate by coordinate, each in one piece, which is what vector instructions need.
    left_T1, top_T1, right_T1, bottom_T1 = boxes_T4.movedim(-1, 0).unsqueeze(-1).contiguous()
    left_1R, top_1R, right_1R, bottom_1R = others_R4.movedim(-1, 0).unsqueeze(-2).contiguous()
    shared_TR = (torch.minimum(right_T1, right_1R) - torch.maximum(left_T1, left_1R)).clamp_(min=0)
    shared_TR *= (torch.minimum(bottom_T1, bottom_1R) - torch.maximum(top_T1, top_1R)).clamp_(min=0)
    area_T1 = (right_T1 - left_T1) * (bottom_T1 - top_T1)
    area_1R = (right_1R - left_1R) * (bottom_1R - top_1R)
    overlap_TR: Tensor = shared_TR / (area_T1 + area_1R - shared_TR)
    return overlap_TR


def _centres_and_sides(boxes: Tensor) -> tuple[Tensor, Tensor]:
    sides = boxes[..., 2:] - boxes[..., :2]
    return boxes[..., :2] + 0.5 * sides, sides
