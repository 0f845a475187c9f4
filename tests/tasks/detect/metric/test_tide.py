"""The kinds of errors: by hand, and against what tidecv says."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from tests.tasks.detect.metric.boxes import CLASSES, Rows, found_of, none_found, random_case, truth_of
from transferbench.tasks.detect.metric.tide import TideErrors, tide_difference, tide_errors

KINDS = tuple(TideErrors.__dataclass_fields__)
OBJECTS: Rows = [(0, 0, 0, 0, 10, 10, 0), (1, 0, 0, 0, 10, 10, 0), (1, 1, 50, 0, 60, 10, 0)]
FOUND: Rows = [(0, 0, 0, 0, 10, 10, 0.9), (1, 0, 0, 0, 10, 10, 0.8), (1, 1, 50, 0, 60, 10, 0.7)]

# tidecv 1.0.1 on `scene`, in points, in the order of KINDS.
TIDECV = {
    0: (
        *(3.217541118526455, 10.116702710630832, 2.8171722646507362, 4.690986462001476),
        *(4.958390423848613, 4.8861865060850675, 40.50170069033582, 7.412345814314328),
    ),
    1: (
        *(7.108871269430082, 14.2501405697071, 0.6211326491517113, 4.601831094664888),
        *(2.4805205163040824, 0.7849975280928874, 38.123936052413434, 7.133878590785287),
    ),
    2: (
        *(10.945063286349871, 15.112671081893268, 1.7983892176088432, 4.494406850202552),
        *(0.9349233126369896, 1.696783689357929, 40.95519353376155, 9.209041725881818),
    ),
}


def scene(seed: int) -> TideErrors:
    return tide_errors(*random_case(seed, difficult=0, has_ties=False, confused=0.4), CLASSES)


def lost(objects: Rows, found: Rows) -> dict[str, float]:
    """Returns the kinds that cost something."""
    errors = asdict(tide_errors(truth_of(objects), found_of(found), 2))
    return {kind: value for kind, value in errors.items() if value}


@pytest.mark.parametrize("seed", TIDECV)
def test_every_kind_costs_what_tidecv_says(seed: int) -> None:
    ours = asdict(scene(seed))

    assert ours == pytest.approx(
        {kind: points / 100 for kind, points in zip(KINDS, TIDECV[seed], strict=True)}, abs=1e-12
    )


def test_perfect_detections_lose_nothing() -> None:
    assert lost(OBJECTS, FOUND) == {}


def test_without_detections_nothing_is_wrong_and_all_is_missed() -> None:
    errors = tide_errors(truth_of(OBJECTS), none_found(), 2)

    # No class is left to be scored once all objects are taken away, so that nothing is won.
    assert set(asdict(errors).values()) == {0.0}


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        ((1, 1, 0, 0, 10, 10, 0.95), "classification"),
        ((1, 0, 0, 0, 4, 10, 0.95), "localisation"),
        ((1, 1, 0, 0, 4, 10, 0.95), "both"),
        ((1, 0, 80, 80, 90, 90, 0.95), "background"),
        ((0, 1, 20, 20, 30, 30, 0.95), "background"),
    ],
)
def test_a_wrong_detection_is_of_one_kind(wrong: tuple[float, ...], kind: str) -> None:
    assert set(lost(OBJECTS, [*FOUND, wrong])) == {kind, "false_positives"}


def test_a_second_box_on_an_object_is_a_duplicate() -> None:
    # Of class 0: right, wrong, right; the second half of the recalls has a precision of 2/3.
    duplicate = (0, 0, 0, 0, 10, 9, 0.85)

    costs = lost(OBJECTS, [*FOUND, duplicate])

    assert set(costs) == {"duplicate", "false_positives"}
    assert costs["duplicate"] == pytest.approx(50 / 101 * (1 / 3) / 2)


def test_an_object_that_nothing_comes_near_is_missed() -> None:
    costs = lost(OBJECTS, [FOUND[0], FOUND[2]])

    assert set(costs) == {"missed", "false_negatives"}
    assert costs["missed"] == pytest.approx(50 / 101 / 2)


def test_an_object_that_a_moved_detection_would_find_is_not_missed() -> None:
    costs = lost(OBJECTS, [FOUND[0], (1, 0, 0, 0, 4, 10, 0.8), FOUND[2]])

    assert set(costs) == {"localisation", "false_negatives"}


def test_of_two_that_would_find_an_object_the_better_is_mended_and_the_other_taken_away() -> None:
    near = [(1, 0, 0, 0, 4, 10, 0.95), (1, 0, 0, 0, 3, 10, 0.92)]

    costs = lost(OBJECTS, [FOUND[0], FOUND[2], *near])

    # Class 0 goes from one right behind two wrong ones, at half the recalls, to 1.
    assert costs["localisation"] == pytest.approx((1 - 51 / 101 / 3) / 2)


def test_what_lies_on_a_difficult_object_is_no_error() -> None:
    hard = (0, 0, 20, 20, 30, 30, 1)

    assert lost([*OBJECTS, hard], [*FOUND, (0, 0, 20, 20, 30, 29, 0.99)]) == {}
    assert "background" in lost(OBJECTS, [*FOUND, (0, 0, 20, 20, 30, 29, 0.99)])


def test_only_the_best_hundred_of_a_picture_are_looked_at() -> None:
    better = [(0, 1, 20, 20, 30, 30, 0.95 - number / 1000) for number in range(100)]
    last = (0, 0, 0, 0, 10, 10, 0.2)

    assert "missed" not in lost(OBJECTS, [*better[:99], last, *FOUND[1:]])
    assert "missed" in lost(OBJECTS, [*better, last, *FOUND[1:]])


def test_a_class_without_objects_is_in_no_mean() -> None:
    found = [*FOUND[:2], (0, 1, 20, 20, 30, 30, 0.99)]

    assert lost(OBJECTS[:2], found) == {}


def test_the_difference_says_what_the_first_loses_more() -> None:
    first, second = scene(0), scene(1)

    difference = tide_difference(first, second)

    assert difference.missed == pytest.approx(0.048861865060850675 - 0.007849975280928874)
    assert set(asdict(tide_difference(first, first)).values()) == {0.0}
