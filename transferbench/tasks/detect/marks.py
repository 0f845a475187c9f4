"""Boxes with captions, drawn on a picture so that they can be told apart without colour.

Dimension key: H x W pixels.
Boxes: (x_min, y_min, x_max, y_max), absolute pixels, right and bottom edges exclusive.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw

from transferbench.tasks.drawing import FONT_SIZE, INK, Box, Colour, Entry, letters, sample

Line = Literal["solid", "dashed", "dotted"]

_SHORT_SIDE = 384
"""Smaller pictures are enlarged, by a whole factor, ..."""
_LONG_SIDE = 1600
"""... and none is larger than that."""
_CAPTION_HEIGHT = FONT_SIZE + 5
_DASHES: dict[Line, tuple[int, int]] = {"solid": (1, 0), "dashed": (12, 8), "dotted": (3, 5)}
"""Pixels drawn and left out."""
_MOST_COVERED = 0.1
"""Share of a caption that may lie on others."""


@dataclass(frozen=True)
class Mark:
    """One box and what is said of it."""

    box: Sequence[float]
    """In pixels of the picture."""
    caption: str
    colour: Colour
    """Light enough for black letters."""
    line: Line = "solid"


def marked(rgb_HW3: np.ndarray, marks: Sequence[Mark]) -> Image.Image:
    """Returns a picture, enlarged if it is small, with boxes; later ones lie on top.

    No caption hides another: one that finds no free place is left out, an earlier one before a later one.

    Args:
        rgb_HW3: the picture.
        marks: in its pixels.
    """
    height, width = rgb_HW3.shape[:2]
    factor: float = max(1, round(_SHORT_SIDE / min(height, width)))
    if factor * max(height, width) > _LONG_SIDE:
        factor = _LONG_SIDE / max(height, width)
    size = max(1, round(width * factor)), max(1, round(height * factor))
    picture = Image.fromarray(rgb_HW3).resize(size, Image.Resampling.BILINEAR)
    pen = ImageDraw.Draw(picture)
    boxes = [_scaled(mark.box, factor) for mark in marks]
    for mark, box in zip(marks, boxes, strict=True):
        _outline(pen, box, mark.colour, mark.line)
    taken: list[Box] = []
    # The last are on top, so they choose first where to say what they are.
    for mark, box in reversed(list(zip(marks, boxes, strict=True))):
        taken += _caption(pen, box, mark, picture.size, taken)
    return picture


def explained(text: str, colour: Colour, line: Line) -> Entry:
    """Returns what a legend says of boxes of a colour and a line."""
    return Entry(text, sample(lambda picture, box: _outline(ImageDraw.Draw(picture), box, colour, line)))


def _scaled(box: Sequence[float], factor: float) -> Box:
    x_min, y_min, x_max, y_max = (float(edge) * factor for edge in box)
    return x_min, y_min, max(x_min, x_max - 1), max(y_min, y_max - 1)


def _outline(pen: ImageDraw.ImageDraw, box: Box, colour: Colour, line: Line) -> None:
    """Draws a box whose strokes have a dark rim, so that they show on any ground."""
    strokes = list(_strokes(box, *_DASHES[line]))
    for x_min, y_min, x_max, y_max in strokes:
        pen.rectangle((x_min - 1, y_min - 1, x_max + 1, y_max + 1), fill=INK)
    for stroke in strokes:
        pen.rectangle(stroke, fill=colour)


def _strokes(box: Box, drawn: int, left_out: int) -> Iterator[Box]:
    x_min, y_min, x_max, y_max = box
    for start, end in _pieces(x_max - x_min, drawn, left_out):
        for y in (y_min, max(y_min, y_max - 2)):
            yield x_min + start, y, x_min + end, y + 2
    for start, end in _pieces(y_max - y_min, drawn, left_out):
        for x in (x_min, max(x_min, x_max - 2)):
            yield x, y_min + start, x + 2, y_min + end


def _pieces(length: float, drawn: int, left_out: int) -> Iterator[tuple[float, float]]:
    if not left_out:
        yield 0, length
        return
    for start in np.arange(0, length, drawn + left_out).tolist():
        yield start, min(start + drawn, length)


def _caption(
    pen: ImageDraw.ImageDraw, box: Box, mark: Mark, size: tuple[int, int], taken: Sequence[Box]
) -> list[Box]:
    """Writes a caption at a place of its box that is still free, if there is one, and returns the place."""
    font = letters()
    text = _cut(mark.caption, size[0] - 6)
    width = pen.textlength(text, font=font) + 6
    places = [_within(place, width, size) for place in _places(box, width, size[1])]
    place = min(places, key=lambda place: _covered(place, taken))
    if _covered(place, taken) > _MOST_COVERED * width * _CAPTION_HEIGHT:
        return []
    pen.rectangle(place, fill=mark.colour, outline=INK)
    pen.text((place[0] + 3, place[1] + 1), text, fill=INK, font=font)
    return [place]


def _places(box: Box, width: float, height: int) -> Iterator[tuple[float, float]]:
    """Yields left top corners for a caption, the best first: at the corners, then down the box."""
    x_min, y_min, x_max, y_max = box
    above, below = y_min - _CAPTION_HEIGHT, y_max + 1
    if above >= 0:
        yield x_min, above
    yield x_min, y_min
    yield x_max - width, y_min
    if below + _CAPTION_HEIGHT <= height:
        yield x_min, below
    yield x_min, y_max - _CAPTION_HEIGHT
    for y in np.arange(y_min + _CAPTION_HEIGHT, y_max - _CAPTION_HEIGHT, _CAPTION_HEIGHT).tolist():
        yield x_min, y
        yield x_max - width, y


def _within(corner: tuple[float, float], width: float, size: tuple[int, int]) -> Box:
    left = max(0.0, min(corner[0], size[0] - width - 1))
    top = max(0.0, min(corner[1], size[1] - _CAPTION_HEIGHT - 1.0))
    return left, top, left + width, top + _CAPTION_HEIGHT


def _covered(place: Box, taken: Sequence[Box]) -> float:
    """Returns how many pixels of a place are taken."""
    return sum(
        max(0.0, min(place[2], other[2]) - max(place[0], other[0]))
        * max(0.0, min(place[3], other[3]) - max(place[1], other[1]))
        for other in taken
    )


def _cut(text: str, width: float) -> str:
    """Returns as much of a text as is not wider than some pixels."""
    font = letters()
    if font.getlength(text) <= width:
        return text
    kept = next((end for end in range(len(text), 0, -1) if font.getlength(text[:end] + "...") <= width), 0)
    return text[:kept] + "..." if kept else ""
