"""How well detections and objects of a picture agree: by hand."""

from __future__ import annotations

import pytest

from tests.tasks.detect.metric.boxes import Rows, found_of, none_found, random_case, truth_of
from transferbench.tasks.detect.metric.agreement import agreement, matches, most_and_least

OBJECTS: Rows = [(0, 0, 0, 0, 10, 10, 0), (0, 1, 20, 0, 30, 10, 0)]


def test_perfect_detections_agree_fully() -> None:
    found = found_of([(0, 1, 20, 0, 30, 10, 0.4), (0, 0, 0, 0, 10, 10, 0.9)])

    assert agreement(truth_of(OBJECTS), found, 1) == [1.0]


def test_what_is_wrong_and_what_is_missed_count_half() -> None:
    found = found_of([(0, 0, 0, 0, 10, 8, 0.9), (0, 1, 0, 0, 10, 10, 0.5)])

    # One found with an overlap of 0.8, one wrong, one missed.
    assert agreement(truth_of(OBJECTS), found, 1) == [pytest.approx(0.8 / (1 + 0.5 + 0.5))]


def test_detections_that_are_not_sure_are_not_looked_at() -> None:
    found = found_of([(0, 0, 0, 0, 10, 10, 0.3), (0, 1, 20, 0, 30, 10, 0.29)])

    assert agreement(truth_of(OBJECTS), found, 1) == [pytest.approx(1 / 1.5)]


def test_a_picture_without_objects_and_detections_has_no_agreement() -> None:
    found = found_of([(1, 0, 0, 0, 10, 10, 0.9)])

    assert agreement(truth_of(OBJECTS), found, 3) == [0.0, 0.0, None]
    assert agreement(truth_of([]), none_found(), 1) == [None]


def test_difficult_objects_and_what_lies_on_them_do_not_count() -> None:
    truth = truth_of([*OBJECTS, (0, 0, 40, 0, 50, 10, 1)])
    found = [(0, 0, 0, 0, 10, 10, 0.9), (0, 1, 20, 0, 30, 10, 0.8)]

    assert agreement(truth, found_of(found), 1) == [1.0]
    assert agreement(truth, found_of([*found, (0, 0, 40, 0, 50, 9, 0.95)]), 1) == [1.0]


def test_a_second_detection_on_an_object_does_not_go_to_a_difficult_one_below_it() -> None:
    truth = truth_of([(0, 0, 0, 0, 10, 10, 0), (0, 0, 0, 0, 10, 9, 1)])
    found = found_of([(0, 0, 0, 0, 10, 10, 0.9), (0, 0, 0, 0, 10, 9.8, 0.8)])

    assert agreement(truth, found, 1) == [pytest.approx(1 / 1.5)]


def test_matches_come_in_the_order_of_the_detections() -> None:
    found = found_of([(0, 0, 0, 0, 10, 9, 0.5), (0, 0, 0, 0, 10, 8, 0.9), (0, 1, 20, 0, 30, 10, 0.7)])

    matched = matches(truth_of(OBJECTS), found)

    assert matched.object_D.tolist() == [-1, 0, 1]
    assert matched.iou_D.tolist() == [0.0, pytest.approx(0.8), 1.0]
    assert matched.is_found_T.tolist() == [True, True]


@pytest.mark.parametrize("seed", range(5))
def test_agreement_is_a_share(seed: int) -> None:
    values = agreement(*random_case(seed), 12)

    known = [value for value in values if value is not None]
    assert 0 <= min(known) < max(known) <= 1


def test_most_and_least_share_no_picture() -> None:
    agreements = [0.5, None, 0.9, 0.5, 0.1]

    assert most_and_least(agreements, 1) == ([2], [4])
    assert most_and_least(agreements, 3) == ([2, 0, 3], [4])
    assert most_and_least([None], 2) == ([], [])
