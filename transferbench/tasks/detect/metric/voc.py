"""Average precision by the rules of Pascal VOC.

Dimension key: T true objects, D detections, both over all pictures; P pairs of one and the other.
Boxes: (x_min, y_min, x_max, y_max), absolute pixels, right and bottom edges exclusive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from transferbench.tasks.detect.metric.pairs import best_first, best_objects, iou, left_out, pair_up
from transferbench.tasks.detect.metric.ranked import Ranked
from transferbench.tasks.detect.metric.truth import Found, Truth
from transferbench.tasks.detect.settings import Overlap

Points = Literal[11, 101]

_EXTRA: dict[Overlap, float] = {"devkit": 0.0, "no-plus-one": -1.0}
"""What is added to a side of a box with exclusive edges; those of the inclusive edges are 1 shorter."""
RECALLS: dict[Points, np.ndarray] = {
    # Multiples of the step, as everybody's code has them: 3 * 0.1 is a little more than 0.3.
    11: np.arange(11) * 0.1,
    101: np.arange(101) / 100,
}
"""Where precision is sampled."""


@dataclass(frozen=True)
class Curve:
    """Precision over recall of one class; D counts the detections of it that are not left out."""

    precision_D: np.ndarray
    """After each detection, best score first."""
    recall_D: np.ndarray
    objects: int
    """Objects that count."""
    difficult: int
    """Objects that do not."""

    def ap(self, points: Points | None = None) -> float | None:
        """Returns `average_precision`, None where no object counts."""
        return average_precision(self.precision_D, self.recall_D, points) if self.objects else None


def voc_curves(
    truth: Truth, found: Found, classes: int, *, least_iou: float = 0.5, overlap: Overlap = "devkit"
) -> list[Curve]:
    """Returns the precision-recall curve of each class.

    Detections are taken best first, equal scores in the order given. Each is compared with the
    object of its class and picture that it overlaps most, difficult ones included. Below `least_iou` it
    is wrong; on a difficult object it is left out; on an object that is already found it is wrong. So
    all detections in a picture without objects are wrong, and all of a class without objects.

    Args:
        truth: the objects.
        found: the detections.
        classes: number of classes; labels are below it.
        least_iou: least overlap that counts, in (0, 1].
        overlap: how sides are measured.

    Source:
        Everingham et al. 2010 and the development kits of VOC 2007 and 2010 (VOCevaldet.m).
    """
    ranked = voc_ranked(truth, found, classes, least_iou=least_iou, overlap=overlap)
    objects_K = np.bincount(truth.label_T[~truth.is_difficult_T], minlength=classes)
    all_K = np.bincount(truth.label_T, minlength=classes)
    return [
        _curve(is_right_D, int(objects), int(both - objects))
        for is_right_D, objects, both in zip(ranked.of_classes(classes), objects_K, all_K, strict=True)
    ]


def voc_ranked(
    truth: Truth, found: Found, classes: int, *, least_iou: float = 0.5, overlap: Overlap = "devkit"
) -> Ranked:
    """Returns which detections are right, those aside that are left out; see `voc_curves`."""
    found = best_first(found)
    pairs = pair_up(found.picture_D * classes + found.label_D, truth.picture_T * classes + truth.label_T)
    iou_P = iou(truth.boxes_T4[pairs.object_P], found.boxes_D4[pairs.detection_P], _EXTRA[overlap])
    best_D, iou_D = best_objects(pairs, iou_P, len(found.label_D))
    is_left_out_D = left_out(best_D, iou_D, truth.is_difficult_T, least_iou)
    hits = np.flatnonzero(iou_D >= least_iou)
    _, first = np.unique(best_D[hits], return_index=True)
    is_right_D = np.zeros(len(best_D), dtype=bool)
    is_right_D[hits[first]] = True
    return Ranked.of(found, is_right_D, is_left_out_D)


def voc_ap(
    truth: Truth,
    found: Found,
    classes: int,
    *,
    points: Points | None = None,
    least_iou: float = 0.5,
    overlap: Overlap = "devkit",
) -> list[float | None]:
    """Returns the average precision of each class, in [0, 1]; None where no object counts.

    See `voc_curves`, which gives what both of VOC's rules need at once.
    """
    curves = voc_curves(truth, found, classes, least_iou=least_iou, overlap=overlap)
    return [curve.ap(points) for curve in curves]


def average_precision(precision_D: np.ndarray, recall_D: np.ndarray, points: Points | None = None) -> float:
    """Returns the area under a precision-recall curve, in [0, 1].

    Precision is first made non-increasing, as both VOC rules do.

    Args:
        precision_D: precision after each detection, best score first.
        recall_D: recall after each detection; rises from 0, never falls.
        points: 11 for the rule of VOC 2007, which samples recall 0, 0.1, ... 1; 101 for COCO's, in steps of
            0.01; None for the exact area, the rule since 2010.

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
    sampled = np.searchsorted(recall_D, RECALLS[points], side="left")
    return float(np.sum(ceiling_D[sampled[sampled < len(recall_D)]]) / points)


def mean_ap(aps: Sequence[float | None]) -> float:
    """Returns the mean over the classes that have objects; 0 where none has."""
    known = [ap for ap in aps if ap is not None]
    return float(np.mean(known)) if known else 0.0


def _curve(is_right_D: np.ndarray, objects: int, difficult: int) -> Curve:
    right_D = np.cumsum(is_right_D)
    precision_D = right_D / np.arange(1, len(right_D) + 1)
    return Curve(precision_D, right_D / max(objects, 1), objects, difficult)
