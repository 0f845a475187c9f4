"""Pictures under the colours of their labels.

Dimension key: H x W pixels, 3 colours, V = 256 values of a label.
"""

from __future__ import annotations

from colorsys import hsv_to_rgb

import numpy as np
from PIL import Image

from transferbench.tasks.segment.masks import IGNORED

_GOLDEN = 0.61803398875
_TONES = ((0.95, 0.95), (0.55, 1.0), (0.9, 0.55))
_GREY = 128
_COLOUR_SHARE = 0.7
_SMALLEST_SIDE = 256


def overlay(picture_HW3: np.ndarray, labels_HW: np.ndarray) -> Image.Image:
    """Returns a picture under the colours of its labels; ignored pixels are plain grey.

    Small pictures are enlarged by a whole factor.
    """
    height, width = labels_HW.shape
    factor = max(1, -(-_SMALLEST_SIDE // min(height, width)))
    size = (width * factor, height * factor)
    picture = np.asarray(Image.fromarray(picture_HW3).resize(size, Image.Resampling.BILINEAR))
    labels = np.asarray(Image.fromarray(labels_HW).resize(size, Image.Resampling.NEAREST))
    colours = palette()[labels]
    mixed = _COLOUR_SHARE * colours + (1 - _COLOUR_SHARE) * picture
    return Image.fromarray(np.where((labels == IGNORED)[..., None], colours, mixed).astype(np.uint8))


def palette() -> np.ndarray:
    """Returns the colour of each label, (V, 3) uint8: neighbours in number are far apart in hue."""
    colours = [hsv_to_rgb(label * _GOLDEN % 1, *_TONES[label % len(_TONES)]) for label in range(IGNORED)]
    return np.array([*(np.array(colours) * 255).round(), [_GREY] * 3], np.uint8)
