"""Average precision by the rules of Pascal VOC.

Dimension key: T true objects, D detections, both over all pictures; P pairs of one and the other.
Boxes: (x_min, y_min, x_max, y_max), absolute pixels, right and bottom edges exclusive.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from transferbench.tasks.detect.metric.truth import Found, Truth


def voc_ap(
    truth: Truth,
    found: Found,
    classes: int,
    *,
    points: int | None = None,
    iou: float = 0.5,
    is_plus_one: bool = False,
) -> list[float | None]:
    """Returns the average precision of each class, in [0, 1]; None where no object counts.

    Detections are taken best first, equal scores in the order given. Each is compared with the
    object of its class and picture that it overlaps most, difficult ones included. Below `iou` it
    is wrong; on a difficult object it is left out; on an object that is already found it is wrong.

    Args:
        truth: the objects.
        found: the detections.
        classes: number of classes.
        points: 11 for the rule of VOC 2007, None for the exact area.
        iou: least overlap that counts, in (0, 1].
        is_plus_one: whether sides are max - min + 1. The kit does that with inclusive edges, which
            gives the sides that exclusive edges give without; so True is for boxes with inclusive edges.

    Source:
        Everingham et al. 2010 and the development kits of VOC 2007 and 2010 (VOCevaldet.m).
    """
    aps: list[float | None] = []
    for label in range(classes):
        of_class_T, of_class_D = truth.label_T == label, found.label_D == label
        if not np.any(of_class_T & ~truth.is_difficult_T):
            aps.append(None)
            continue
        is_right_D = _verdicts(_choose(truth, of_class_T), _best_first(found, of_class_D), iou, is_plus_one)
        objects = int(np.sum(of_class_T & ~truth.is_difficult_T))
        right_D = np.cumsum(is_right_D)
        precision_D = right_D / np.arange(1, len(right_D) + 1)
        aps.append(average_precision(precision_D, right_D / objects, points))
    return aps


def average_precision(precision_D: np.ndarray, recall_D: np.ndarray, points: int | None = None) -> float:
    """Returns the area under a precision-recall curve, in [0, 1].

    Precision is first made non-increasing, as both VOC rules do.

    Args:
        precision_D: precision after each detection, best score first.
        recall_D: recall after each detection; rises from 0, never falls.
        points: 11 for the rule of VOC 2007, which samples recall 0, 0.1, ... 1; None for the exact
            area, the rule since 2010.

    Raises:
        ValueError: the two arrays differ in length.

    Source:
        Everingham et al. 2010 for 11 points; the VOC 2010 development kit for the exact area.
    """
    if len(precision_D) != len(recall_D):
        raise ValueError(
            f"expected as many precisions as recalls, got {len(precision_D)} and {len(recall_D)}"
        )
    if len(recall_D) == 0:
        return 0.0
    ceiling_D = np.maximum.accumulate(precision_D[::-1])[::-1]
    if points is None:
        return float(np.sum(np.diff(recall_D, prepend=0.0) * ceiling_D))
    # Multiples of the step, as everybody's code has them: 3 * 0.1 is a little more than 0.3.
    sampled = np.searchsorted(recall_D, np.arange(points) * (1 / (points - 1)), side="left")
    return float(np.sum(ceiling_D[sampled[sampled < len(recall_D)]]) / points)


def mean_ap(aps: Sequence[float | None]) -> float:
    """Returns the mean over the classes that have objects; 0 where none has."""
    known = [ap for ap in aps if ap is not None]
    return float(np.mean(known)) if known else 0.0


def _choose(truth: Truth, mask_T: np.ndarray) -> Truth:
    """Returns the chosen objects, those of a picture next to each other, in their order."""
    index = np.flatnonzero(mask_T)
    index = index[np.argsort(truth.picture_T[index], kind="stable")]
    return Truth(
        truth.picture_T[index],
        truth.boxes_T4[index].astype(float),
        truth.label_T[index],
        truth.is_difficult_T[index],
    )


def _best_first(found: Found, mask_D: np.ndarray) -> Found:
    index = np.flatnonzero(mask_D)
    index = index[np.argsort(-found.score_D[index].astype(float), kind="stable")]
    return Found(
        found.picture_D[index],
        found.boxes_D4[index].astype(float),
        found.label_D[index],
        found.score_D[index],
    )


def _verdicts(truth: Truth, found: Found, iou: float, is_plus_one: bool) -> np.ndarray:
    """Returns for the detections that count, best first, whether each is right."""
    best_D, overlap_D = _best_object(truth, found, is_plus_one)
    is_on_D = overlap_D >= iou
    is_left_out_D = np.zeros(len(best_D), dtype=bool)
    is_left_out_D[is_on_D] = truth.is_difficult_T[best_D[is_on_D]]
    hits = np.flatnonzero(is_on_D & ~is_left_out_D)
    _, first = np.unique(best_D[hits], return_index=True)
    is_right_D = np.zeros(len(best_D), dtype=bool)
    is_right_D[hits[first]] = True
    return is_right_D[~is_left_out_D]


def _best_object(truth: Truth, found: Found, is_plus_one: bool) -> tuple[np.ndarray, np.ndarray]:
    """Returns for each detection the object it overlaps most, first of equals, and the IoU (-1: none)."""
    start_D = np.searchsorted(truth.picture_T, found.picture_D, side="left")
    count_D = np.searchsorted(truth.picture_T, found.picture_D, side="right") - start_D
    detection_P = np.repeat(np.arange(len(count_D)), count_D)
    offset_D = np.cumsum(count_D) - count_D
    object_P = np.arange(len(detection_P)) - offset_D[detection_P] + start_D[detection_P]
    iou_P = _iou(truth.boxes_T4[object_P], found.boxes_D4[detection_P], float(is_plus_one))
    order_P = np.lexsort((object_P, -iou_P, detection_P))
    has_object_D = count_D > 0
    best_P = order_P[offset_D[has_object_D]]
    best_D, overlap_D = np.zeros(len(count_D), dtype=int), np.full(len(count_D), -1.0)
    best_D[has_object_D], overlap_D[has_object_D] = object_P[best_P], iou_P[best_P]
    return best_D, overlap_D


def _iou(a_P4: np.ndarray, b_P4: np.ndarray, extra: float) -> np.ndarray:
    low = np.maximum(a_P4[:, :2], b_P4[:, :2])
    high = np.minimum(a_P4[:, 2:], b_P4[:, 2:])
    common = np.prod(np.maximum(high - low + extra, 0), axis=1)
    areas = [np.prod(boxes[:, 2:] - boxes[:, :2] + extra, axis=1) for boxes in (a_P4, b_P4)]
    union = areas[0] + areas[1] - common
    return np.asarray(np.divide(common, union, out=np.zeros_like(common), where=union > 0))
