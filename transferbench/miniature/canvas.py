"""Painting: outlines to stencils, colours, and the light over a whole picture.

Dimension key: H x W pixels of a canvas; h x w of a stencil; K points. Fields and alphas are in [0, 1],
colours in [0, 255].
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from transferbench.miniature.shapes import Outline
from transferbench.miniature.textures import Field

_FINER = 4
"""Stencils are drawn this much larger and reduced, which smooths their edges."""

QUIET, LOUD = (4, 16), (12, 32)
"""Ranges of the contrast between the two colours of a ground."""

_SKIN_CONTRAST, _OUTLINE_CONTRAST = (10, 40), 130
"""Between the two colours of an object, and of an object to the ground.

Tried on 3,000 pictures and 12 epochs of `mini_d`: with grounds of 25 to 75, and any two colours far from the
ground for an object, textures drown the outlines and nothing is learnt (top-1 5 %); so, and quiet, 59 %.
"""

_MOST_TURNED = 0.45
"""Radians either way.

Tried the same way, in batches of 32: with any turn at all top-1 is 49 %, with this 89 %. A few thousand
pictures are too few to learn 24 shapes upside down as well.
"""


class Pose(NamedTuple):
    """Where and how an outline lies on a canvas."""

    centre: np.ndarray
    """x and y in pixels."""
    matrix: np.ndarray
    """From the disc of radius 1 to pixels: size, turn, squeeze and mirroring (2, 2)."""


class Stencil(NamedTuple):
    """How much of every pixel a shape covers; it may reach beyond the canvas."""

    left: int
    top: int
    alpha_hw: np.ndarray

    def on(self, pixels: int) -> tuple[tuple[slice, slice], np.ndarray]:
        """Returns the rows and columns that it meets on a square canvas, and its alpha there."""
        height, width = self.alpha_hw.shape
        x0, y0 = max(self.left, 0), max(self.top, 0)
        x1, y1 = max(min(self.left + width, pixels), x0), max(min(self.top + height, pixels), y0)
        inside = self.alpha_hw[y0 - self.top : y1 - self.top, x0 - self.left : x1 - self.left]
        return (slice(y0, y1), slice(x0, x1)), inside


def random_pose(
    rng: np.random.Generator, pixels: int, radii: tuple[float, float], *, reach: float = 0.85
) -> Pose:
    """Returns a pose turned a little, squeezed to 0.7 at most in any direction and perhaps mirrored.

    Args:
        rng: where the choices come from.
        pixels: side of the canvas.
        radii: smallest and largest radius, as shares of the side.
        reach: share of the radius that the centre keeps from the border, in [0, 1]; below 1 the border may
            cut off a part.
    """
    radius = pixels * float(np.exp(rng.uniform(*np.log(radii))))
    squeezed = np.diag((1, rng.uniform(0.7, 1)))
    direction = _turned(rng.uniform(0, np.pi))
    mirrored = np.diag((rng.choice((-1.0, 1.0)), 1))
    upright = direction @ squeezed @ direction.T
    matrix = radius * upright @ _turned(rng.uniform(-_MOST_TURNED, _MOST_TURNED)) @ mirrored
    margin = min(reach * radius, pixels / 2)
    return Pose(rng.uniform(margin, pixels - margin, 2), matrix)


def stencil(outlines: Sequence[Outline], pose: Pose) -> Stencil:
    """Returns how much of every pixel the outlines cover, in steps of 1/16 of a pixel's area."""
    posed = [(points @ pose.matrix.T + pose.centre, is_solid) for points, is_solid in outlines]
    solid = np.concatenate([points for points, is_solid in posed if is_solid])
    corner = np.floor(solid.min(axis=0)).astype(int) - 1
    width, height = (np.ceil(solid.max(axis=0)).astype(int) + 2 - corner).tolist()
    image = Image.new("L", (width * _FINER, height * _FINER))
    draw = ImageDraw.Draw(image)
    for points, is_solid in posed:
        # a pixel's index is its centre for PIL and its corner for us
        fine = (points - corner) * _FINER - 0.5
        draw.polygon(fine.ravel().tolist(), fill=255 if is_solid else 0)
    alpha = np.asarray(image.reduce(_FINER), np.float32) / 255
    return Stencil(int(corner[0]), int(corner[1]), alpha)


