"""What average precision is lost to, by kind of error.

Dimension key: T true objects, D detections, both over all pictures; P pairs of one and the other.
Boxes: (x_min, y_min, x_max, y_max), absolute pixels, right and bottom edges exclusive.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from transferbench.tasks.detect.metric.pairs import (
    best_first,
    best_objects,
    best_of_groups,
    iou,
    left_out,
    match_greedily,
    pair_up,
)
from transferbench.tasks.detect.metric.truth import Found, Truth
from transferbench.tasks.detect.metric.voc import average_precision

_FOREGROUND, _BACKGROUND = 0.5, 0.1
_MOST_DETECTIONS = 100


@dataclass(frozen=True)
class TideErrors:
    """AP that would be won by mending all errors of a kind, in [0, 1]; of differences in [-1, 1]."""

    classification: float
    """On an object of another class (IoU of 0.5 or more): given that class."""
    localisation: float
    """Near an object of its class (0.1 to 0.5): moved onto it."""
    both: float
    """Near an object of another class alone: taken away."""
    duplicate: float
    """On an object of its class that a better detection has found: taken away."""
    background: float
    """On nothing (0.1 or less): taken away."""
    missed: float
    """Objects that none of the mended detections would find: taken away."""
    false_positives: float
    """All wrong detections, put behind the right ones."""
    false_negatives: float
    """All objects that were not found, taken away."""


@dataclass(frozen=True)
class _State:
    """Detections, best first, as they were or with some mended."""

    label_D: np.ndarray
    is_right_D: np.ndarray
    is_kept_D: np.ndarray
    objects_K: np.ndarray
    """Objects of each class that count."""


@dataclass(frozen=True)
class _Sorted:
    """What each detection is; a detection is of one kind at most."""

    state: _State
    is_kind_D: dict[str, np.ndarray]
    target_D: np.ndarray
    """The object that a classification or localisation error would find, -1 where it may not."""
    is_unfound_T: np.ndarray
    is_missed_T: np.ndarray


def tide_errors(truth: Truth, found: Found, classes: int) -> TideErrors:
    """Returns how much AP each kind of error costs.

    AP is COCO's with 101 points at IoU 0.5, its mean over the classes with objects, over the best 100
    detections of a picture. A detection takes the best object of its class that is left, the best score
    first. One that is wrong is of the first kind that fits of localisation, classification, duplicate,
    background; else it is both. Where several errors would find the same object, the best of them is mended
    and the others are taken away. A cost is never below 0.

    A detection that overlaps a difficult object most of all objects of its class, by half or more, is left
    out of everything, by VOC's rule; crowds of COCO are treated alike.

    Args:
        truth: the objects.
        found: the detections.
        classes: number of classes.

    Source:
        Bolya et al. 2020, TIDE, section 2; `tidecv` 1.0.1, whose figures these are but for three points. It
        gives a class without objects an AP of 0; it leaves out what lies on a crowd by the share of the
        detection alone, and mends even that; and of equal scores, it mends the later ones.
    """
    found = best_first(found)
    found = best_of_groups(found, found.picture_D, _MOST_DETECTIONS)
    known = _sort_out(truth, found, classes)
    state, has_objects_K = known.state, known.state.objects_K > 0
    before = _mean_ap(state, has_objects_K)

    def won(mended: _State) -> float:
        return max(_mean_ap(mended, has_objects_K) - before, 0.0)

    gone = {kind: won(_without(state, known.is_kind_D[kind])) for kind in ("both", "duplicate", "background")}
    right_first = np.argsort(~state.is_right_D, kind="stable")
    return TideErrors(
        classification=won(_mended(known, truth, "classification")),
        localisation=won(_mended(known, truth, "localisation")),
        **gone,
        missed=won(_without_objects(state, truth.label_T[known.is_missed_T])),
        false_positives=won(
            _State(
                state.label_D[right_first],
                state.is_right_D[right_first],
                state.is_kept_D[right_first],
                state.objects_K,
            )
        ),
        false_negatives=won(_without_objects(state, truth.label_T[known.is_unfound_T])),
    )


def tide_difference(ours: TideErrors, theirs: TideErrors) -> TideErrors:
    """Returns how much more AP each kind of error costs the first than the second."""
    return TideErrors(
        **{field.name: getattr(ours, field.name) - getattr(theirs, field.name) for field in fields(ours)}
    )


def _sort_out(truth: Truth, found: Found, classes: int) -> _Sorted:
    detections = len(found.label_D)
    pairs = pair_up(found.picture_D, truth.picture_T)
    iou_P = iou(truth.boxes_T4[pairs.object_P], found.boxes_D4[pairs.detection_P])
    # Most pairs do not touch, and what does not touch is background like what touches nothing.
    pairs, iou_P = pairs.where(iou_P > 0), iou_P[iou_P > 0]
    is_same_P = found.label_D[pairs.detection_P] == truth.label_T[pairs.object_P]
    best = best_objects(pairs.where(is_same_P), iou_P[is_same_P], detections)
    is_out_D = left_out(*best, truth.is_difficult_T, _FOREGROUND)
    counts_P = ~truth.is_difficult_T[pairs.object_P] & ~is_out_D[pairs.detection_P]
    pairs, iou_P, is_same_P = pairs.where(counts_P), iou_P[counts_P], is_same_P[counts_P]

    on_P = is_same_P & (iou_P >= _FOREGROUND)
    taken_D = match_greedily(pairs.where(on_P), iou_P[on_P], detections, len(truth.label_T))
    is_unfound_T = ~truth.is_difficult_T
    is_unfound_T[taken_D[taken_D >= 0]] = False
    own_D, own_iou_D = best_objects(pairs.where(is_same_P), iou_P[is_same_P], detections)
    other_D, other_iou_D = best_objects(pairs.where(~is_same_P), iou_P[~is_same_P], detections)
    kinds = _kinds((taken_D < 0) & ~is_out_D, own_iou_D, other_iou_D)

    aim_D = np.where(kinds["localisation"], own_D, np.where(kinds["classification"], other_D, -1))
    target_D = _first_at_each(aim_D, is_unfound_T)
    is_missed_T = is_unfound_T.copy()
    is_missed_T[target_D[target_D >= 0]] = False
    objects_K = np.bincount(truth.label_T[~truth.is_difficult_T], minlength=classes)
    state = _State(found.label_D, taken_D >= 0, ~is_out_D, objects_K)
    return _Sorted(state, kinds, target_D, is_unfound_T, is_missed_T)


def _kinds(is_wrong_D: np.ndarray, own_iou_D: np.ndarray, other_iou_D: np.ndarray) -> dict[str, np.ndarray]:
    fits = {
        "localisation": (own_iou_D >= _BACKGROUND) & (own_iou_D <= _FOREGROUND),
        "classification": other_iou_D >= _FOREGROUND,
        "duplicate": own_iou_D >= _FOREGROUND,
        "background": np.maximum(own_iou_D, other_iou_D) <= _BACKGROUND,
        "both": np.ones_like(is_wrong_D),
    }
    kinds = {}
    is_open_D = is_wrong_D
    for kind, fits_D in fits.items():
        kinds[kind] = is_open_D & fits_D
        is_open_D = is_open_D & ~fits_D
    return kinds


def _first_at_each(aim_D: np.ndarray, is_unfound_T: np.ndarray) -> np.ndarray:
    """Returns the object of the first detection that aims at it and finds it still there, else -1."""
    aiming = np.flatnonzero(aim_D >= 0)
    aiming = aiming[is_unfound_T[aim_D[aiming]]]
    _, first = np.unique(aim_D[aiming], return_index=True)
    target_D = np.full(len(aim_D), -1)
    target_D[aiming[first]] = aim_D[aiming[first]]
    return target_D


def _mended(known: _Sorted, truth: Truth, kind: str) -> _State:
    state, is_kind_D = known.state, known.is_kind_D[kind]
    is_mended_D = is_kind_D & (known.target_D >= 0)
    label_D = state.label_D.copy()
    label_D[is_mended_D] = truth.label_T[known.target_D[is_mended_D]]
    return _State(
        label_D,
        state.is_right_D | is_mended_D,
        state.is_kept_D & (is_mended_D | ~is_kind_D),
        state.objects_K,
    )


def _without(state: _State, is_gone_D: np.ndarray) -> _State:
    return _State(state.label_D, state.is_right_D, state.is_kept_D & ~is_gone_D, state.objects_K)


def _without_objects(state: _State, label_M: np.ndarray) -> _State:
    objects_K = state.objects_K - np.bincount(label_M, minlength=len(state.objects_K))
    return _State(state.label_D, state.is_right_D, state.is_kept_D, objects_K)


def _mean_ap(state: _State, has_objects_K: np.ndarray) -> float:
    """Returns the mean over the classes that have objects or, where those were taken away, detections."""
    label_D, is_right_D = state.label_D[state.is_kept_D], state.is_right_D[state.is_kept_D]
    order_D = np.argsort(label_D.astype(np.int16), kind="stable")
    ends_K = np.cumsum(np.bincount(label_D, minlength=len(has_objects_K)))
    by_class = np.split(is_right_D[order_D], ends_K[:-1])
    aps = [
        _ap(right_D, int(objects))
        for right_D, objects, had_objects in zip(by_class, state.objects_K, has_objects_K, strict=True)
        if had_objects and (objects or len(right_D))
    ]
    return float(np.mean(aps)) if aps else 0.0


def _ap(is_right_D: np.ndarray, objects: int) -> float:
    right_D = np.cumsum(is_right_D)
    if not objects:
        return 0.0
    return average_precision(right_D / np.arange(1, len(right_D) + 1), right_D / objects, 101)
