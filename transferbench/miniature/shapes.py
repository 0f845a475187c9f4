"""The 24 silhouettes: outlines in a disc of radius 1, x to the right and y down.

No two are alike when turned, mirrored or squeezed a little, so that a class is known by its shape alone.

Dimension key: K points of an outline.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np

Points = list[tuple[float, float]]


class Outline(NamedTuple):
    """A closed polygon that is filled, or cut out of what was filled before it."""

    points_K2: np.ndarray
    is_solid: bool = True


@cache
def silhouette(name: str) -> tuple[Outline, ...]:
    """Returns the outlines of a class in the order they are painted; the farthest point is at radius 1.

    Raises:
        KeyError: no class of this name.
    """
    outlines = [_outline(part) for part in _SHAPES[name]()]
    solid = np.concatenate([outline.points_K2 for outline in outlines if outline.is_solid])
    centre = (solid.min(axis=0) + solid.max(axis=0)) / 2
    radius = float(np.hypot(*(solid - centre).T).max())
    return tuple(Outline((points - centre) / radius, is_solid) for points, is_solid in outlines)


def _outline(part: Points | Hole) -> Outline:
    if isinstance(part, Hole):
        return Outline(np.array(part.points), is_solid=False)
    return Outline(np.array(part))


class Hole(NamedTuple):
    """A polygon that is cut out."""

    points: Points


Parts = list[Points | Hole]


def _arc(x: float, y: float, radius: float, *, start: float = 0, end: float = 360) -> Points:
    turns = np.deg2rad(np.linspace(start, end, max(8, round(abs(end - start) / 9)) + 1))
    return list(zip(x + radius * np.cos(turns), y + radius * np.sin(turns), strict=True))


def _bar(left: float, top: float, right: float, bottom: float) -> Points:
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def _star(points: int, inner: float) -> Points:
    turns = np.arange(2 * points) * np.pi / points - np.pi / 2
    radii = np.where(np.arange(2 * points) % 2, inner, 1.0)
    return list(zip(radii * np.cos(turns), radii * np.sin(turns), strict=True))


def _cross() -> Parts:
    return [_bar(-0.3, -1, 0.3, 1), _bar(-1, -0.3, 1, 0.3)]


def _heart() -> Parts:
    t = np.linspace(0, 2 * np.pi, 49)
    x = 16 * np.sin(t) ** 3
    y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))
    return [list(zip(x, y, strict=True))]


def _crescent() -> Parts:
    return [_arc(0, 0, 1, start=55, end=305) + _arc(0.42, 0, 0.83, start=278, end=82)]


def _arrow() -> Parts:
    return [[(1, 0), (0.1, 0.8), (0.1, 0.24), (-1, 0.24), (-1, -0.24), (0.1, -0.24), (0.1, -0.8)]]


def _gear() -> Parts:
    turns = np.deg2rad(np.arange(32) * 11.25)
    radii = np.tile([1.0, 1.0, 0.72, 0.72], 8)
    teeth = list(zip(radii * np.cos(turns), radii * np.sin(turns), strict=True))
    return [teeth, Hole(_arc(0, 0, 0.3))]


def _drop() -> Parts:
    return [[(0, -1.25), *_arc(0, 0.3, 0.7, start=-28, end=208)]]


def _lightning() -> Parts:
    return [[(0.35, -1), (-0.55, 0.12), (-0.08, 0.12), (-0.35, 1), (0.6, -0.22), (0.1, -0.22), (0.75, -1)]]


def _key() -> Parts:
    head: Parts = [_arc(-0.58, 0, 0.46), Hole(_arc(-0.58, 0, 0.2))]
    return [*head, _bar(-0.15, -0.13, 1, 0.13), _bar(0.38, 0, 0.58, 0.42), _bar(0.78, 0, 1, 0.42)]


def _fish() -> Parts:
    back = _arc(-0.25, 0.55, 0.95, start=-145, end=-38)
    belly = _arc(-0.25, -0.55, 0.95, start=38, end=145)
    return [back + belly, [(0.25, 0), (1, -0.6), (0.8, 0), (1, 0.6)], Hole(_arc(-0.68, -0.1, 0.09))]


def _clover() -> Parts:
    leaves = [_arc(0.5 * np.sin(turn), -0.5 * np.cos(turn), 0.44) for turn in np.deg2rad([0, 115, 245])]
    return [*leaves, [(-0.09, 0), (0.09, 0), (0.2, 1.05), (-0.2, 1.05)]]


def _comb() -> Parts:
    return [_bar(-1, -0.62, 1, -0.22), *(_bar(x, -0.3, x + 0.26, 0.7) for x in (-1, -0.42, 0.16, 0.74))]


def _wedge() -> Parts:
    return [[(0, 0), *_arc(0, 0, 1, start=45, end=315)]]


def _mug() -> Parts:
    return [_arc(0.35, 0, 0.6), Hole(_arc(0.35, 0, 0.34)), _bar(-0.75, -0.85, 0.3, 0.85)]


def _barbell() -> Parts:
    return [_arc(-0.64, 0, 0.4), _arc(0.64, 0, 0.4), _bar(-0.7, -0.13, 0.7, 0.13)]


def _spiral() -> Parts:
    t = np.linspace(0, 3.4 * np.pi, 60)
    middle = 0.12 + 0.075 * t
    outer = list(zip((middle + 0.13) * np.cos(t), (middle + 0.13) * np.sin(t), strict=True))
    inner = list(zip((middle - 0.1) * np.cos(t), (middle - 0.1) * np.sin(t), strict=True))
    return [outer + inner[::-1]]


def _hash() -> Parts:
    rods = [_bar(x, -1, x + 0.28, 1) for x in (-0.58, 0.3)]
    return [*rods, *(_bar(-1, y, 1, y + 0.28) for y in (-0.58, 0.3))]


_SHAPES: dict[str, Callable[[], Parts]] = {
    "disc": lambda: [_arc(0, 0, 1)],
    "ring": lambda: [_arc(0, 0, 1), Hole(_arc(0, 0, 0.58))],
    "square": lambda: [_bar(-1, -1, 1, 1)],
    "triangle": lambda: [[(0, -1), (0.87, 0.5), (-0.87, 0.5)]],
    "star": lambda: [_star(5, 0.4)],
    "cross": _cross,
    "heart": _heart,
    "crescent": _crescent,
    "arrow": _arrow,
    "elbow": lambda: [_bar(-0.8, -1, -0.2, 1), _bar(-0.8, 0.4, 0.8, 1)],
    "tee": lambda: [_bar(-1, -0.9, 1, -0.35), _bar(-0.28, -0.6, 0.28, 1)],
    "gear": _gear,
    "drop": _drop,
    "hourglass": lambda: [[(-0.75, -1), (0.75, -1), (0.1, 0), (0.75, 1), (-0.75, 1), (-0.1, 0)]],
    "lightning": _lightning,
    "key": _key,
    "fish": _fish,
    "clover": _clover,
    "comb": _comb,
    "wedge": _wedge,
    "mug": _mug,
    "barbell": _barbell,
    "spiral": _spiral,
    "hash": _hash,
}

SHAPES = tuple(_SHAPES)
"""Names of the classes of objects, in the order of their labels."""
