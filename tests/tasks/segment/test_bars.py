"""IoU of each class as a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from transferbench.tasks.segment.bars import Bar, _notes, _share, draw_bars

BLUE, BROWN, GREEN = (127, 179, 213), (160, 64, 0), (0, 200, 0)


def drawn(folder: Path, bars: list[Bar], title: str = "") -> np.ndarray:
    draw_bars(bars, folder / "classes.png", title=title)
    with Image.open(folder / "classes.png") as picture:
        assert picture.format == "PNG"
        return np.asarray(picture.convert("RGB")).astype(int)


def bar(
    iou: float | None, ms_iou: float | None = None, *, name: str = "road", colour: str = "#00c800"
) -> Bar:
    return Bar(name, colour, iou, 0.1, ms_iou)


def count(picture: np.ndarray, colour: tuple[int, int, int]) -> int:
    return int((picture == colour).all(axis=2).sum())


def length(picture: np.ndarray) -> int:
    """Returns the length of the longest bar in pixels."""
    return int((picture == BLUE).all(axis=2).sum(axis=1).max())


def test_a_bar_is_as_long_as_its_iou(tmp_path: Path) -> None:
    whole, half = (length(drawn(tmp_path, [bar(iou)])) for iou in (1.0, 0.5))

    assert whole > 500
    assert half == pytest.approx(whole / 2, abs=3)


def test_the_best_class_stands_first(tmp_path: Path) -> None:
    picture = drawn(tmp_path, [bar(0.2), bar(0.9, colour="#c80000"), bar(0.5)])

    lengths = (picture == BLUE).all(axis=2).sum(axis=1)
    tall = [int(each) for each in lengths[lengths > 50]]
    assert tall == sorted(tall, reverse=True)
    rows = [np.flatnonzero((picture == colour).all(axis=2).any(axis=1)) for colour in ((200, 0, 0), GREEN)]
    assert rows[0].max() < rows[1].min()


def test_several_scales_are_a_mark_where_they_are_known(tmp_path: Path) -> None:
    assert count(drawn(tmp_path, [bar(0.5)]), BROWN) == 0
    picture = drawn(tmp_path, [bar(0.5, 0.75)])

    columns = np.flatnonzero((picture == BROWN).all(axis=2).any(axis=0))
    first = int(np.flatnonzero((picture == BLUE).all(axis=2).any(axis=0))[0])
    assert columns.mean() - first == pytest.approx(1.5 * length(picture), abs=4)


def test_a_class_without_truth_is_named_and_not_drawn_as_zero(tmp_path: Path) -> None:
    absent = bar(None, name="tree")

    picture = drawn(tmp_path, [bar(0.5), absent])

    assert length(picture) == length(drawn(tmp_path, [bar(0.5)]))
    assert count(picture, GREEN) == count(drawn(tmp_path, [bar(0.5)]), GREEN) > 50
    assert _notes([bar(0.5), absent], 200)[-1] == "without a pixel in the truth (1): tree"


@pytest.mark.parametrize(
    ("share", "told"), [(0.0, "0.0 %"), (0.0004, "<0.1 %"), (0.25, "25.0 %"), (1.0, "100.0 %")]
)
def test_a_rare_class_is_not_told_to_be_none(share: float, told: str) -> None:
    assert _share(share) == told


@pytest.mark.parametrize("classes", [1, 21, 50, 51, pytest.param(150, marks=pytest.mark.slow)])
def test_every_class_has_a_row_large_enough_to_be_read(tmp_path: Path, classes: int) -> None:
    bars = [bar(0.5, name=f"class {number}", colour=f"#{number:02x}ff01") for number in range(classes)]

    picture = drawn(tmp_path, bars, "ade20k-fcn8@1")

    is_swatch = (picture[..., 1] == 255) & (picture[..., 2] == 1)
    assert len(np.unique(picture[is_swatch], axis=0)) >= classes
    assert picture.shape[0] <= 50 * 22 + 150


@pytest.mark.parametrize("bars", [[], [bar(None)], [bar(0.0, 0.0)], [bar(1.0, 1.0)]])
def test_nothing_and_all_are_drawn_too(tmp_path: Path, bars: list[Bar]) -> None:
    assert drawn(tmp_path, bars, "a title " * 30).shape[1] == 825


def test_names_are_not_taken_for_formulas_and_may_be_in_any_letters(tmp_path: Path) -> None:
    drawn(
        tmp_path,
        [bar(0.5, name="a $x$ b_{"), bar(None, name="\u9053\u8def"), bar(0.1, name="n" * 60)],
        "$ { $",
    )
