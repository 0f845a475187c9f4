"""Pictures with their truth: one object for classification, scenes of several for the other tasks.

Dimension key: H x W pixels; both are the same. Convention: boxes are (x_min, y_min, x_max, y_max) in pixels,
right and bottom edges exclusive, tight around what can be seen of an object.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from transferbench.miniature.canvas import (
    LOUD,
    QUIET,
    Stencil,
    expose,
    lay_ground,
    paint,
    random_blob,
    random_pose,
    stencil,
)
from transferbench.miniature.layers import Layers
from transferbench.miniature.shapes import SHAPES, silhouette
from transferbench.miniature.textures import SKINS, STUFF, Field, clipped

_SKIN_SHARES = (0.49, 0.17, 0.17, 0.17)
"""Of each of `SKINS`."""
_SMALL_RADII, _RADII = (0.045, 0.06), (0.13, 0.27)
"""Of the objects of a scene, as shares of the picture's side."""
_SMALL = 0.11
"""An object is difficult if both sides of its box are below this share of the picture's."""
_HIDDEN = 0.55
"""An object is difficult if less than this share of it can be seen."""
_LEAST_SEEN = 0.45
"""Nothing is laid where it would leave less than this share of an object to be seen."""


@dataclass(frozen=True)
class Thing:
    """One object of a scene."""

    label: int
    """Index into `SHAPES`."""
    box: tuple[int, int, int, int]
    is_difficult: bool
    """Small, or mostly hidden."""
    is_truncated: bool
    """Cut off by the border of the picture."""


@dataclass(frozen=True)
class Scene:
    """A picture and all that is true of it."""

    picture_HW3: np.ndarray
    """Bytes, RGB."""
    things: tuple[Thing, ...]
    instances_HW: np.ndarray
    """0 for the ground, k for `things[k - 1]`, `layers.BLOB` for what is of no class."""
    stuff_HW: np.ndarray
    """Index into `STUFF`; under the objects too."""


def draw_object(rng: np.random.Generator, label: int, *, pixels: int, unit: float) -> np.ndarray:
    """Returns a picture (H, W, 3), bytes, of one object, now and then with a blob over a part of it.

    Args:
        rng: where the choices come from.
        label: index into `SHAPES`.
        pixels: side of the picture.
        unit: pixels that stand for one pixel of the small size.
    """
    canvas = np.zeros((pixels, pixels, 3), np.float32)
    layers = Layers(pixels)
    _lay_grounds(rng, canvas, regions=int(rng.choice((1, 1, 1, 2))), contrast=QUIET, unit=unit)
    thing = stencil(silhouette(SHAPES[label]), random_pose(rng, pixels, (0.3, 0.48)))
    layers.lay_object(thing)
    paint(rng, canvas, thing, skin=_skin(rng), unit=unit)
    if rng.random() < 0.25:
        blob = stencil(random_blob(rng), random_pose(rng, pixels, (0.08, 0.22), reach=0))
        if layers.least_seen_under(blob) > 0.7:
            paint(rng, canvas, blob, skin=_skin(rng), unit=unit)
    return expose(rng, canvas)


def draw_scene(rng: np.random.Generator, *, pixels: int, unit: float, empty_share: float = 0) -> Scene:
    """Returns a scene of 1 to 5 objects on 1 to 3 kinds of ground.

    Args:
        rng: where the choices come from.
        pixels: side of the picture.
        unit: pixels that stand for one pixel of the small size.
        empty_share: probability of a scene without objects, in [0, 1].
    """
    canvas = np.zeros((pixels, pixels, 3), np.float32)
    layers = Layers(pixels)
    stuff = _lay_grounds(rng, canvas, regions=int(rng.choice((1, 1, 2, 2, 3))), contrast=LOUD, unit=unit)
    labels = []
    wanted = 0 if rng.random() < empty_share else int(rng.choice((2, 3, 4, 5, 6)))
    for label in rng.integers(len(SHAPES), size=wanted).tolist():
        shape = _with_room(rng, layers, label)
        if shape is not None:
            layers.lay_object(shape)
            labels.append(label)
            paint(rng, canvas, shape, skin=_skin(rng), unit=unit)
    for _ in range(int(rng.choice((0, 0, 1, 2)))):
        blob = stencil(random_blob(rng), random_pose(rng, pixels, (0.06, 0.2), reach=0))
        if layers.least_seen_under(blob) >= _LEAST_SEEN:
            layers.lay_blob(blob)
            paint(rng, canvas, blob, skin=_skin(rng), unit=unit)
    things = tuple(_thing(layers, number, label) for number, label in enumerate(labels, start=1))
    return Scene(expose(rng, canvas), things, layers.instances_HW, stuff)


def _lay_grounds(
    rng: np.random.Generator,
    canvas_HW3: np.ndarray,
    *,
    regions: int,
    contrast: tuple[int, int],
    unit: float,
) -> np.ndarray:
    """Covers the canvas with stuff, from one wavy line to the next; returns which is where (H, W)."""
    pixels = len(canvas_HW3)
    kinds = rng.permutation(len(STUFF))[:regions].tolist()
    fields = tuple(STUFF.values())
    lay_ground(rng, canvas_HW3, None, stuff=fields[kinds[0]], contrast=contrast, unit=unit)
    stuff_HW = np.full((pixels, pixels), kinds[0], np.uint8)
    for kind in kinds[1:]:
        alpha_HW = _side_of_a_line(rng, pixels)
        lay_ground(rng, canvas_HW3, alpha_HW, stuff=fields[kind], contrast=contrast, unit=unit)
        stuff_HW[alpha_HW >= 0.5] = kind
    return stuff_HW


def _side_of_a_line(rng: np.random.Generator, pixels: int) -> np.ndarray:
    """Returns how much of every pixel is on one side of a wavy line (H, W)."""
    angle = rng.uniform(0, 2 * np.pi)
    axis = np.arange(pixels, dtype=np.float32) - np.float32(pixels / 2)
    cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    along, across = axis[None] * cosine + axis[:, None] * sine, axis[:, None] * cosine - axis[None] * sine
    wave = np.sin(along * np.float32(rng.uniform(3, 12) / pixels) + np.float32(rng.uniform(0, 6)))
    offset = np.float32(rng.uniform(-0.25, 0.25) * pixels)
    return clipped(across + wave * np.float32(0.04 * pixels) + offset + 0.5)


def _with_room(rng: np.random.Generator, layers: Layers, label: int) -> Stencil | None:
    """Returns the shape where it is mostly inside and leaves the others to be seen; None without a place."""
    pixels = len(layers.instances_HW)
    radii = _SMALL_RADII if rng.random() < 0.07 else _RADII
    for _ in range(10):
        shape = stencil(silhouette(SHAPES[label]), random_pose(rng, pixels, radii, reach=0.5))
        if layers.share_inside(shape) > 0.6 and layers.least_seen_under(shape) >= _LEAST_SEEN:
            return shape
    return None


def _skin(rng: np.random.Generator) -> Field:
    return SKINS[int(rng.choice(len(SKINS), p=_SKIN_SHARES))]


def _thing(layers: Layers, number: int, label: int) -> Thing:
    box = layers.box(number)
    pixels = len(layers.instances_HW)
    is_small = max(box[2] - box[0], box[3] - box[1]) < _SMALL * pixels
    return Thing(
        label=label,
        box=box,
        is_difficult=is_small or layers.share_seen(number) < _HIDDEN,
        is_truncated=layers.is_cut_off(number),
    )
