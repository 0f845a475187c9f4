"""What a backbone costs: parameters and multiply-adds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import torch
from torch.utils.flop_counter import FlopCounterMode

from transferbench.backbones.base import Backbone
from transferbench.backbones.catalog import BACKBONES, create, spec_of

CLASSES = 1_000
"""Of the linear classifier that counts are published with."""


@dataclass(frozen=True)
class Cost:
    """For one picture, with a linear classifier of 1,000 classes on the pooled last map."""

    parameters: int
    macs: int
    """Multiply-adds of convolutions and linear layers; nothing else counts, as in the papers."""
    shapes: tuple[tuple[int, ...], ...]
    """Channels, height and width of each map, finest first."""


def cost_of(name: str, side: int = 224) -> Cost:
    """Returns the cost of a backbone for a square picture.

    Args:
        name: in the catalog, or `timm:NAME`.
        side: of the picture, in pixels.

    Raises:
        WeightsError: no backbone has that name.
        ValueError: the picture is too small for the backbone.

    Source:
        He et al. 2019, table 5, counts in the same way.
    """
    return costs_of(name, [side])[0]


def costs_of(name: str, sides: Sequence[int]) -> list[Cost]:
    """Returns the cost of a backbone for square pictures of each size, see `cost_of`."""
    layout = spec_of(name).layout
    # Some entries are one network under two names.
    first = next((each for each, spec in BACKBONES.items() if spec.layout == layout), name)
    return list(_costs(first, tuple(sides)))


def macs_of(backbone: Backbone, size: tuple[int, int]) -> int:
    """Returns the multiply-adds of a backbone as it was built, its classifier left out; it stays as it is.

    Args:
        backbone: on any device; its output stride and its heads count as they are.
        size: height and width of the one picture, in pixels.
    """
    was_training = backbone.training
    first = next(backbone.parameters())
    try:
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            backbone.eval()(torch.zeros(1, 3, *size, dtype=first.dtype, device=first.device))
    finally:
        backbone.train(was_training)
    return int(counter.get_total_flops()) // 2


@cache
def _costs(name: str, sides: tuple[int, ...]) -> tuple[Cost, ...]:
    # No number is computed but by timm's networks, not all of which can do without.
    with torch.device("cpu" if spec_of(name).layout.family == "timm" else "meta"), torch.no_grad():
        backbone = create(name).eval()
        parameters = sum(parameter.numel() for parameter in backbone.parameters())
        weights = CLASSES * backbone.channels[-1]
        costs = []
        for side in sides:
            with FlopCounterMode(display=False) as counter:
                maps = backbone(torch.zeros(1, 3, side, side))
            macs = counter.get_total_flops() // 2
            shapes = tuple(tuple(map_NCHW.shape[1:]) for map_NCHW in maps)
            costs.append(Cost(parameters + weights + CLASSES, macs + weights, shapes))
        return tuple(costs)
