"""Which detections are right by the rules of COCO, without its own code: as resampling needs it.

Dimension key: T true objects, D detections, both over all pictures; P pairs of one and the other.
Boxes: (x_min, y_min, x_max, y_max), absolute pixels, right and bottom edges exclusive.
"""

from __future__ import annotations

import numpy as np

from transferbench.tasks.detect.metric.coco import MOST_DETECTIONS
from transferbench.tasks.detect.metric.pairs import (
    Pairs,
    best_of_groups,
    intersection_over_first,
    iou,
    match_greedily,
    pair_up,
)
from transferbench.tasks.detect.metric.ranked import Ranked
from transferbench.tasks.detect.metric.truth import Found, Truth

_OVERLAPS = np.linspace(0.5, 0.95, 10)
"""As pycocotools has them, to the last bit."""


def coco_ranked(truth: Truth, found: Found, classes: int) -> list[Ranked]:
    """Returns the detections that count at each least IoU, 0.5, 0.55, ... 0.95.

    A detection takes the best object of its class and picture that is left, the last of equals. One that
    takes none is left out where it lies on a difficult object, by IoU over the detection alone.

    Args:
        truth: the objects.
        found: the detections; of equal scores the one in the earlier picture comes first.
        classes: number of classes.

    Source:
        pycocotools, `COCOeval.evaluateImg`.
    """
    found = best_of_groups(found, found.picture_D.astype(np.int64) * classes + found.label_D, MOST_DETECTIONS)
    found = found.where(np.lexsort((found.picture_D, -found.score_D)))
    pairs = pair_up(
        found.picture_D.astype(np.int64) * classes + found.label_D,
        truth.picture_T.astype(np.int64) * classes + truth.label_T,
    )
    boxes = found.boxes_D4[pairs.detection_P], truth.boxes_T4[pairs.object_P]
    is_difficult_P = truth.is_difficult_T[pairs.object_P]
    iou_P = np.where(is_difficult_P, intersection_over_first(*boxes), iou(*boxes))
    return [_ranked_at(least, found, pairs, (iou_P, is_difficult_P)) for least in _OVERLAPS.tolist()]


def _ranked_at(
    least_iou: float, found: Found, pairs: Pairs, overlaps: tuple[np.ndarray, np.ndarray]
) -> Ranked:
    iou_P, is_difficult_P = overlaps
    reaches_P = iou_P >= min(least_iou, 1 - 1e-10)
    counts_P = reaches_P & ~is_difficult_P
    objects = int(pairs.object_P.max(initial=-1)) + 1
    # Counted from the last, so that the first of equals is the last.
    backwards = Pairs(pairs.detection_P[counts_P], objects - 1 - pairs.object_P[counts_P])
    is_right_D = match_greedily(backwards, iou_P[counts_P], len(found.score_D), objects) >= 0
    is_on_difficult_D = np.zeros_like(is_right_D)
    is_on_difficult_D[pairs.detection_P[reaches_P & is_difficult_P]] = True
    return Ranked.of(found, is_right_D, is_on_difficult_D & ~is_right_D)
