"""Names of classes, written on the areas that have their labels.

Dimension key: H x W pixels, P places.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from transferbench.tasks.drawing import FONT_SIZE, INK, PAPER, letters

_RIM = 2
_LEAST_COVERED = 0.85
"""Share of a name's place that has to be of its class."""
_SURROUNDINGS = 3
"""Times a name's size."""


def captioned(drawing: Image.Image, labels_HW: np.ndarray, names: Mapping[int, str]) -> Image.Image:
    """Writes the name of each class in the midst of its largest area, if there is room for it.

    Colours of a palette may be too alike to tell classes apart, and not everybody sees them.

    Args:
        drawing: of the labels, in their size; changed in place and returned.
        labels_HW: uint8.
        names: by label, those that are written.
    """
    pen, font = ImageDraw.Draw(drawing), letters()
    for label, name in names.items():
        half = int(font.getlength(name)) // 2 + _RIM, FONT_SIZE // 2 + _RIM
        place = _midst(labels_HW == label, half)
        if place is not None:
            pen.text(place, name, fill=PAPER, font=font, anchor="mm", stroke_width=_RIM, stroke_fill=INK)
    return drawing


def _midst(is_there_HW: np.ndarray, half: tuple[int, int]) -> tuple[int, int] | None:
    """Returns (x, y) in the midst of an area, None where it has no place of twice `half` (width, height)."""
    height, width = is_there_HW.shape
    x, y = half
    if width <= 2 * x or height <= 2 * y:
        return None
    edges = tuple((_SURROUNDINGS * each,) * 2 for each in (y, x))
    area = Image.fromarray(np.pad(is_there_HW.astype(np.uint8) * 255, edges))
    covered_HW, surroundings_HW = (
        np.asarray(area.filter(ImageFilter.BoxBlur((x * times, y * times))), np.float32)[
            edges[0][0] : edges[0][0] + height, edges[1][0] : edges[1][0] + width
        ]
        for times in (1, _SURROUNDINGS)
    )
    is_inside_HW = np.zeros(is_there_HW.shape, bool)
    is_inside_HW[y:-y, x:-x] = True
    fits_HW = is_inside_HW & (covered_HW >= _LEAST_COVERED * 255)
    if not fits_HW.any():
        return None
    best_P2 = np.argwhere(fits_HW & (surroundings_HW == surroundings_HW[fits_HW].max()))
    down, across = best_P2[np.abs(best_P2 - best_P2.mean(axis=0)).sum(axis=1).argmin()].tolist()
    return across, down
