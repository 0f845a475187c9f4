"""Brightness, contrast, saturation and hue of a training picture, changed at random.

Dimension key: H x W pixels, 3 colours.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

_BRIGHTNESS = 32
_LOW, _HIGH = 0.5, 1.5
_HUE, _HALF_CIRCLE = 18, 180
"""Largest change of hue, and what it is of: a unit is two degrees."""
_CIRCLE = 255
"""Pillow's units of hue in a circle."""
_BYTES = np.arange(256)


def distorted(picture_HW3: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Returns a picture, uint8, with other colours.

    In this order, each with probability 0.5: brightness by up to 32 of 255; contrast by 0.5 to 1.5, now or,
    with probability 0.5, at the end; saturation by 0.5 to 1.5; hue by up to 36 degrees. Brightness and
    contrast are cut off to whole numbers from 0 to 255, as there. Saturation and hue are changed together,
    and hue has 255 steps, where OpenCV has 180.

    Args:
        picture_HW3: uint8.
        rng: of which all is drawn.

    Source:
        Liu et al. 2016 (SSD); MMSegmentation's PhotoMetricDistortion.
    """
    first, last = _BYTES, _BYTES
    if _coin(rng):
        first = _cut(first + rng.uniform(-_BRIGHTNESS, _BRIGHTNESS))
    if is_contrast_first := _coin(rng):
        first = _contrasted(first, rng)
    saturation = rng.uniform(_LOW, _HIGH) if _coin(rng) else 1.0
    hue = int(rng.integers(-_HUE, _HUE)) if _coin(rng) else 0
    if not is_contrast_first:
        last = _contrasted(last, rng)
    picture = _mapped(Image.fromarray(picture_HW3), first, first, first)
    if saturation != 1 or hue:
        turned = (_BYTES + round(hue * _CIRCLE / _HALF_CIRCLE)) % _CIRCLE
        picture = _mapped(picture.convert("HSV"), turned, _cut(_BYTES * saturation), _BYTES).convert("RGB")
    return np.asarray(_mapped(picture, last, last, last))


def _contrasted(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return _cut(values * rng.uniform(_LOW, _HIGH)) if _coin(rng) else values


def _coin(rng: np.random.Generator) -> bool:
    return bool(rng.integers(2))


def _cut(values: np.ndarray) -> np.ndarray:
    return values.clip(0, 255).astype(int)


def _mapped(picture: Image.Image, *bands: np.ndarray) -> Image.Image:
    """Returns a picture each of whose bands has other values."""
    if all(band is _BYTES for band in bands):
        return picture
    return picture.point(np.concatenate(bands).tolist())
