"""Pictures side by side under headings, above a legend."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from PIL import Image, ImageDraw, ImageFont

Colour = tuple[int, int, int]
Box = tuple[float, float, float, float]
"""(x_min, y_min, x_max, y_max) in pixels of a drawing."""
INK, PAPER = (0, 0, 0), (255, 255, 255)
FONT_SIZE = 15
_BAR_HEIGHT = FONT_SIZE + 11
_GAP = 8
_SAMPLE_SIZE = (30, 16)
"""Of what a legend shows, without its rim of one pixel."""
_SAMPLE_WIDTH = _SAMPLE_SIZE[0] + 6
_ENTRY_GAP = 20


@dataclass(frozen=True)
class Entry:
    """What a legend explains."""

    text: str
    sample: Image.Image | None = None
    """See `sample`; None for words alone."""


def sample(draw: Callable[[Image.Image, Box], None]) -> Image.Image:
    """Returns a small picture for a legend, in which a box was drawn that has one pixel of room around it."""
    width, height = _SAMPLE_SIZE
    picture = Image.new("RGB", (width + 3, height + 3), PAPER)
    draw(picture, (1, 1, width + 1, height + 1))
    return picture


def beside(panels: Sequence[tuple[str, Image.Image]], *, title: str, legend: Sequence[Entry]) -> Image.Image:
    """Returns pictures of one size side by side, each under its heading.

    Args:
        panels: heading and picture.
        title: above all; may be empty.
        legend: below all.
    """
    font = letters()
    widths = [
        max(picture.width, math.ceil(font.getlength(heading)) + _GAP if heading else 0)
        for heading, picture in panels
    ]
    texts = [title] if title else []
    width = max(
        sum(widths) + _GAP * (len(panels) - 1),
        *(int(font.getlength(text)) + 2 * _GAP for text in texts),
        *(math.ceil(_GAP + _width(entry)) for entry in legend),
        1,
    )
    top = _BAR_HEIGHT * (len(texts) + 1)
    rows = list(_rows(legend, width))
    height = top + max(picture.height for _, picture in panels) + _BAR_HEIGHT * len(rows)
    sheet = Image.new("RGB", (width, height), PAPER)
    pen = ImageDraw.Draw(sheet)
    for text in texts:
        pen.text((_GAP, 4), text, fill=INK, font=font)
    left = 0
    for (heading, picture), column in zip(panels, widths, strict=True):
        pen.text((left + _GAP / 2, top - _BAR_HEIGHT + 4), heading, fill=INK, font=font)
        sheet.paste(picture, (left, top))
        left += column + _GAP
    for number, row in enumerate(rows):
        _draw_row(sheet, row, height - _BAR_HEIGHT * (len(rows) - number))
    return sheet


@cache
def letters() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Returns the font of all drawings."""
    return ImageFont.load_default(FONT_SIZE)


def plain(text: str) -> str:
    """Returns a text for matplotlib in which a dollar sign is one."""
    return text.replace("$", r"\$")


def shortened(name: str, longest: int) -> str:
    """Returns a name of at most so many letters, dots in place of the last ones."""
    return name if len(name) <= longest else name[: longest - 3] + "..."


def _rows(legend: Sequence[Entry], width: int) -> Iterator[list[tuple[float, Entry]]]:
    """Yields the rows of a legend: each entry and where it begins."""
    row: list[tuple[float, Entry]] = []
    x = float(_GAP)
    for entry in legend:
        wide = _width(entry) + _ENTRY_GAP
        if row and x + wide > width:
            yield row
            row, x = [], float(_GAP)
        row.append((x, entry))
        x += wide
    if row:
        yield row


def _width(entry: Entry) -> float:
    return (_SAMPLE_WIDTH if entry.sample else 0) + letters().getlength(entry.text)


def _draw_row(sheet: Image.Image, row: Sequence[tuple[float, Entry]], top: int) -> None:
    pen = ImageDraw.Draw(sheet)
    for x, entry in row:
        at = x
        if entry.sample is not None:
            sheet.paste(entry.sample, (int(x) - 1, top + 4))
            at += _SAMPLE_WIDTH
        pen.text((at, top + 4), entry.text, fill=INK, font=letters())
