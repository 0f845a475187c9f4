"""All scores side by side."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.tasks.detect.metric.boxes import CLASSES, PICTURES, found_of, none_found, random_case, truth_of
from transferbench.tasks.detect.metric.score import DetectScores, score_detections
from transferbench.tasks.detect.metric.truth import Found, Truth
from transferbench.tasks.detect.metric.voc import voc_ap

NAMES = ("cat", "dog", "hen")
SMALL_SCORES = {
    *("detect/map_voc07", "detect/map_area", "detect/coco_ap", "detect/coco_ap50", "detect/coco_ap75"),
    *("detect/coco_ap_small", "detect/coco_ar1", "detect/coco_ar10", "detect/coco_ar100"),
}


def score(truth: Truth, found: Found) -> DetectScores:
    return score_detections(truth, found, pictures=PICTURES, classes=NAMES, overlap="devkit")


def test_every_rule_has_its_score_and_that_of_each_class() -> None:
    truth, found = random_case(0)

    scored = score(truth, found)

    assert set(scored.scores) == SMALL_SCORES
    assert scored.per_class["detect/map_area"] == dict(zip(NAMES, voc_ap(truth, found, CLASSES), strict=True))
    assert scored.scores["detect/coco_ap"] == pytest.approx(
        np.mean([value or 0 for value in scored.per_class["detect/coco_ap"].values()])
    )


def test_predictions_that_are_the_truth_score_one_and_lose_nothing() -> None:
    truth, _ = random_case(1, difficult=0)
    found = Found(truth.picture_T, truth.boxes_T4, truth.label_T, np.linspace(1, 0.5, 40))

    scored = score(truth, found)

    assert dict(scored.scores) | {"detect/coco_ar1": 1.0} == pytest.approx(dict.fromkeys(SMALL_SCORES, 1.0))
    assert set(scored.errors.values()) == {0.0}


def test_a_score_of_objects_that_are_not_there_is_left_out() -> None:
    scored = score(*random_case(0))

    assert "detect/coco_ap_large" not in scored.scores
    assert scored.per_class["detect/coco_ap_large"] == dict.fromkeys(NAMES)


def test_objects_are_counted_and_classes_without_any_are_named() -> None:
    truth = truth_of([(0, 0, 0, 0, 10, 10, 0), (0, 0, 20, 20, 30, 30, 1), (0, 2, 0, 0, 10, 10, 1)])

    scored = score(truth, found_of([(0, 0, 0, 0, 10, 10, 0.9), (0, 1, 0, 0, 10, 10, 0.9)]))

    assert scored.per_class["detect/objects"] == {"cat": 1, "dog": 0, "hen": 0}
    assert scored.per_class["detect/difficult"] == {"cat": 1, "dog": 0, "hen": 1}
    assert scored.without_objects == ("dog", "hen")
    assert scored.scores["detect/map_area"] == 1.0


def test_without_detections_all_scores_are_zero() -> None:
    truth, _ = random_case(0)

    scored = score(truth, none_found())

    assert scored.scores == dict.fromkeys(SMALL_SCORES, 0.0)


def test_without_objects_there_are_no_scores() -> None:
    scored = score(truth_of([]), found_of([(0, 0, 0, 0, 10, 10, 0.9)]))

    assert scored.scores == {}
    assert scored.without_objects == NAMES


@pytest.mark.parametrize("found", [none_found(), random_case(2)[1]])
def test_all_that_comes_out_is_json(found: Found) -> None:
    scored = score(random_case(2)[0], found)

    everything = [dict(scored.scores), {k: dict(v) for k, v in scored.per_class.items()}, dict(scored.errors)]
    json.dumps(everything, allow_nan=False)


def test_the_overlap_is_voc_s_alone() -> None:
    truth, found = random_case(0)

    shorter = score_detections(truth, found, pictures=PICTURES, classes=NAMES, overlap="no-plus-one")

    longer = score(truth, found)
    assert shorter.scores["detect/map_area"] < longer.scores["detect/map_area"]
    assert shorter.scores["detect/coco_ap"] == longer.scores["detect/coco_ap"]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("score_D", np.nan, "expected finite scores, got 1 that are not"),
        ("boxes_D4", np.inf, "expected finite boxes, got 4 that are not"),
        ("label_D", 3, "expected labels of detections from 0 to 2, got 0 to 3"),
        ("picture_D", -1, "expected pictures of detections from 0 to 11, got -1 to 11"),
    ],
)
def test_what_cannot_be_scored_is_refused(field: str, value: float, words: str) -> None:
    truth, found = random_case(0)
    changed = getattr(found, field).copy()
    changed[0] = value

    with pytest.raises(ValueError, match=words):
        score(truth, replace(found, **{field: changed}))
