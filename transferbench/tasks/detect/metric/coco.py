"""Average precision and recall by the rules of COCO.

Dimension key: T true objects, D detections, both over all pictures; I overlaps, R recalls, K classes.
Boxes: (x_min, y_min, x_max, y_max), absolute pixels, right and bottom edges exclusive.
"""

from __future__ import annotations

import contextlib
import io
from importlib.util import find_spec
from typing import Any, Literal

import numpy as np

from transferbench.tasks.detect.metric.pairs import best_of_groups
from transferbench.tasks.detect.metric.truth import Found, Truth

Evaluator = Literal["pycocotools", "faster-coco-eval"]
ByClass = list[float | None]

_ALL, _SMALL, _MEDIUM, _LARGE = range(4)
"""Places of the areas: below 32 x 32, to 96 x 96, above."""
_1, _10, _100 = range(3)
"""Places of the numbers of detections that count."""
MOST_DETECTIONS = 100
"""Detections of a class and picture that count."""


def coco_scores(
    truth: Truth, found: Found, pictures: int, classes: int, *, evaluator: Evaluator | None = None
) -> dict[str, ByClass]:
    """Returns COCO's scores of each class, in [0, 1]; None where a class has no object of the size.

    `coco_ap` is over IoU 0.5, 0.55, ... 0.95, `coco_ap50` and `coco_ap75` at one of them; `coco_ap_small`,
    `coco_ap_medium` and `coco_ap_large` are over objects of one size; `coco_ar1`, `coco_ar10` and
    `coco_ar100` are the recall with so many detections of a class and picture. For all others 100 count.
    Unlike by VOC's rules, a detection takes the best object that is left.

    Difficult objects are given as crowds: any number of detections that lie on one, with IoU taken over
    the detection alone, are left out, and missing it costs nothing. Of equal scores in different pictures the
    one in the earlier picture comes first; pycocotools takes pictures by their ids.

    Args:
        truth: the objects.
        found: the detections.
        pictures: number of pictures.
        classes: number of classes.
        evaluator: who does it; None for `faster-coco-eval` where it is installed.

    Source:
        pycocotools. The means over classes are what it prints.
    """
    found = best_of_groups(found, found.picture_D.astype(np.int64) * classes + found.label_D, MOST_DETECTIONS)
    evaluated = _evaluate(truth, found, (pictures, classes), evaluator or installed_evaluator())
    # (IoU, recall, class, area, detections) and the same without recall; -1 where a class has no object.
    precision, recall = evaluated["precision"], evaluated["recall"]
    every, at_50, at_75 = slice(None), slice(0, 1), slice(5, 6)
    scores = {
        f"coco_ap{name}": precision[overlaps, :, :, area, _100]
        for name, overlaps, area in (
            ("", every, _ALL),
            ("50", at_50, _ALL),
            ("75", at_75, _ALL),
            ("_small", every, _SMALL),
            ("_medium", every, _MEDIUM),
            ("_large", every, _LARGE),
        )
    }
    scores |= {
        f"coco_ar{name}": recall[:, None, :, _ALL, most]
        for name, most in (("1", _1), ("10", _10), ("100", _100))
    }
    return {
        name: [None if score < 0 else float(score) for score in values_IRK.mean(axis=(0, 1))]
        for name, values_IRK in scores.items()
    }


def installed_evaluator() -> Evaluator:
    """Returns the faster one if it is there."""
    return "pycocotools" if find_spec("faster_coco_eval") is None else "faster-coco-eval"


def _evaluate(
    truth: Truth, found: Found, counts: tuple[int, int], evaluator: Evaluator
) -> dict[str, np.ndarray]:
    with contextlib.redirect_stdout(io.StringIO()):
        if evaluator == "faster-coco-eval":
            from faster_coco_eval import COCO, COCOeval_faster

            evaluation = COCOeval_faster(*_both(COCO, truth, found, counts), "bbox")
        else:
            from pycocotools.coco import COCO
            from pycocotools.cocoeval import COCOeval

            evaluation = COCOeval(*_both(COCO, truth, found, counts), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
    return {name: np.asarray(evaluation.eval[name]) for name in ("precision", "recall")}


def _both(make: Any, truth: Truth, found: Found, counts: tuple[int, int]) -> tuple[Any, Any]:
    objects = _boxes(truth.picture_T, truth.label_T, truth.boxes_T4)
    if truth.area_T is not None:
        for entry, area in zip(objects, truth.area_T.tolist(), strict=True):
            entry["area"] = area
    for entry, is_difficult in zip(objects, truth.is_difficult_T.tolist(), strict=True):
        entry["iscrowd"] = int(is_difficult)
    detections = _boxes(found.picture_D, found.label_D, found.boxes_D4)
    for entry, score in zip(detections, found.score_D.tolist(), strict=True):
        entry["score"] = score
    return _coco(make(), objects, counts), _coco(make(), detections, counts)


def _boxes(picture_R: np.ndarray, label_R: np.ndarray, boxes_R4: np.ndarray) -> list[dict[str, Any]]:
    corner_R2 = boxes_R4[:, :2].astype(float)
    sides_R2 = boxes_R4[:, 2:].astype(float) - corner_R2
    rows = zip(
        picture_R.tolist(),
        label_R.tolist(),
        np.concatenate((corner_R2, sides_R2), axis=1).tolist(),
        (sides_R2[:, 0] * sides_R2[:, 1]).tolist(),
        strict=True,
    )
    # An id of 0 is taken for "not matched".
    return [
        {"id": number, "image_id": picture, "category_id": label, "bbox": box, "area": area}
        for number, (picture, label, box, area) in enumerate(rows, start=1)
    ]


def _coco(coco: Any, annotations: list[dict[str, Any]], counts: tuple[int, int]) -> Any:
    pictures, classes = counts
    coco.dataset = {
        "images": [{"id": number} for number in range(pictures)],
        "categories": [{"id": number} for number in range(classes)],
        "annotations": annotations,
    }
    coco.createIndex()
    return coco
