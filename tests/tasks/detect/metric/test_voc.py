"""Average precision: by hand, against a loop in the style of the development kit, against pycocotools."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from transferbench.tasks.detect.metric.coco import coco_ap
from transferbench.tasks.detect.metric.truth import Found, Truth
from transferbench.tasks.detect.metric.voc import average_precision, mean_ap, voc_ap

Rows = list[tuple[float, ...]]


def truth_of(rows: Rows) -> Truth:
    """Makes objects of (picture, label, x_min, y_min, x_max, y_max, is_difficult)."""
    table = np.array(rows, float).reshape(-1, 7)
    return Truth(table[:, 0].astype(int), table[:, 2:6], table[:, 1].astype(int), table[:, 6] > 0)


def found_of(rows: Rows) -> Found:
    """Makes detections of (picture, label, x_min, y_min, x_max, y_max, score)."""
    table = np.array(rows, float).reshape(-1, 7)
    return Found(table[:, 0].astype(int), table[:, 2:6], table[:, 1].astype(int), table[:, 6])


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
    assert voc_ap(truth, found, 1, iou=0.51) == [0.0]


def test_plus_one_is_for_boxes_with_inclusive_edges() -> None:
    # 4 x 10 of 10 x 10 pixels: 0.4 with exclusive edges; 5 x 10 of 10 x 10 if the last pixel counts.
    truth = truth_of([(0, 0, 1, 1, 10, 10, 0)])
    found = found_of([(0, 0, 1, 1, 5, 10, 0.9)])

    assert voc_ap(truth, found, 1) == [0.0]
    assert voc_ap(truth, found, 1, is_plus_one=True) == [1.0]


def test_a_class_without_objects_is_none_and_left_out_of_the_mean() -> None:
    truth = truth_of([(0, 0, 0, 0, 10, 10, 0), (0, 2, 0, 0, 10, 10, 1)])
    found = found_of([(0, 0, 0, 0, 10, 10, 0.9), (0, 1, 0, 0, 10, 10, 0.9), (0, 2, 0, 0, 10, 10, 0.9)])

    aps = voc_ap(truth, found, 3)

    assert aps == [1.0, None, None]
    assert mean_ap(aps) == 1.0


def test_without_detections_every_score_is_zero() -> None:
    truth = truth_of([(0, 0, 0, 0, 10, 10, 0)])
    found = found_of([])

    assert voc_ap(truth, found, 2) == [0.0, None]
    assert voc_ap(truth, found, 2, points=11) == [0.0, None]
    assert coco_ap(truth, found, 1, 2) == ([0.0, None], [0.0, None])


def test_precision_and_recall_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="as many precisions as recalls, got 2 and 1"):
        average_precision(np.ones(2), np.ones(1))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("is_plus_one", [False, True])
def test_voc_agrees_with_a_loop_in_the_style_of_the_development_kit(seed: int, is_plus_one: bool) -> None:
    truth, found = random_case(seed)

    for points in (11, None):
        ours = voc_ap(truth, found, 3, points=points, is_plus_one=is_plus_one)
        slow = [devkit_ap(truth, found, label, points, float(is_plus_one)) for label in range(3)]
        assert ours == pytest.approx(slow, abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_coco_agrees_with_the_summary_of_pycocotools(seed: int) -> None:
    truth, found = random_case(seed)

    ap, ap50 = coco_ap(truth, found, 12, 3)

    assert (mean_ap(ap), mean_ap(ap50)) == pytest.approx(pycocotools_summary(truth, found), abs=1e-12)


def test_scoring_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    coco_ap(*random_case(0), 12, 3)

    assert capsys.readouterr() == ("", "")


def random_case(seed: int) -> tuple[Truth, Found]:
    """Returns objects in 12 pictures and detections near them, some of another class, some tied."""
    rng = np.random.default_rng(seed)
    corner = rng.integers(0, 40, (40, 2))
    boxes = np.concatenate([corner, corner + rng.integers(4, 30, (40, 2))], axis=1).astype(float)
    truth = Truth(rng.integers(0, 11, 40), boxes, rng.integers(0, 3, 40), rng.random(40) < 0.2)
    near = rng.integers(0, 40, 150)
    moved = boxes[near] + rng.integers(-3, 4, (150, 4))
    moved[:, 2:] = np.maximum(moved[:, 2:], moved[:, :2] + 1)
    label = np.where(rng.random(150) < 0.8, truth.label_T[near], rng.integers(0, 3, 150))
    return truth, Found(truth.picture_T[near], moved, label, rng.integers(1, 30, 150) / 30)


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


def pycocotools_summary(truth: Truth, found: Found) -> tuple[float, float]:
    """AP and AP50 as pycocotools prints them, through `loadRes`."""
    objects = zip(truth.picture_T, truth.label_T, truth.boxes_T4, truth.is_difficult_T, strict=True)
    coco = COCO()
    coco.dataset = {
        "images": [{"id": i} for i in range(12)],
        "categories": [{"id": i} for i in range(3)],
        "annotations": [
            coco_box(p, c, b) | {"id": i + 1, "iscrowd": int(hard), "area": float(np.prod(b[2:] - b[:2]))}
            for i, (p, c, b, hard) in enumerate(objects)
        ],
    }
    detections = zip(found.picture_D, found.label_D, found.boxes_D4, found.score_D, strict=True)
    with contextlib.redirect_stdout(io.StringIO()):
        coco.createIndex()
        results = coco.loadRes([coco_box(p, c, b) | {"score": float(s)} for p, c, b, s in detections])
        evaluation = COCOeval(coco, results, "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return float(evaluation.stats[0]), float(evaluation.stats[1])


def coco_box(picture: int, label: int, box: np.ndarray) -> dict[str, Any]:
    sides = (box[2:] - box[:2]).tolist()
    return {"image_id": int(picture), "category_id": int(label), "bbox": [*box[:2].tolist(), *sides]}
