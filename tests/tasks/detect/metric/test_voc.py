"""VOC's average precision: by hand, and against a loop in the style of the development kit."""

from __future__ import annotations

import numpy as np
import pytest

from tests.tasks.detect.metric.boxes import CLASSES, found_of, none_found, random_case, truth_of
from transferbench.benchmarks.voc_loop import loop_ap, scene
from transferbench.tasks.detect.metric.truth import Found, Truth
from transferbench.tasks.detect.metric.voc import average_precision, mean_ap, voc_ap, voc_curves
from transferbench.tasks.detect.settings import Overlap


def test_two_right_of_two_are_perfect_by_both_rules() -> None:
    truth = truth_of([(0, 0, 0, 0, 10, 10, 0), (1, 0, 5, 5, 15, 15, 0)])
    found = found_of([(0, 0, 0, 0, 10, 10, 0.9), (1, 0, 5, 5, 15, 15, 0.8)])

    assert voc_ap(truth, found, 1) == [1.0]
    assert voc_ap(truth, found, 1, points=11) == [pytest.approx(1.0)]


def test_a_wrong_one_between_two_right_ones_costs_what_a_pencil_says() -> None:
    truth = truth_of([(0, 0, 0, 0, 10, 10, 0), (1, 0, 0, 0, 10, 10, 0)])
    found = found_of([(0, 0, 0, 0, 10, 10, 0.9), (0, 0, 20, 20, 30, 30, 0.8), (1, 0, 0, 0, 10, 10, 0.7)])

    # Precision 1, 1/2, 2/3 at recall 1/2, 1/2, 1; six of the eleven points lie at or below 1/2.
    assert voc_ap(truth, found, 1) == [pytest.approx(0.5 * 1 + 0.5 * 2 / 3)]
    assert voc_ap(truth, found, 1, points=11) == [pytest.approx((6 * 1 + 5 * 2 / 3) / 11)]


def test_an_object_is_found_once_and_the_second_box_on_it_is_wrong() -> None:
    truth = truth_of([(0, 0, 0, 0, 10, 10, 0), (0, 0, 50, 50, 60, 60, 0)])
    found = found_of([(0, 0, 0, 0, 10, 10, 0.9), (0, 0, 0, 0, 10, 9, 0.8), (0, 0, 50, 50, 60, 60, 0.7)])

    assert voc_ap(truth, found, 1) == [pytest.approx(0.5 * 1 + 0.5 * 2 / 3)]


def test_a_detection_on_a_difficult_object_counts_neither_way() -> None:
    truth = truth_of([(0, 0, 0, 0, 10, 10, 0), (0, 0, 20, 20, 30, 30, 1)])
    found = found_of([(0, 0, 20, 20, 30, 30, 0.9), (0, 0, 20, 20, 30, 30, 0.8), (0, 0, 0, 0, 10, 10, 0.7)])

    assert voc_ap(truth, found, 1) == [1.0]


def test_equal_scores_are_taken_in_the_order_given() -> None:
    truth = truth_of([(0, 0, 0, 0, 10, 10, 0)])
    right, wrong = (0, 0, 0, 0, 10, 10, 0.5), (0, 0, 20, 20, 30, 30, 0.5)

    assert voc_ap(truth, found_of([right, wrong]), 1) == [1.0]
    assert voc_ap(truth, found_of([wrong, right]), 1) == [0.5]


def test_an_overlap_of_exactly_one_half_counts() -> None:
    truth = truth_of([(0, 0, 0, 0, 10, 10, 0)])
    found = found_of([(0, 0, 0, 0, 10, 5, 0.9)])

    assert voc_ap(truth, found, 1) == [1.0]
    assert voc_ap(truth, found, 1, least_iou=0.51) == [0.0]


def test_sides_of_inclusive_edges_without_the_one_are_a_pixel_shorter() -> None:
    # As VOC writes them: (1, 1, 10, 10) and (1, 1, 5, 10); 50 of 100 pixels, or 4 x 9 of 9 x 9.
    truth = truth_of([(0, 0, 0, 0, 10, 10, 0)])
    found = found_of([(0, 0, 0, 0, 5, 10, 0.9)])

    assert voc_ap(truth, found, 1, overlap="devkit") == [1.0]
    assert voc_ap(truth, found, 1, overlap="no-plus-one") == [0.0]


def test_a_box_without_a_side_overlaps_nothing_and_breaks_nothing() -> None:
    truth = truth_of([(0, 0, 5, 5, 6, 6, 0), (0, 0, 0, 0, 10, 10, 0)])
    found = found_of([(0, 0, 5, 5, 5, 9, 0.9), (0, 0, 5, 5, 6, 6, 0.8), (0, 0, 0, 0, 10, 10, 0.7)])

    assert voc_ap(truth, found, 1) == [pytest.approx(0.5 * 2 / 3 + 0.5 * 2 / 3)]
    assert voc_ap(truth, found, 1, overlap="no-plus-one") == [pytest.approx(0.5 / 3)]


def test_a_class_without_objects_is_none_and_left_out_of_the_mean() -> None:
    truth = truth_of([(0, 0, 0, 0, 10, 10, 0), (0, 2, 0, 0, 10, 10, 1)])
    found = found_of([(0, 0, 0, 0, 10, 10, 0.9), (0, 1, 0, 0, 10, 10, 0.9), (0, 2, 0, 0, 10, 10, 0.9)])

    aps = voc_ap(truth, found, 3)

    assert aps == [1.0, None, None]
    assert mean_ap(aps) == 1.0


