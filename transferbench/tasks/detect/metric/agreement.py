"""How well detections and objects of a picture agree: which pictures are worth a look.

Dimension key: T true objects, D detections, both over all pictures; N pictures.
Boxes: (x_min, y_min, x_max, y_max), absolute pixels, right and bottom edges exclusive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from transferbench.tasks.detect.metric.pairs import (
    best_objects,
    iou,
    left_out,
    match_greedily,
    pair_up,
)
from transferbench.tasks.detect.metric.truth import Found, Truth

LEAST_SCORE = 0.3
"""Less sure detections are not looked at."""
_LEAST_IOU = 0.5


@dataclass(frozen=True)
class Matches:
    """Which detections and objects belong together."""

    object_D: np.ndarray
    """The object that a detection found, -1 where it is wrong or left out."""
    iou_D: np.ndarray
    """Overlap with it, 0 where there is none."""
    is_left_out_D: np.ndarray
    """On a difficult object: neither right nor wrong."""
    is_found_T: np.ndarray


def matches(truth: Truth, found: Found, least_iou: float = _LEAST_IOU) -> Matches:
    """Returns which detection found which object of its class, the best score choosing first.

    A detection that overlaps a difficult object most, by `least_iou` or more, is left out, as by VOC's rules.

    Args:
        truth: the objects.
        found: the detections, in any order.
        least_iou: least overlap that counts, in (0, 1].
    """
    rank_D = np.argsort(-found.score_D, kind="stable")
    classes = 1 + max(truth.label_T.max(initial=0), found.label_D.max(initial=0))
    ordered = found.where(rank_D)
    pairs = pair_up(ordered.picture_D * classes + ordered.label_D, truth.picture_T * classes + truth.label_T)
    iou_P = iou(truth.boxes_T4[pairs.object_P], ordered.boxes_D4[pairs.detection_P])
    is_out_D = left_out(*best_objects(pairs, iou_P, len(rank_D)), truth.is_difficult_T, least_iou)
    counts_P = (iou_P >= least_iou) & ~truth.is_difficult_T[pairs.object_P] & ~is_out_D[pairs.detection_P]
    taken_D = match_greedily(pairs.where(counts_P), iou_P[counts_P], len(rank_D), len(truth.label_T))

    object_D, is_left_out_D = np.empty_like(taken_D), np.empty_like(is_out_D)
    object_D[rank_D], is_left_out_D[rank_D] = taken_D, is_out_D
    is_found_T = np.zeros(len(truth.label_T), dtype=bool)
    is_found_T[taken_D[taken_D >= 0]] = True
    iou_D, hits = np.zeros(len(rank_D)), np.flatnonzero(object_D >= 0)
    iou_D[hits] = iou(truth.boxes_T4[object_D[hits]], found.boxes_D4[hits])
    return Matches(object_D, iou_D, is_left_out_D, is_found_T)


def agreement(
    truth: Truth, found: Found, pictures: int, *, least_score: float = LEAST_SCORE
) -> list[float | None]:
    """Returns how well detections and objects of each picture agree, in [0, 1].

    The sum of the overlaps of what was found, over its number and half the number of wrong detections and
    half the number of missed objects; difficult objects, and what lies on them, are left out. None for a
    picture that has neither objects that count nor detections.

    Args:
        truth: the objects.
        found: the detections.
        pictures: number of pictures.
        least_score: detections below it are left out.

    Source:
        Kirillov et al. 2019, panoptic quality; here over all classes at once, and over boxes.
    """
    found = found.where(found.score_D >= least_score)
    matched = matches(truth, found)
    is_right_D = matched.object_D >= 0
    is_wrong_D = ~is_right_D & ~matched.is_left_out_D
    is_missed_T = ~matched.is_found_T & ~truth.is_difficult_T

    overlap_N = np.bincount(found.picture_D, weights=matched.iou_D, minlength=pictures)
    right_N, wrong_N = (
        np.bincount(found.picture_D[chosen_D], minlength=pictures) for chosen_D in (is_right_D, is_wrong_D)
    )
    missed_N = np.bincount(truth.picture_T[is_missed_T], minlength=pictures)
    counted_N = right_N + (wrong_N + missed_N) / 2
    return [
        float(overlap / counted) if counted else None
        for overlap, counted in zip(overlap_N, counted_N, strict=True)
    ]


def most_and_least(agreements: Sequence[float | None], count: int) -> tuple[list[int], list[int]]:
    """Returns the pictures with most agreement, best first, and those with least, worst first.

    No picture is in both; of equal ones the first comes first; those without a value are in neither.

    Args:
        agreements: of each picture, see `agreement`.
        count: pictures of each kind, at most.
    """
    known = [(value, picture) for picture, value in enumerate(agreements) if value is not None]
    best = [picture for _, picture in sorted(known, key=lambda pair: -pair[0])][:count]
    worst = [picture for _, picture in sorted(known) if picture not in set(best)][:count]
    return best, worst
