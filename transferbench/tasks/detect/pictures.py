"""Pictures with boxes drawn on them.

Dimension key: H x W pixels, R boxes.
Boxes: (x_min, y_min, x_max, y_max), absolute pixels, right and bottom edges exclusive.
"""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

_SHORT_SIDE = 384
_FONT_SIZE = 15
_GOLDEN_TURN = 0.618034
"""Steps of this share of the colour circle keep neighbours apart, however many there are."""


def draw_boxes(
    rgb_HW3: np.ndarray, boxes_R4: np.ndarray, captions: Sequence[str], labels_R: np.ndarray
) -> Image.Image:
    """Returns a picture, enlarged if it is small, with a box and a caption for each object.

    Args:
        rgb_HW3: the picture.
        boxes_R4: in its pixels.
        captions: one a box.
        labels_R: class of each box; gives its colour.
    """
    factor = max(1, round(_SHORT_SIDE / min(rgb_HW3.shape[:2])))
    picture = Image.fromarray(rgb_HW3)
    picture = picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.BILINEAR)
    pen = ImageDraw.Draw(picture)
    font = ImageFont.load_default(_FONT_SIZE)
    for box_4, caption, label in zip(boxes_R4 * factor, captions, labels_R, strict=True):
        colour = class_colour(int(label))
        x_min, y_min, x_max, y_max = (float(edge) for edge in box_4)
        pen.rectangle((x_min, y_min, max(x_min, x_max - 1), max(y_min, y_max - 1)), outline=colour, width=3)
        width = pen.textlength(caption, font=font) + 6
        left = max(0.0, min(x_min, picture.width - width))
        top = y_min - _FONT_SIZE - 5 if y_min >= _FONT_SIZE + 5 else y_min
        pen.rectangle((left, top, left + width, top + _FONT_SIZE + 4), fill=colour)
        pen.text((left + 3, top), caption, fill="black", font=font)
    return picture


def class_colour(label: int) -> tuple[int, int, int]:
    """Returns the colour of a class, light enough for black letters, as RGB bytes."""
    red, green, blue = colorsys.hsv_to_rgb(label * _GOLDEN_TURN % 1, 0.65, 1.0)
    return round(red * 255), round(green * 255), round(blue * 255)
