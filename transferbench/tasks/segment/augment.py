"""Changes a training picture and its labels together.

Dimension key: H x W pixels, S side of the crop, 3 colours.
Convention: labels of 255 are ignored.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image

from transferbench.tasks.segment.blur import blurred
from transferbench.tasks.segment.colours import distorted
from transferbench.tasks.segment.scale import factor_to
from transferbench.tasks.segment.settings import Augment
from transferbench.tasks.segment.sources.masks import IGNORED

_CROPS = 11
"""Drawn at most, so that one class does not fill them."""
_PILLOW_CROP = 256
"""Crops up to this side are resampled by Pillow, larger ones by torch in less than half of the time."""


def augmented(
    picture_HW3: np.ndarray, labels_HW: np.ndarray, augment: Augment, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Returns a square of a picture at a random scale, (S, S, 3), and its labels, (S, S), all uint8.

    Only the crop is resampled; the pixels are those of resizing the whole picture and cropping it, to within
    rounding, and so are the labels but where two are equally near. What the picture does not fill, at the
    right and at the bottom, is black and ignored.

    Source:
        GluonCV's training transform: scale of the long side, padding, crop, flip, blur. MMSegmentation's:
        scale of the short side, crop of more than one class, flip, colours, padding.
    """
    window, labels = _drawn(labels_HW, augment, rng)
    is_large = augment.crop > _PILLOW_CROP
    picture = _by_torch(picture_HW3, window) if is_large else _by_pillow(picture_HW3, window)
    if rng.random() < augment.blur:
        picture = blurred(picture, rng.uniform(0, 1))
    if rng.random() < augment.flip:
        picture, labels = _mirrored(picture), _mirrored(labels)
    if augment.distorts_colours:
        picture = distorted(picture, rng)
    return _padded(picture, augment.crop, 0), _padded(labels, augment.crop, IGNORED)


@dataclass(frozen=True)
class _Window:
    """What is seen of a scaled picture, all in pixels."""

    size: tuple[int, int]
    """Height and width of the picture."""
    scaled: tuple[int, int]
    """The same, after scaling."""
    top: int
    left: int
    height: int
    width: int

    @property
    def steps(self) -> tuple[float, float]:
        """From a scaled pixel to the one below and to the one on the right, in pixels of the picture."""
        return self.size[0] / self.scaled[0], self.size[1] / self.scaled[1]

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Where it is seen in the picture itself: left, top, right and bottom."""
        down, across = self.steps
        bottom, right = (self.top + self.height) * down, (self.left + self.width) * across
        return self.left * across, self.top * down, right, bottom


def _drawn(labels_HW: np.ndarray, augment: Augment, rng: np.random.Generator) -> tuple[_Window, np.ndarray]:
    """Returns where the crop is, and its labels."""
    height, width = labels_HW.shape
    low, high = (int(augment.base_size * factor) for factor in augment.scale)
    side = int(rng.integers(low, high + 1))
    longest = None if augment.longest is None else augment.longest * side / augment.base_size
    scale = factor_to((height, width), augment.side, side, longest)
    scaled_height, scaled_width = max(1, round(height * scale)), max(1, round(width * scale))
    kept_height, kept_width = min(augment.crop, scaled_height), min(augment.crop, scaled_width)
    image = Image.fromarray(labels_HW)
    for _ in range(_CROPS):
        top = int(rng.integers(scaled_height - kept_height + 1))
        left = int(rng.integers(scaled_width - kept_width + 1))
        window = _Window((height, width), (scaled_height, scaled_width), top, left, kept_height, kept_width)
        labels = image.resize((kept_width, kept_height), Image.Resampling.NEAREST, box=window.box)
        if augment.most_of_one_class == 1 or _largest_share(labels) < augment.most_of_one_class:
            break
    return window, np.array(labels)


def _largest_share(labels: Image.Image) -> float:
    """Returns the share of the labelled pixels that one class has, 1 where there are none."""
    pixels = labels.histogram()[:IGNORED]
    return max(pixels) / (sum(pixels) or 1) or 1.0


def _by_pillow(picture_HW3: np.ndarray, window: _Window) -> np.ndarray:
    size = window.width, window.height
    return np.array(Image.fromarray(picture_HW3).resize(size, Image.Resampling.BILINEAR, box=window.box))


def _by_torch(picture_HW3: np.ndarray, window: _Window) -> np.ndarray:
    """Scales the picture from its first pixel to the last of the window, and hardly further."""
    down, across = window.steps
    bottom, right = window.top + window.height, window.left + window.width
    rows = min(math.ceil(bottom * down + max(1, down)) + 1, window.size[0])
    scaled = torch.ops.aten._upsample_bilinear2d_aa(
        torch.from_numpy(picture_HW3[:rows])[None].permute(0, 3, 1, 2),
        # A side that comes out as long as it went in is not scaled at all, whatever the scales say.
        [bottom + (bottom == rows), right + (right == window.size[1])],
        align_corners=False,
        scales_h=1 / down,
        scales_w=1 / across,
    )
    shown: np.ndarray = scaled[0].permute(1, 2, 0).numpy()[window.top : bottom, window.left : right]
    return shown


def _mirrored(array: np.ndarray) -> np.ndarray:
    # Torch reverses colours of three bytes ten times as fast as numpy.
    mirrored: np.ndarray = torch.from_numpy(array).flip(1).numpy()
    return mirrored


def _padded(array: np.ndarray, side: int, value: int) -> np.ndarray:
    height, width = array.shape[:2]
    if height == width == side:
        return np.ascontiguousarray(array)
    padded = np.full((side, side, *array.shape[2:]), value, np.uint8)
    padded[:height, :width] = array
    return padded