def test_detections_in_a_picture_without_objects_are_wrong() -> None:
    truth = truth_of([(0, 0, 0, 0, 10, 10, 0)])
    found = found_of([(1, 0, 0, 0, 10, 10, 0.9), (0, 0, 0, 0, 10, 10, 0.8)])

    assert voc_ap(truth, found, 1) == [0.5]


def test_without_detections_every_score_is_zero() -> None:
    truth = truth_of([(0, 0, 0, 0, 10, 10, 0)])

    assert voc_ap(truth, none_found(), 2) == [0.0, None]
    assert voc_ap(truth, none_found(), 2, points=11) == [0.0, None]


def test_curves_count_the_objects_and_hold_what_is_not_left_out() -> None:
    truth = truth_of([(0, 1, 0, 0, 10, 10, 0), (0, 1, 20, 20, 30, 30, 1), (1, 1, 0, 0, 9, 9, 0)])
    found = found_of([(0, 1, 20, 20, 30, 30, 0.9), (0, 1, 0, 0, 10, 10, 0.8), (0, 0, 0, 0, 10, 10, 0.7)])

    of_class_0, of_class_1 = voc_curves(truth, found, 2)

    assert (of_class_0.objects, of_class_0.difficult, of_class_0.precision_D.tolist()) == (0, 0, [0.0])
    assert (of_class_1.objects, of_class_1.difficult) == (2, 1)
    assert (of_class_1.precision_D.tolist(), of_class_1.recall_D.tolist()) == ([1.0], [0.5])


def test_precision_and_recall_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="as many precisions as recalls, got 2 and 1"):
        average_precision(np.ones(2), np.ones(1))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("overlap", ["devkit", "no-plus-one"])
def test_voc_agrees_with_a_loop_in_the_style_of_the_development_kit(seed: int, overlap: Overlap) -> None:
    truth, found = random_case(seed)
    extra = 0.0 if overlap == "devkit" else -1.0

    for points in (11, None):
        ours = [curve.ap(points) for curve in voc_curves(truth, found, CLASSES, overlap=overlap)]
        slow = [devkit_ap(truth, found, label, points, extra) for label in range(CLASSES)]
        assert ours == pytest.approx(slow, abs=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("overlap", ["devkit", "no-plus-one"])
def test_as_many_detections_as_voc_2007_may_have_give_what_a_loop_gives(overlap: Overlap) -> None:
    truth, found, classes = scene()

    curves = voc_curves(truth, found, classes, overlap=overlap)

    slow = loop_ap(truth, found, classes, overlap)
    assert [curve.ap(11) for curve in curves] == pytest.approx(slow["07"], abs=1e-9)
    assert [curve.ap() for curve in curves] == pytest.approx(slow["area"], abs=1e-9)


def devkit_ap(truth: Truth, found: Found, label: int, points: int | None, extra: float) -> float | None:
    """VOCevaldet, box by box."""
    mine = np.flatnonzero(truth.label_T == label)
    objects = int((~truth.is_difficult_T[mine]).sum())
    if objects == 0:
        return None
    taken: set[int] = set()
    right, wrong = [], []
    dets = np.flatnonzero(found.label_D == label)
    for d in dets[np.argsort(-found.score_D[dets], kind="stable")]:
        best, best_iou = -1, -np.inf
        for t in mine:
            if truth.picture_T[t] == found.picture_D[d]:
                iou = slow_iou(truth.boxes_T4[t], found.boxes_D4[d], extra)
                if iou > best_iou:
                    best, best_iou = int(t), iou
        is_on = best_iou >= 0.5
        is_ignored = is_on and bool(truth.is_difficult_T[best])
        right.append(float(is_on and not is_ignored and best not in taken))
        wrong.append(float(not is_ignored and not right[-1]))
        if is_on:
            taken.add(best)
    tp, fp = np.cumsum(right), np.cumsum(wrong)
    return slow_area(tp / objects, tp / np.maximum(tp + fp, 1e-300), points)


def slow_iou(a: np.ndarray, b: np.ndarray, extra: float) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0]) + extra
    height = min(a[3], b[3]) - max(a[1], b[1]) + extra
    if width <= 0 or height <= 0:
        return 0.0
    areas = [(box[2] - box[0] + extra) * (box[3] - box[1] + extra) for box in (a, b)]
    return float(width * height / (sum(areas) - width * height))


def slow_area(recall: np.ndarray, precision: np.ndarray, points: int | None) -> float:
    if points == 11:
        over = [precision[recall >= t] for t in np.arange(0.0, 1.1, 0.1)]
        return float(sum(p.max() if len(p) else 0.0 for p in over) / 11)
    recall, precision = np.r_[0, recall, 1], np.r_[0, precision, 0]
    for i in range(len(precision) - 1, 0, -1):
        precision[i - 1] = max(precision[i - 1], precision[i])
    steps = np.flatnonzero(recall[1:] != recall[:-1])
    return float(((recall[steps + 1] - recall[steps]) * precision[steps + 1]).sum())
