"""Pictures side by side: what stands where, and that nothing is cut off."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from transferbench.tasks.drawing import Box, Entry, beside, letters, sample

RED, BLUE = (255, 0, 0), (0, 0, 255)
BAR = 26


def panel(width: int, height: int, colour: tuple[int, int, int]) -> Image.Image:
    return Image.new("RGB", (width, height), colour)


def filled(picture: Image.Image, box: Box) -> None:
    ImageDraw.Draw(picture).rectangle(box, fill=RED)


def is_coloured(sheet: Image.Image, colour: tuple[int, int, int]) -> np.ndarray:
    return np.asarray((np.asarray(sheet) == colour).all(axis=2))


def inked(sheet: Image.Image) -> int:
    """Returns the last column in which something is written."""
    return int(np.flatnonzero((np.asarray(sheet) < 100).all(axis=2).any(axis=0)).max())


@pytest.mark.parametrize(("title", "top"), [("", BAR), ("a title", 2 * BAR)])
def test_panels_stand_beside_each_other_under_title_and_headings(title: str, top: int) -> None:
    panels = [("one", panel(200, 100, RED)), ("other", panel(200, 100, BLUE))]

    sheet = beside(panels, title=title, legend=[])

    assert sheet.size == (408, top + 100)
    assert is_coloured(sheet, RED)[top:, :200].all()
    assert is_coloured(sheet, BLUE)[top:, 208:].all()


def test_no_heading_of_a_narrow_panel_is_cut_off_or_lies_on_the_next() -> None:
    heading = "a heading that is long"

    sheet = beside([(heading, panel(5, 100, RED)), (heading, panel(5, 100, BLUE))], title="", legend=[])

    length = letters().getlength(heading)
    lefts = [np.flatnonzero(is_coloured(sheet, colour).any(axis=0))[0] for colour in (RED, BLUE)]
    assert lefts[1] - lefts[0] >= length + 8
    assert inked(sheet) < sheet.width - 1


@pytest.mark.parametrize("text", ["short", "w" * 60])
def test_a_title_and_an_entry_of_any_length_have_room(text: str) -> None:
    named = beside([("", panel(5, 5, RED))], title=text, legend=[])
    explained = beside([("", panel(5, 5, RED))], title="", legend=[Entry(text, sample(filled))])

    length = letters().getlength(text)
    assert length < inked(named) < named.width
    assert length + 36 < inked(explained) < explained.width


def test_a_legend_takes_as_many_rows_as_it_needs() -> None:
    entries = [Entry("an entry", sample(filled))] * 9

    heights = [
        beside([("", panel(300, 50, BLUE))], title="", legend=entries[:n]).height for n in (0, 1, 2, 3, 9)
    ]

    assert heights == [BAR + 50 + BAR * rows for rows in (0, 1, 1, 2, 5)]


def test_words_without_a_sample_stand_where_the_sample_would() -> None:
    with_sample, without = (
        beside([("", panel(300, 50, BLUE))], title="", legend=[Entry("words", each)])
        for each in (sample(filled), None)
    )

    assert is_coloured(with_sample, RED).sum() == 31 * 17
    assert not is_coloured(without, RED).any()
    assert inked(with_sample) - inked(without) == 36
