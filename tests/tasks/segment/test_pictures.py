"""Pictures under the colours of their labels: what is drawn, how, and how large."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from transferbench.tasks.base import ClassMarks
from transferbench.tasks.drawing import Entry
from transferbench.tasks.segment import pictures
from transferbench.tasks.segment.pictures import Palette, draw_comparison, draw_prediction, overlay

COLOURS = ("#ff0000", "#00ff00", "#0000ff")
PALETTE = Palette.of(("road", "sky", "tree"), ClassMarks((1, 2, 3), COLOURS))
MANY = Palette.of(
    [f"class {label}" for label in range(150)],
    ClassMarks(tuple(range(150)), tuple(f"#{label:02x}80ff" for label in range(150))),
)
SIDE, TOP, GAP = 600, 2 * 26, 8
"""Of a panel, drawn as large as it is; of what stands above; between two."""
HATCH = [[128] * 3, [208] * 3]
SHAPES = [(1, 1), (100, 2000), (2000, 100), (33, 7), (375, 500)]


def pixels(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("RGB"))


def quarters(upper: tuple[int, int], lower: tuple[int, int]) -> np.ndarray:
    """Returns four squares of labels."""
    return np.array([upper, lower], np.uint8).repeat(SIDE // 2, 0).repeat(SIDE // 2, 1)


def panels(truth_HW: np.ndarray, predicted_HW: np.ndarray, grey: int = 100) -> list[np.ndarray]:
    """Returns the four pictures of a comparison."""
    picture_HW3 = np.full((*truth_HW.shape, 3), grey, np.uint8)
    sheet = pixels(draw_comparison(picture_HW3, truth_HW, predicted_HW, PALETTE, title="a picture"))
    lefts = [number * (SIDE + GAP) for number in range(4)]
    return [sheet[TOP : TOP + SIDE, left : left + SIDE] for left in lefts]


def legend(monkeypatch: pytest.MonkeyPatch, palette: Palette, *labels: np.ndarray) -> list[str]:
    """Returns what the legend of a comparison, or of a prediction, explains."""
    seen: list[str] = []

    def beside(panels: object, *, title: str, legend: list[Entry]) -> None:
        seen.extend(entry.text for entry in legend)

    monkeypatch.setattr(pictures, "beside", beside)
    picture_HW3 = np.zeros((*labels[0].shape, 3), np.uint8)
    if len(labels) > 1:
        draw_comparison(picture_HW3, labels[0], labels[1], palette)
    else:
        draw_prediction(picture_HW3, labels[0], palette)
    return seen


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((32, 40), (320, 256)),
        ((180, 240), (480, 360)),
        ((375, 500), (500, 375)),
        ((100, 200), (600, 300)),
        ((180, 400), (400, 180)),
        ((1024, 2048), (640, 320)),
        ((100, 2000), (640, 32)),
        ((1, 1), (256, 256)),
        ((1, 5000), (640, 1)),
    ],
)
def test_small_pictures_are_enlarged_by_a_whole_factor_and_large_ones_made_smaller(
    shape: tuple[int, int], size: tuple[int, int]
) -> None:
    drawn = overlay(np.zeros((*shape, 3), np.uint8), np.zeros(shape, np.uint8), PALETTE)

    assert drawn.size == size


def test_an_overlay_is_seven_tenths_colour_and_three_tenths_picture() -> None:
    labels_HW = np.array([[0, 1]], np.uint8).repeat(300, 0).repeat(300, 1)

    drawn = pixels(overlay(np.full((300, 600, 3), 100, np.uint8), labels_HW, PALETTE))

    assert drawn[10, 10].tolist() == [int(0.7 * 255 + 30), 30, 30]
    assert drawn[10, 590].tolist() == [30, int(0.7 * 255 + 30), 30]


def test_enlarging_makes_no_labels_that_were_not_there() -> None:
    labels_HW = np.array([[0, 2, 0]], np.uint8).repeat(3, 0)

    drawn = pixels(overlay(np.zeros((3, 3, 3), np.uint8), labels_HW, PALETTE))

    assert np.unique(drawn.reshape(-1, 3), axis=0).tolist() == [[0, 0, 178], [178, 0, 0]]


def test_truth_and_prediction_have_the_palette_s_colours_beside_the_picture() -> None:
    shown, truth, predicted, _ = panels(quarters((0, 1), (2, 255)), quarters((0, 2), (1, 0)))

    corners = [(5, 5), (5, -5), (-5, 5), (-5, -5)]
    assert (shown == 100).all()
    assert [truth[at].tolist() for at in corners[:3]] == [[255, 0, 0], [0, 255, 0], [0, 0, 255]]
    assert [predicted[at].tolist() for at in corners] == [[255, 0, 0], [0, 0, 255], [0, 255, 0], [255, 0, 0]]


def test_errors_are_dark_right_pixels_faint_and_ignored_ones_hatched() -> None:
    errors = panels(quarters((0, 1), (2, 255)), quarters((0, 2), (2, 0)))[3]

    half = SIDE // 2
    right, wrong = errors[:half, :half], errors[:half, half:]
    assert (right == int(255 - 0.25 * 155)).all()
    assert (wrong == (150, 0, 40)).all()
    assert (errors[half:, :half] == right).all()
    assert np.unique(errors[half:, half:].reshape(-1, 3), axis=0).tolist() == HATCH
    assert wrong.mean() < 70 < 210 < right.mean()


def test_a_hatch_is_told_from_a_grey_class_and_from_the_faint_picture() -> None:
    ignored = panels(quarters((255, 0), (255, 255)), quarters((0, 0), (0, 0)))[1][300:]

    assert np.unique(ignored.reshape(-1, 3), axis=0).tolist() == HATCH
    assert (ignored == HATCH[0]).all(axis=2).mean() == pytest.approx(0.5, abs=0.01)
    assert ignored[0, :8, 0].tolist() in [np.roll([128] * 4 + [208] * 4, turn).tolist() for turn in range(8)]


def test_a_prediction_of_no_class_is_hatched_and_wrong() -> None:
    _, _, predicted, errors = panels(quarters((0, 0), (0, 0)), quarters((0, 255), (0, 0)))

    half = SIDE // 2
    assert np.unique(predicted[:half, half:].reshape(-1, 3), axis=0).tolist() == HATCH
    assert (errors[:half, half:] == (150, 0, 40)).all()


def test_a_large_area_has_its_name_on_it_and_a_small_one_has_not() -> None:
    truth_HW = quarters((0, 0), (0, 0))
    truth_HW[:10, :10] = 1

    truth, predicted = panels(truth_HW, truth_HW)[1:3]

    letters = (truth == 255).all(axis=2)
    assert letters[280:320, 270:330].sum() == letters.sum() > 20
    assert (truth[:10, :10] == (0, 255, 0)).all()
    assert (truth == predicted).all()


def test_the_legend_has_the_largest_areas_first_and_what_the_errors_mean(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    truth_HW = np.array([[2, 2, 2, 0, 1, 1, 255]], np.uint8)

    told = legend(monkeypatch, PALETTE, truth_HW, truth_HW % 255)

    assert told == ["tree", "sky", "road", "ignored", "wrong", "right"]


def test_of_equal_areas_the_first_class_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    assert legend(monkeypatch, PALETTE, np.array([[2, 1, 0]], np.uint8)) == ["road", "sky", "tree"]


def test_a_legend_tells_a_dozen_classes_and_how_many_more_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    labels_HW = np.arange(150, dtype=np.uint8)[None].repeat(2, 0)

    told = legend(monkeypatch, MANY, labels_HW)

    assert told == [*(f"class {label}" for label in range(12)), "and 138 more"]


def test_a_class_that_is_only_predicted_is_in_the_legend(monkeypatch: pytest.MonkeyPatch) -> None:
    truth_HW, predicted_HW = np.zeros((2, 2), np.uint8), np.array([[1, 255], [0, 0]], np.uint8)

    told = legend(monkeypatch, PALETTE, truth_HW, predicted_HW)

    assert told == ["road", "sky", "of no class", "wrong", "right"]


def test_the_share_of_wrong_pixels_leaves_ignored_ones_out() -> None:
    truth_HW = np.array([[0, 0, 1, 1, 255]], np.uint8)

    assert pictures._told_errors(truth_HW, truth_HW * 0) == "wrong: 50.0 % of the labelled pixels"
    assert pictures._told_errors(truth_HW * 0 + 255, truth_HW) == "no labelled pixel"


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("label", [0, 149, 255])
def test_any_picture_is_drawn_with_room_for_all_that_is_written(shape: tuple[int, int], label: int) -> None:
    picture_HW3, labels_HW = np.zeros((*shape, 3), np.uint8), np.full(shape, label, np.uint8)

    sheet = draw_comparison(picture_HW3, labels_HW, labels_HW * 0, MANY, title="a long name " * 5)
    alone = draw_prediction(picture_HW3, labels_HW * 0, MANY)

    right = pixels(sheet)[:, -3:]
    assert (right[: TOP - 26] == 255).all() and (right[-26:] == 255).all()
    assert sheet.width > 400 and alone.width > 100


def test_all_of_150_classes_are_drawn() -> None:
    labels_HW = np.arange(150, dtype=np.uint8)[None].repeat(300, 0).repeat(4, 1)

    drawn = pixels(overlay(np.zeros((*labels_HW.shape, 3), np.uint8), labels_HW, MANY))

    assert len(np.unique(drawn[0], axis=0)) == 150 - sum(
        int(0.7 * v) == int(0.7 * (v - 1)) for v in range(1, 150)
    )
