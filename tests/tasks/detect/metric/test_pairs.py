"""Pairs of detections and objects, and who takes what."""

from __future__ import annotations

import numpy as np
import pytest

from transferbench.tasks.detect.metric.pairs import Pairs, best_objects, iou, match_greedily, pair_up


def test_every_pair_of_a_group_is_there_once_and_none_of_two_groups() -> None:
    group_D, group_T = np.array([2, 0, 2, 5]), np.array([2, 1, 0, 2])

    pairs = pair_up(group_D, group_T)

    assert list(zip(pairs.detection_P.tolist(), pairs.object_P.tolist(), strict=True)) == [
        (0, 0),
        (0, 3),
        (1, 2),
        (2, 0),
        (2, 3),
    ]


def test_nothing_pairs_with_nothing() -> None:
    none = np.zeros(0, dtype=int)

    pairs = pair_up(none, none)

    assert len(pairs.detection_P) == 0
    assert best_objects(pairs, np.zeros(0), 2)[0].tolist() == [-1, -1]
    assert match_greedily(pairs, np.zeros(0), 2, 0).tolist() == [-1, -1]


def test_the_overlap_of_quarters_is_a_seventh() -> None:
    first, second = np.array([[0, 0, 10, 10]]), np.array([[5, 5, 15, 15]])

    assert iou(first, second).tolist() == [pytest.approx(25 / 175)]
    assert iou(first, first).tolist() == [1.0]


def test_the_first_of_equally_overlapped_objects_is_the_best() -> None:
    pairs = Pairs(np.array([0, 0, 0, 2]), np.array([1, 4, 5, 0]))

    best_D, iou_D = best_objects(pairs, np.array([0.2, 0.7, 0.7, 0.0]), 3)

    assert best_D.tolist() == [4, -1, 0]
    assert iou_D.tolist() == [0.7, -1.0, 0.0]


def test_a_later_detection_takes_the_next_best_object_that_is_left() -> None:
    pairs = Pairs(np.array([0, 0, 1, 1, 2]), np.array([0, 1, 0, 1, 1]))

    taken_D = match_greedily(pairs, np.array([0.9, 0.6, 0.8, 0.7, 0.95]), 3, 2)

    assert taken_D.tolist() == [0, 1, -1]


@pytest.mark.parametrize("seed", range(20))
def test_matching_all_at_once_is_matching_one_after_the_other(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pairs = pair_up(rng.integers(0, 3, 30), rng.integers(0, 3, 12))
    iou_P = rng.integers(1, 6, len(pairs.object_P)) / 5

    taken_D = match_greedily(pairs, iou_P, 30, 12)

    assert taken_D.tolist() == one_after_the_other(pairs, iou_P, 30)


def one_after_the_other(pairs: Pairs, iou_P: np.ndarray, detections: int) -> list[int]:
    taken: list[int] = []
    for detection in range(detections):
        best, best_iou = -1, 0.0
        for pair in np.flatnonzero(pairs.detection_P == detection):
            if pairs.object_P[pair] not in taken and iou_P[pair] > best_iou:
                best, best_iou = int(pairs.object_P[pair]), iou_P[pair]
        taken.append(best)
    return taken
