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
    first, second = boxes_T4[..., :, None, :], others_R4[..., None, :, :]
    shared = (
        torch.minimum(first[..., 2], second[..., 2]) - torch.maximum(first[..., 0], second[..., 0])
    ).clamp_(min=0)
    shared *= (
        torch.minimum(first[..., 3], second[..., 3]) - torch.maximum(first[..., 1], second[..., 1])
    ).clamp_(min=0)
    return shared / (_areas(first) + _areas(second) - shared)


def _areas(boxes: Tensor) -> Tensor:
    return (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])


def _centres_and_sides(boxes: Tensor) -> tuple[Tensor, Tensor]:
    sides = boxes[..., 2:] - boxes[..., :2]
    return boxes[..., :2] + 0.5 * sides, sides