def random_blob(rng: np.random.Generator) -> tuple[Outline, ...]:
    """Returns an outline like no class of objects: lobes of random size all around."""
    turns = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    heights = rng.uniform(0.1, 0.25, 4)
    starts = rng.uniform(0, 2 * np.pi, 4)
    radii = 0.6 + heights @ np.sin(np.outer((2, 3, 4, 6), turns) + starts[:, None])
    radii = np.clip(radii, 0.2, 1)
    return (Outline(np.stack((radii * np.cos(turns), radii * np.sin(turns)), axis=1)),)


def paint(
    rng: np.random.Generator, canvas_HW3: np.ndarray, shape: Stencil, *, skin: Field, unit: float
) -> None:
    """Covers a canvas, in place, with a skin in two related colours that stand out from what they cover."""
    window, alpha = shape.on(len(canvas_HW3))
    covered = canvas_HW3[window]
    if alpha.size == 0:
        return
    weight = alpha.sum() + 1e-6
    under = np.tensordot(alpha, covered, axes=2) / weight
    first = _colour_unlike(rng, under)
    change = rng.standard_normal(3, np.float32)
    change *= np.float32(rng.uniform(*_SKIN_CONTRAST)) / np.linalg.norm(change)
    # away from what is under it, so that no stripe of a skin fades into the ground
    second = np.clip(first + (change if change @ (first - under) > 0 else -change), 0, 255)
    colour = first + (second - first) * skin(rng, alpha.shape, unit)[..., None]
    colour -= covered
    colour *= alpha[..., None]
    covered += colour


def lay_ground(
    rng: np.random.Generator,
    canvas_HW3: np.ndarray,
    alpha_HW: np.ndarray | None,
    *,
    stuff: Field,
    contrast: tuple[int, int],
    unit: float,
) -> None:
    """Covers a canvas or a part of it, in place, with stuff in two colours not far from each other."""
    first = rng.uniform(20, 235, 3).astype(np.float32)
    change = rng.standard_normal(3, np.float32)
    change *= np.float32(rng.uniform(*contrast)) / np.linalg.norm(change)
    second = np.clip(first + change, 0, 255)
    colour = (second - first) * stuff(rng, (len(canvas_HW3), len(canvas_HW3)), unit)[..., None]
    colour += first
    if alpha_HW is not None:
        colour -= canvas_HW3
        colour *= alpha_HW[..., None]
        colour += canvas_HW3
    canvas_HW3[:] = colour


def expose(rng: np.random.Generator, canvas_HW3: np.ndarray) -> np.ndarray:
    """Returns the picture as bytes (H, W, 3), under light from one side and with a camera's noise."""
    ramp = np.linspace(-1, 1, len(canvas_HW3), dtype=np.float32)
    across, down = rng.uniform(-0.15, 0.15, 2).astype(np.float32)
    light = 1 + across * ramp[None, :] + down * ramp[:, None]
    grain = rng.standard_normal(light.shape, np.float32) * np.float32(rng.uniform(1, 5))
    lit = canvas_HW3 * light[..., None]
    lit += grain[..., None]
    return np.asarray(np.clip(lit, 0, 255, out=lit).astype(np.uint8))


def _turned(angle: float) -> np.ndarray:
    return np.array(((np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))))


def _colour_unlike(rng: np.random.Generator, under: np.ndarray) -> np.ndarray:
    """Returns the first of 24 random colours that is far from `under` (3,), or the farthest."""
    colours = rng.uniform(0, 255, (24, 3)).astype(np.float32)
    distances = np.linalg.norm(colours - under, axis=1)
    far = np.flatnonzero(distances > _OUTLINE_CONTRAST)
    return np.asarray(colours[far[0] if len(far) else distances.argmax()])
