"""COCO's scores against pycocotools on the same JSON, read by itself."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from tests.tasks.detect.metric.boxes import CLASSES, PICTURES, none_found, random_case, truth_of
from transferbench.tasks.detect.metric.coco import Evaluator, coco_scores
from transferbench.tasks.detect.metric.truth import Found, Truth
from transferbench.tasks.detect.metric.voc import mean_ap

EVALUATORS: list[Any] = [
    "pycocotools",
    pytest.param(
        "faster-coco-eval",
        marks=pytest.mark.skipif(
            importlib.util.find_spec("faster_coco_eval") is None, reason="needs the extra coco"
        ),
    ),
]
SUMMARY = (
    *("coco_ap", "coco_ap50", "coco_ap75", "coco_ap_small", "coco_ap_medium", "coco_ap_large"),
    *("coco_ar1", "coco_ar10", "coco_ar100"),
)
"""In the order that pycocotools prints them."""


@pytest.mark.parametrize("evaluator", EVALUATORS)
@pytest.mark.parametrize("seed", range(4))
def test_scores_are_those_of_pycocotools_on_the_same_json(
    tmp_path: Path, seed: int, evaluator: Evaluator
) -> None:
    content, results = coco_json(seed)
    truth, found = read_back(content, results)

    ours = coco_scores(truth, found, PICTURES, CLASSES, evaluator=evaluator)

    # Where no class has an object of the size, pycocotools says -1.
    means = [-1.0 if set(ours[name]) == {None} else mean_ap(ours[name]) for name in SUMMARY]
    assert means == pytest.approx(summary(tmp_path, content, results), abs=1e-9)


@pytest.mark.parametrize("evaluator", EVALUATORS)
def test_both_evaluators_give_the_same_for_every_class(evaluator: Evaluator) -> None:
    truth, found = read_back(*coco_json(7))

    ours = coco_scores(truth, found, PICTURES, CLASSES, evaluator=evaluator)

    expected = coco_scores(truth, found, PICTURES, CLASSES, evaluator="pycocotools")
    assert {name: pytest.approx(values, abs=1e-9) for name, values in expected.items()} == ours


@pytest.mark.parametrize("evaluator", EVALUATORS)
def test_without_detections_every_score_is_zero(evaluator: Evaluator) -> None:
    truth = truth_of([(0, 0, 0, 0, 10, 10, 0)])

    scores = coco_scores(truth, none_found(), 1, 2, evaluator=evaluator)

    assert scores["coco_ap"] == scores["coco_ap_small"] == scores["coco_ar100"] == [0.0, None]
    assert scores["coco_ap_large"] == [None, None]


def test_the_area_that_is_given_tells_small_from_large() -> None:
    truth, found = random_case(0)
    large = np.full(len(truth.label_T), 97.0**2)
    truth = Truth(truth.picture_T, truth.boxes_T4, truth.label_T, truth.is_difficult_T, large)

    scores = coco_scores(truth, found, PICTURES, CLASSES)

    assert scores["coco_ap_small"] == [None] * CLASSES
    assert all(score is not None for score in scores["coco_ap_large"])


@pytest.mark.parametrize("evaluator", EVALUATORS)
def test_scoring_prints_nothing(capsys: pytest.CaptureFixture[str], evaluator: Evaluator) -> None:
    coco_scores(*random_case(0), PICTURES, CLASSES, evaluator=evaluator)

    assert capsys.readouterr() == ("", "")


def coco_json(seed: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Returns annotations with crowds and areas of masks of all sizes, and results; boxes have fractions."""
    truth, found = random_case(seed)
    rng = np.random.default_rng(seed)
    scale = 7.3
    objects = [
        {
            **{"id": number + 1, "iscrowd": int(truth.is_difficult_T[number])},
            **coco_box(truth.picture_T[number], truth.label_T[number], truth.boxes_T4[number] * scale),
        }
        for number in range(len(truth.label_T))
    ]
    for entry in objects:
        entry["area"] = entry["bbox"][2] * entry["bbox"][3] * float(rng.uniform(0.3, 1))
    results = [
        coco_box(found.picture_D[number], found.label_D[number], found.boxes_D4[number] * scale)
        | {"score": float(found.score_D[number])}
        for number in range(len(found.label_D))
    ]
    images = [{"id": 100 + picture} for picture in range(PICTURES)]
    categories = [{"id": 10 + label, "name": f"class {label}"} for label in range(CLASSES)]
    return {"images": images, "categories": categories, "annotations": objects}, results


def coco_box(picture: int, label: int, box: np.ndarray) -> dict[str, Any]:
    sides = (box[2:] - box[:2]).tolist()
    return {
        "image_id": 100 + int(picture),
        "category_id": 10 + int(label),
        "bbox": [*box[:2].tolist(), *sides],
    }


def read_back(content: dict[str, Any], results: list[dict[str, Any]]) -> tuple[Truth, Found]:
    """Returns what the JSON says, in our terms."""

    def columns(entries: list[dict[str, Any]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        xywh = np.array([entry["bbox"] for entry in entries])
        boxes = np.concatenate([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], axis=1)
        picture = np.array([entry["image_id"] - 100 for entry in entries])
        return picture, boxes, np.array([entry["category_id"] - 10 for entry in entries])

    objects = content["annotations"]
    crowd, area = (np.array([entry[key] for entry in objects]) for key in ("iscrowd", "area"))
    return (
        Truth(*columns(objects), crowd > 0, area),
        Found(*columns(results), np.array([entry["score"] for entry in results])),
    )


def summary(folder: Path, content: dict[str, Any], results: list[dict[str, Any]]) -> list[float]:
    """Returns what pycocotools prints, from files."""
    for name, written in (("truth.json", content), ("results.json", results)):
        (folder / name).write_text(json.dumps(written))
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(str(folder / "truth.json"))
        evaluation = COCOeval(coco, coco.loadRes(str(folder / "results.json")), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return [float(stat) for stat in evaluation.stats[:9]]
