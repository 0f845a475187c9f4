"""VOC's average precision as its development kit has it: one detection after the other.

Dimension key: T true objects, D detections.
Boxes: (x_min, y_min, x_max, y_max), absolute pixels, right and bottom edges exclusive.
"""

from __future__ import annotations

import numpy as np

from transferbench.tasks.detect.metric.truth import Found, Truth

_PICTURES, _CLASSES, _OBJECTS, _DETECTIONS = 200, 20, 3, 50
_SIDE = 500


def scene(seed: int = 0) -> tuple[Truth, Found, int]:
    """Returns objects and detections of 200 pictures at random places, and the number of classes."""
    rng = np.random.default_rng(seed)
    objects, detections = _PICTURES * _OBJECTS, _PICTURES * _DETECTIONS
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
    return truth, Found(picture_D, boxes_D4 + noise_D4, label_D, rng.random(detections)), _CLASSES


def loop_ap(truth: Truth, found: Found, classes: int) -> list[float | None]:
    """Returns the average precision of each class, see `voc_ap`, which does not go through them in a loop.

    Source:
        VOCevaldet.m of the development kit of VOC 2010, and its many translations.
    """
    return [_class_ap(truth, found, label) for label in range(classes)]


def _class_ap(truth: Truth, found: Found, label: int) -> float | None:
    objects = {
        picture: np.flatnonzero((truth.picture_T == picture) & (truth.label_T == label))
        for picture in np.unique(truth.picture_T[truth.label_T == label]).tolist()
    }
    counted = int(np.sum((truth.label_T == label) & ~truth.is_difficult_T))
    if not counted:
        return None
    is_taken = np.zeros(len(truth.picture_T), bool)
    right, wrong = [], []
    detections = np.flatnonzero(found.label_D == label)
    for detection in detections[np.argsort(-found.score_D[detections], kind="stable")]:
        own = objects.get(int(found.picture_D[detection]), np.zeros(0, int))
        overlaps = _iou(truth.boxes_T4[own], found.boxes_D4[detection])
        best = own[overlaps.argmax()] if len(own) and overlaps.max() >= 0.5 else None
        if best is not None and truth.is_difficult_T[best]:
            continue
        is_right = best is not None and not is_taken[best]
        if best is not None:
            is_taken[best] = True
        right.append(is_right)
        wrong.append(not is_right)
    return _area(np.cumsum(right), np.cumsum(wrong), counted)


def _area(right_D: np.ndarray, wrong_D: np.ndarray, objects: int) -> float:
    recall = np.concatenate(([0.0], right_D / objects, [1.0]))
    precision = np.concatenate(([0.0], right_D / np.maximum(right_D + wrong_D, 1), [0.0]))
    for index in range(len(precision) - 1, 0, -1):
        precision[index - 1] = max(precision[index - 1], precision[index])
    rises = np.flatnonzero(recall[1:] != recall[:-1])
    return float(np.sum((recall[rises + 1] - recall[rises]) * precision[rises + 1]))


def _iou(boxes_T4: np.ndarray, box_4: np.ndarray) -> np.ndarray:
    low, high = np.maximum(boxes_T4[:, :2], box_4[:2]), np.minimum(boxes_T4[:, 2:], box_4[2:])
    common = np.prod(np.maximum(high - low, 0), axis=1)
    areas = np.prod(boxes_T4[:, 2:] - boxes_T4[:, :2], axis=1) + np.prod(box_4[2:] - box_4[:2])
    return np.asarray(common / (areas - common))


def _boxes(rng: np.random.Generator, count: int) -> np.ndarray:
    corner = rng.uniform(0, _SIDE * 0.7, (count, 2))
    return np.concatenate((corner, corner + rng.uniform(40, _SIDE * 0.3, (count, 2))), axis=1)
