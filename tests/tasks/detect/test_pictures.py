"""Pictures with boxes: what is drawn, how, and how large."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.tasks.detect.metric.boxes import found_of, none_found, truth_of
from transferbench.tasks.detect.marks import Line, Mark, marked
from transferbench.tasks.detect.pictures import class_colour, draw_comparison, draw_detections

CLASSES = ("cat", "dog")
GREY = np.full((400, 400, 3), 120, np.uint8)
TRUTH = truth_of([(0, 0, 50, 50, 150, 150, 0), (0, 1, 200, 200, 300, 300, 0), (0, 1, 20, 300, 90, 380, 1)])
FOUND = found_of([(0, 0, 50, 50, 150, 150, 0.9), (0, 0, 200, 60, 330, 160, 0.8)])


def pixels(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("RGB")).astype(int)


def drawn_share(line: Line) -> float:
    """Returns how much of the left edge of a box has its colour."""
    picture = pixels(marked(GREY, [Mark((100, 100, 300, 300), "", (255, 0, 0), line)]))
    return float((picture[130:270, 101] == (255, 0, 0)).all(axis=1).mean())


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((32, 48), (576, 384)),
        ((400, 500), (500, 400)),
        ((1, 1), (384, 384)),
        ((3000, 12000), (1600, 400)),
        ((1, 12000), (1600, 1)),
    ],
)
def test_small_pictures_are_enlarged_and_large_ones_made_smaller(
    shape: tuple[int, int], size: tuple[int, int]
) -> None:
    none = none_found()

    picture = draw_detections(
        np.zeros((*shape, 3), np.uint8), none.boxes_D4, none.label_D, none.score_D, CLASSES
    )

    assert picture.size == size


def test_lines_can_be_told_apart_without_colour() -> None:
    shares = [drawn_share(line) for line in ("solid", "dashed", "dotted")]

    assert shares[0] == 1.0
    assert 0.5 < shares[1] < 0.75
    assert 0.2 < shares[2] < 0.6
    assert shares[2] < shares[1]


def test_a_detection_is_drawn_on_its_box_in_the_colour_of_its_class() -> None:
    picture = pixels(
        draw_detections(GREY, np.array([[100, 120, 300, 320]]), np.array([1]), np.array([0.5]), CLASSES)
    )

    is_coloured = (picture == class_colour(1)).all(axis=2)
    assert is_coloured[200, 100] and is_coloured[200, 299] and is_coloured[319, 200]
    assert not is_coloured[200, 150]


def test_no_caption_hides_another() -> None:
    box = [10, 10, 40, 40]
    two = [Mark(box, "the first of two", (255, 0, 0)), Mark(box, "the second of two", (0, 255, 0))]

    counts = [
        [int((pixels(marked(GREY, marks)) == mark.colour).all(axis=2).sum()) for mark in two]
        for marks in (two, two[:1], two[1:])
    ]

    # Each as large as if it were alone, but for the outline of the first, which lies below the second's.
    assert counts[0][1] == counts[2][1]
    assert counts[0][0] > 0.7 * counts[1][0]


def test_a_caption_without_a_free_place_is_left_out() -> None:
    whole = [0, 0, 400, 400]
    many = [Mark(whole, f"caption number {number}", (255, 0, number)) for number in range(100)]

    picture = pixels(marked(GREY, many))

    shown = [number for number in range(100) if (picture == (255, 0, number)).all(axis=2).sum() > 500]
    assert 99 in shown
    assert 0 not in shown


def test_truth_and_predictions_stand_side_by_side() -> None:
    sheet = draw_comparison(GREY, TRUTH, FOUND, CLASSES, title="VOC2007/000005")

    assert sheet.width == 400 * 2 + 8
    assert sheet.height > 400 + 3 * 20
    # Under the titles and the headings, the picture; between the two, paper.
    ground = pixels(sheet)
    assert (ground[200, 250] == 120).all() and (ground[200, 404] == 255).all()


def test_what_is_missed_or_wrong_or_difficult_looks_unlike_what_is_found() -> None:
    sheet = pixels(draw_comparison(GREY, TRUTH, FOUND, CLASSES))
    top = 26

    def edge(panel: int, x: int, y: int) -> tuple[int, ...]:
        column = sheet[top + y + 22 : top + y + 70, panel * 408 + x + 1]
        colours, counts = np.unique(column, axis=0, return_counts=True)
        return tuple(colours[counts.argmax()].tolist())

    found, missed, difficult, wrong = edge(0, 50, 50), edge(0, 200, 200), edge(0, 20, 300), edge(1, 200, 60)
    assert found == edge(1, 50, 50)
    assert missed == wrong
    assert len({found, missed, difficult}) == 3


def test_a_picture_with_nothing_in_it_is_drawn() -> None:
    sheet = draw_comparison(GREY, truth_of([]), none_found(), CLASSES)

    assert sheet.width == 808


def test_it_does_not_matter_what_number_the_picture_has() -> None:
    truth, found = truth_of([(7, 0, 50, 50, 150, 150, 0)]), found_of([(7, 0, 50, 50, 150, 150, 0.9)])
    same = truth_of([(0, 0, 50, 50, 150, 150, 0)]), found_of([(0, 0, 50, 50, 150, 150, 0.9)])

    drawn = draw_comparison(GREY, truth.of(7), found.of(7, 0.3), CLASSES)

    assert drawn.tobytes() == draw_comparison(GREY, *same, CLASSES).tobytes()
    assert len(found.of(7, 0.95).label_D) == len(truth.of(0).label_T) == 0
