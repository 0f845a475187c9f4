"""VOC's average precision as its development kit has it: one detection after the other.

Dimension key: T true objects, D detections.
Boxes: (x_min, y_min, x_max, y_max), absolute pixels, right and bottom edges exclusive.
"""

from __future__ import annotations

import numpy as np

from transferbench.tasks.detect.metric.truth import Found, Truth
from transferbench.tasks.detect.settings import Overlap

_CLASSES, _OBJECTS, _DETECTIONS = 20, 3, 100
_SIDE = 500


def scene(seed: int = 0, *, pictures: int = 4952) -> tuple[Truth, Found, int]:
    """Returns objects and detections at random places, and the number of classes.

    Some scores are equal, some objects difficult.

    Args:
        seed: of the places.
        pictures: each has 3 objects and 100 detections; VOC 2007 scores 4,952.
    """
    rng = np.random.default_rng(seed)
    objects, detections = pictures * _OBJECTS, pictures * _DETECTIONS
    truth = Truth(
        np.arange(objects) // _OBJECTS,
        _boxes(rng, objects),
        rng.integers(_CLASSES, size=objects),
        rng.random(objects) < 0.1,
    )
    picture_D = np.arange(detections) // _DETECTIONS
    # Half of them lie near an object of their picture, and are of its class.
    near_D = picture_D * _OBJECTS + rng.integers(_OBJECTS, size=detections)
    is_near_D = rng.random(detections) < 0.5
    boxes_D4 = np.where(is_near_D[:, None], truth.boxes_T4[near_D], _boxes(rng, detections))
    label_D = np.where(is_near_D, truth.label_T[near_D], rng.integers(_CLASSES, size=detections))
    noise_D4 = rng.normal(0, 10, (detections, 4))
    score_D = np.round(rng.random(detections), 4)
    return truth, Found(picture_D, boxes_D4 + noise_D4, label_D, score_D), _CLASSES


def drawn(truth: Truth, found: Found, weights_N: np.ndarray) -> tuple[Truth, Found]:
    """Returns a split that has every picture as often as its weight says, copies next to each other."""
    starts_N = np.cumsum(weights_N) - weights_N

    def copied(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        counts = weights_N[picture]
        rows = np.repeat(np.arange(len(picture)), counts)
        copy = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
        return rows, starts_N[picture[rows]] + copy

    (rows_T, picture_T), (rows_D, picture_D) = copied(truth.picture_T), copied(found.picture_D)
    return (
        Truth(picture_T, truth.boxes_T4[rows_T], truth.label_T[rows_T], truth.is_difficult_T[rows_T]),
        Found(picture_D, found.boxes_D4[rows_D], found.label_D[rows_D], found.score_D[rows_D]),
    )


def loop_ap(
    truth: Truth, found: Found, classes: int, overlap: Overlap = "devkit"
) -> dict[str, list[float | None]]:
    """Returns the average precision of each class by both rules of VOC, as `07` and `area`.

    Source:
        VOCevaldet.m of the development kits of VOC 2007 and 2010, and its many translations.
    """
    by_class = [_class_ap(truth, found, label, float(overlap == "no-plus-one")) for label in range(classes)]
    return {"07": [by_points for by_points, _ in by_class], "area": [by_area for _, by_area in by_class]}


def _class_ap(truth: Truth, found: Found, label: int, less: float) -> tuple[float | None, float | None]:
    objects = {
        picture: np.flatnonzero((truth.picture_T == picture) & (truth.label_T == label))
        for picture in np.unique(truth.picture_T[truth.label_T == label]).tolist()
    }
    counted = int(np.sum((truth.label_T == label) & ~truth.is_difficult_T))
    if not counted:
        return None, None
    is_taken = np.zeros(len(truth.picture_T), bool)
    right, wrong = [], []
    detections = np.flatnonzero(found.label_D == label)
    for detection in detections[np.argsort(-found.score_D[detections], kind="stable")]:
        own = objects.get(int(found.picture_D[detection]), np.zeros(0, int))
        overlaps = _iou(truth.boxes_T4[own], found.boxes_D4[detection], less)
        best = own[overlaps.argmax()] if len(own) and overlaps.max() >= 0.5 else None
        if best is not None and truth.is_difficult_T[best]:
            continue
        is_right = best is not None and not is_taken[best]
        if best is not None:
            is_taken[best] = True
        right.append(is_right)
        wrong.append(not is_right)
    right_D, wrong_D = np.cumsum(right), np.cumsum(wrong)
    recall_D, precision_D = right_D / counted, right_D / np.maximum(right_D + wrong_D, 1)
    return _eleven_points(recall_D, precision_D), _area(recall_D, precision_D)


def _eleven_points(recall_D: np.ndarray, precision_D: np.ndarray) -> float:
    reached = [precision_D[recall_D >= recall] for recall in np.arange(0.0, 1.1, 0.1)]
    return float(sum(precision.max(initial=0.0) for precision in reached) / 11)


def _area(recall_D: np.ndarray, precision_D: np.ndarray) -> float:
    recall = np.concatenate(([0.0], recall_D, [1.0]))
    precision = np.concatenate(([0.0], precision_D, [0.0]))
    for index in range(len(precision) - 1, 0, -1):
        precision[index - 1] = max(precision[index - 1], precision[index])
    rises = np.flatnonzero(recall[1:] != recall[:-1])
    return float(np.sum((recall[rises + 1] - recall[rises]) * precision[rises + 1]))


def _iou(boxes_T4: np.ndarray, box_4: np.ndarray, less: float) -> np.ndarray:
    low, high = np.maximum(boxes_T4[:, :2], box_4[:2]), np.minimum(boxes_T4[:, 2:], box_4[2:])
    common = np.prod(np.maximum(high - low - less, 0), axis=1)
    areas = np.prod(boxes_T4[:, 2:] - boxes_T4[:, :2] - less, axis=1) + np.prod(box_4[2:] - box_4[:2] - less)
    return np.asarray(common / (areas - common))


def _boxes(rng: np.random.Generator, count: int) -> np.ndarray:
    corner = rng.uniform(0, _SIDE * 0.7, (count, 2))
    return np.concatenate((corner, corner + rng.uniform(40, _SIDE * 0.3, (count, 2))), axis=1)
