"""Detections and objects of the same picture, side by side, and which of them belong together.

Dimension key: T true objects, D detections, both over all pictures; P pairs of one and the other.
Boxes: (x_min, y_min, x_max, y_max), absolute pixels, right and bottom edges exclusive.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from transferbench.tasks.detect.metric.truth import Found


@dataclass(frozen=True)
class Pairs:
    """Pairs by detection, those of one detection by object."""

    detection_P: np.ndarray
    """Index of the detection."""
    object_P: np.ndarray
    """Index of the object."""

    def where(self, mask_P: np.ndarray) -> Pairs:
        """Returns some of the pairs."""
        return Pairs(self.detection_P[mask_P], self.object_P[mask_P])


def pair_up(group_D: np.ndarray, group_T: np.ndarray) -> Pairs:
    """Returns every pair of a detection and an object of the same group.

    Args:
        group_D: number of the group of each detection, from 0; a picture, or a class in a picture.
        group_T: the same of each object.
    """
    groups = 1 + max(group_D.max(initial=-1), group_T.max(initial=-1))
    size_G = np.bincount(group_T, minlength=groups)
    start_G = np.cumsum(size_G) - size_G
    paired_D = np.flatnonzero(size_G[group_D])
    count_D, start_D = size_G[group_D[paired_D]], start_G[group_D[paired_D]]
    first_D = np.cumsum(count_D) - count_D
    place_P = np.arange(count_D.sum()) + np.repeat(start_D - first_D, count_D)
    return Pairs(np.repeat(paired_D, count_D), np.argsort(group_T, kind="stable")[place_P])


def iou(a_P4: np.ndarray, b_P4: np.ndarray, extra: float = 0.0) -> np.ndarray:
    """Returns the intersection over union of each pair, in [0, 1]; 0 where neither has an area.

    Args:
        a_P4: one box of each pair.
        b_P4: the other.
        extra: pixels that are added to each side, of the intersection too.
    """
    a_P4, b_P4 = a_P4.astype(float, copy=False), b_P4.astype(float, copy=False)
    low_P2 = np.maximum(a_P4[:, :2], b_P4[:, :2])
    high_P2 = np.minimum(a_P4[:, 2:], b_P4[:, 2:])
    common_P = _area(low_P2, high_P2, extra)
    union_P = _area(a_P4[:, :2], a_P4[:, 2:], extra) + _area(b_P4[:, :2], b_P4[:, 2:], extra) - common_P
    return np.asarray(np.divide(common_P, union_P, out=np.zeros_like(common_P), where=union_P > 0))


def intersection_over_first(a_P4: np.ndarray, b_P4: np.ndarray) -> np.ndarray:
    """Returns which share of the first box of each pair lies in the second; 0 where it has no area."""
    a_P4, b_P4 = a_P4.astype(float, copy=False), b_P4.astype(float, copy=False)
    common_P = _area(np.maximum(a_P4[:, :2], b_P4[:, :2]), np.minimum(a_P4[:, 2:], b_P4[:, 2:]), 0.0)
    area_P = _area(a_P4[:, :2], a_P4[:, 2:], 0.0)
    return np.asarray(np.divide(common_P, area_P, out=np.zeros_like(common_P), where=area_P > 0))


def best_objects(pairs: Pairs, iou_P: np.ndarray, detections: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns for each detection the object that it overlaps most, first of equals, and the IoU.

    Both are -1 where a detection is in no pair.
    """
    object_D, iou_D = np.full(detections, -1), np.full(detections, -1.0)
    if len(iou_P):
        first_D = np.flatnonzero(np.diff(pairs.detection_P, prepend=-1))
        in_pair_D = pairs.detection_P[first_D]
        iou_D[in_pair_D] = np.maximum.reduceat(iou_P, first_D)
        place_P = np.where(iou_P == iou_D[pairs.detection_P], np.arange(len(iou_P)), len(iou_P))
        object_D[in_pair_D] = pairs.object_P[np.minimum.reduceat(place_P, first_D)]
    return object_D, iou_D


def left_out(
    best_D: np.ndarray, iou_D: np.ndarray, is_difficult_T: np.ndarray, least_iou: float
) -> np.ndarray:
    """Returns whether each detection lies on a difficult object, so that it counts neither way.

    Args:
        best_D: the object that it overlaps most.
        iou_D: by how much.
        is_difficult_T: of the objects.
        least_iou: least overlap that counts.
    """
    is_out_D = iou_D >= least_iou
    is_out_D[is_out_D] = is_difficult_T[best_D[is_out_D]]
    return is_out_D


def match_greedily(pairs: Pairs, iou_P: np.ndarray, detections: int, objects: int) -> np.ndarray:
    """Returns the object that each detection takes, -1 for none.

    The first detection takes the object of its pairs that it overlaps most, first of equals; the next
    one takes from what is left, and so on. That is found without going through them one by one: all
    ask at once, the earliest at each object is kept, the others ask the next of theirs, until none does.

    Args:
        pairs: that may be matched; earlier detections choose first.
        iou_P: overlap of each pair.
        detections: number of detections.
        objects: number of objects.

    Source:
        Gale and Shapley 1962: where all objects rank the detections alike, the stable matching is this one.
    """
    order_P = np.lexsort((pairs.object_P, -iou_P, pairs.detection_P))
    detection_P, object_P = pairs.detection_P[order_P], pairs.object_P[order_P]
    asking = np.flatnonzero(np.diff(detection_P, prepend=-1))
    while True:
        holder_T = np.full(objects, detections)
        np.minimum.at(holder_T, object_P[asking], detection_P[asking])
        is_kept = holder_T[object_P[asking]] == detection_P[asking]
        following = asking[~is_kept] + 1
        following = following[following < len(detection_P)]
        following = following[detection_P[following] == detection_P[following - 1]]
        if not len(following):
            break
        asking = np.concatenate((asking[is_kept], following))
    object_D = np.full(detections, -1)
    object_D[detection_P[asking[is_kept]]] = object_P[asking[is_kept]]
    return object_D


def best_first(found: Found) -> Found:
    """Returns the detections by falling score, equal scores in the order given."""
    return found.where(np.argsort(-found.score_D, kind="stable"))


def best_of_groups(found: Found, group_D: np.ndarray, most: int) -> Found:
    """Returns of each group the best detections, in the order given; of equal scores the first."""
    order_D = np.lexsort((-found.score_D, group_D))
    rank_D = np.arange(len(order_D)) - np.searchsorted(group_D[order_D], group_D[order_D])
    return found.where(np.sort(order_D[rank_D < most]))


def _area(low_P2: np.ndarray, high_P2: np.ndarray, extra: float) -> np.ndarray:
    sides_P2 = np.maximum(high_P2 - low_P2 + extra, 0)
    return np.asarray(sides_P2[:, 0] * sides_P2[:, 1])
