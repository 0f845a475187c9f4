"""Textures as fields in [0, 1] that blend two colours.

Dimension key: H x W pixels. A field does not know its colours: no class can be told by them.
`unit` is the number of pixels that stand for one pixel of the small size, so that larger pictures
show the same texture larger.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

Field = Callable[[np.random.Generator, tuple[int, int], float], np.ndarray]


def clouds(rng: np.random.Generator, shape: tuple[int, int], unit: float) -> np.ndarray:
    """Returns soft heaps of several sizes (H, W)."""
    heaps = ((20, 0.5), (9, 0.3), (4, 0.2))
    field = np.sum([weight * _waves(rng, shape, cell * unit) for cell, weight in heaps], axis=0)
    return clipped((field - 0.5) * 1.8 + 0.5)


def bricks(rng: np.random.Generator, shape: tuple[int, int], unit: float) -> np.ndarray:
    """Returns rows of long bricks (H, W), each row shifted by half a brick, with light joints."""
    height = unit * rng.uniform(6, 9)
    x, y = _turned(rng, shape, spread=0.5)
    row = np.floor(y / height)
    along = x / (2.2 * height) + 0.5 * (row % 2)
    joint = np.minimum(_to_edge(y / height) * height, _to_edge(along) * 2.2 * height)
    return np.asarray(_stepped(1.1 * unit - joint) * 0.8 + 0.2 * _shades(rng, row, np.floor(along)))


def grass(rng: np.random.Generator, shape: tuple[int, int], unit: float) -> np.ndarray:
    """Returns short upright blades (H, W)."""
    height, width = shape
    lean = round(rng.uniform(-0.35, 0.35) * height)
    blades = _waves(rng, (height, width + abs(lean)), (9 * unit, 1.4 * unit))
    starts = np.linspace(max(lean, 0), max(-lean, 0), height).astype(np.int64)
    sheared = np.take_along_axis(blades, starts[:, None] + np.arange(width), axis=1)
    return clipped((sheared - 0.5) * 2.2 + 0.5)


def water(rng: np.random.Generator, shape: tuple[int, int], unit: float) -> np.ndarray:
    """Returns wavy ripples (H, W)."""
    _, y = _turned(rng, shape, spread=0.4)
    period = unit * rng.uniform(6, 9)
    swell = 9 * _waves(rng, shape, (14 * unit, 12 * unit))
    return clipped(0.5 + 0.5 * np.sin(y * np.float32(2 * np.pi / period) + swell))


def sand(rng: np.random.Generator, shape: tuple[int, int], unit: float) -> np.ndarray:
    """Returns fine grains (H, W)."""
    grains = _waves(rng, shape, 1.3 * unit)
    return clipped((grains - 0.62) * 3.5 + 0.3)


def tiles(rng: np.random.Generator, shape: tuple[int, int], unit: float) -> np.ndarray:
    """Returns a square grid (H, W) of tiles of many shades with dark joints."""
    side = unit * rng.uniform(8, 12)
    x, y = _turned(rng, shape, spread=0.8)
    joint = side * np.minimum(_to_edge(x / side), _to_edge(y / side))
    shades = _shades(rng, np.floor(y / side), np.floor(x / side))
    return np.asarray(_stepped(joint - 0.9 * unit) * (0.35 + 0.65 * shades))


def plain(rng: np.random.Generator, shape: tuple[int, int], unit: float) -> np.ndarray:
    """Returns the first colour everywhere (H, W)."""
    return np.zeros(shape, np.float32)


def stripes(rng: np.random.Generator, shape: tuple[int, int], unit: float) -> np.ndarray:
    """Returns straight stripes of any direction (H, W)."""
    x, _ = _turned(rng, shape)
    period = unit * rng.uniform(5, 11)
    return _stepped(period * (0.45 - 2 * np.abs(x / period % 1 - 0.5)) / 2)


def checks(rng: np.random.Generator, shape: tuple[int, int], unit: float) -> np.ndarray:
    """Returns a chessboard of any direction (H, W)."""
    x, y = _turned(rng, shape)
    side = unit * rng.uniform(4, 8)
    product = np.sin(x * (np.pi / side)) * np.sin(y * (np.pi / side))
    return _stepped(product * (side / 2))


def noise(rng: np.random.Generator, shape: tuple[int, int], unit: float) -> np.ndarray:
    """Returns small blots (H, W)."""
    return _stepped((_waves(rng, shape, unit * rng.uniform(2.5, 5)) - 0.5) * 10)


STUFF: dict[str, Field] = {
    "clouds": clouds,
    "bricks": bricks,
    "grass": grass,
    "water": water,
    "sand": sand,
    "tiles": tiles,
}
"""What may cover the ground, by the names of the classes that segmentation knows."""

SKINS: tuple[Field, ...] = (plain, stripes, checks, noise)
"""What may cover an object."""


def clipped(values: np.ndarray) -> np.ndarray:
    """Returns what lies in [0, 1] as it is and the rest as the nearer of the two, in single precision."""
    return np.asarray(np.clip(values, 0, 1, dtype=np.float32))


def _waves(rng: np.random.Generator, shape: tuple[int, int], cell: float | tuple[float, float]) -> np.ndarray:
    """Returns smooth noise (H, W) about 0.5 whose knots are `cell` pixels (down, across) apart."""
    height, width = shape
    down, across = cell if isinstance(cell, tuple) else (cell, cell)
    knots = rng.random((int(height / down) + 2, int(width / across) + 2), dtype=np.float32)
    return np.asarray(Image.fromarray(knots).resize((width, height), Image.Resampling.BICUBIC))


def _turned(
    rng: np.random.Generator, shape: tuple[int, int], spread: float = np.pi
) -> tuple[np.ndarray, np.ndarray]:
    """Returns x and y of every pixel (H, W) after a shift and a turn of at most `spread` radians."""
    turn = rng.uniform(-spread, spread)
    shift = rng.uniform(0, 100, 2)
    y = np.arange(shape[0], dtype=np.float32)[:, None] + np.float32(shift[0])
    x = np.arange(shape[1], dtype=np.float32)[None, :] + np.float32(shift[1])
    cosine, sine = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    return x * cosine - y * sine, x * sine + y * cosine


def _to_edge(steps: np.ndarray) -> np.ndarray:
    """Returns how far the fraction of a coordinate is from the nearest whole number, in [0, 0.5]."""
    return np.asarray(0.5 - np.abs(steps % 1 - 0.5))


def _stepped(pixels_inside: np.ndarray) -> np.ndarray:
    """Returns 1 inside and 0 outside of an edge, one pixel wide in between."""
    return clipped(pixels_inside + 0.5)


def _shades(rng: np.random.Generator, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Returns a random number in [0, 1) for every cell of a grid, by its row and column (H, W)."""
    table = rng.random(251, dtype=np.float32)
    return np.asarray(table[(row.astype(np.int64) * 31 + column.astype(np.int64) * 7) % 251])
