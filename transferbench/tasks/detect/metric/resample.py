"""Average precision of pictures drawn anew, many times over, from one matching of detections and objects.

Whether a detection is right depends on its own picture alone, so that it is found once. A resample weighs
pictures: each detection, and each object, counts as often as its picture was drawn, the copies of a
detection next to each other. Between one right detection and the next only the number of wrong ones matters,
which one sparse matrix product gives for all resamples.

Dimension key: N pictures, K classes, T true objects, D detections, M right ones, R resamples.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from transferbench.tasks.detect.metric.coco_ranked import coco_ranked
from transferbench.tasks.detect.metric.ranked import Ranked
from transferbench.tasks.detect.metric.truth import Found, Truth
from transferbench.tasks.detect.metric.voc import RECALLS, voc_ranked
from transferbench.tasks.detect.settings import Overlap

_COCO_RECALLS = np.linspace(0.0, 1.0, 101)
"""As pycocotools has them; not all are whole hundredths to the last bit."""


def detect_resampler(
    truth: Truth, found: Found, *, pictures: int, classes: int, overlap: Overlap
) -> Callable[[np.ndarray], dict[str, np.ndarray]]:
    """Returns what gives mAP (R,) by each rule, by name of score, for weights (N, R) of the pictures.

    A class whose objects were not drawn is left out of the mean of that resample, as one without objects
    is of a score; where no class is left, the mean is nan.

    Args:
        truth: the objects of all pictures.
        found: the detections.
        pictures: number of pictures.
        classes: number of classes.
        overlap: how VOC's rules measure sides.
    """
    counts_T = ~truth.is_difficult_T
    places = truth.picture_T[counts_T] * classes + truth.label_T[counts_T]
    objects_NK = np.bincount(places, minlength=pictures * classes).reshape(pictures, classes).astype(float)
    by_voc = _Curves(voc_ranked(truth, found, classes, overlap=overlap), objects_NK)
    by_coco = [_Curves(ranked, objects_NK) for ranked in coco_ranked(truth, found, classes)]

    def scores(weights_NR: np.ndarray) -> dict[str, np.ndarray]:
        voc07, area = by_voc.aps(weights_NR, (RECALLS[11], None))
        coco = [curves.aps(weights_NR, (_COCO_RECALLS,))[0] for curves in by_coco]
        by_rule = {
            "map_voc07": voc07,
            "map_area": area,
            "coco_ap": np.mean(coco, axis=0),
            "coco_ap50": coco[0],
        }
        return {f"detect/{name}": _mean_over_classes(aps_KR) for name, aps_KR in by_rule.items()}

    return scores


class _Curves:
    """The precision-recall curves of all classes, of which pictures can be drawn anew."""

    def __init__(self, ranked: Ranked, objects_NK: np.ndarray) -> None:
        from scipy.sparse import csr_array

        right = np.flatnonzero(ranked.is_right_D)
        label_M = ranked.label_D[right]
        self._picture_M = ranked.picture_D[right]
        self._starts = np.searchsorted(label_M, np.arange(objects_NK.shape[1] + 1)).tolist()
        self._objects_NK = objects_NK
        # A wrong detection counts from the next right one of its class on; after the last it costs nothing.
        next_D = np.cumsum(ranked.is_right_D)
        is_wrong_D = ~ranked.is_right_D & (next_D < len(right))
        is_wrong_D[is_wrong_D] = label_M[next_D[is_wrong_D]] == ranked.label_D[is_wrong_D]
        places = next_D[is_wrong_D], ranked.picture_D[is_wrong_D]
        shape = len(right), len(objects_NK)
        self._wrong_MN = csr_array((np.ones(len(places[0])), places), shape=shape)

    def aps(self, weights_NR: np.ndarray, recalls: Sequence[np.ndarray | None]) -> list[np.ndarray]:
        """Returns AP (K, R) for each way to sample recall, None for the exact area; nan without objects."""
        right_MR = weights_NR[self._picture_M]
        wrong_MR = self._wrong_MN @ weights_NR
        objects_KR = self._objects_NK.T @ weights_NR
        by_class = [
            _aps(right_MR[start:stop], wrong_MR[start:stop], objects_R, recalls)
            for (start, stop), objects_R in zip(pairwise(self._starts), objects_KR, strict=True)
        ]
        return [np.stack(aps_KR) for aps_KR in zip(*by_class, strict=True)]


def _aps(
    right_MR: np.ndarray, wrong_MR: np.ndarray, objects_R: np.ndarray, recalls: Sequence[np.ndarray | None]
) -> list[np.ndarray]:
    """Returns AP (R,) of one class for each way to sample recall.

    Args:
        right_MR: how often each right detection was drawn, best first.
        wrong_MR: wrong ones that were drawn between it and the right one before.
        objects_R: objects drawn.
        recalls: see `_Curves.aps`.
    """
    found_MR = np.cumsum(right_MR, axis=0)
    given_MR = found_MR + np.cumsum(wrong_MR, axis=0)
    precision_MR = np.divide(found_MR, given_MR, out=np.zeros_like(found_MR), where=given_MR > 0)
    ceiling_MR = np.maximum.accumulate(precision_MR[::-1], axis=0)[::-1]
    recall_MR = found_MR / np.maximum(objects_R, 1)
    aps = []
    for sampled in recalls:
        # How much of the area, or how many of the samples, each right detection adds.
        reached_MR = recall_MR if sampled is None else np.searchsorted(sampled, recall_MR, side="right")
        added_MR = np.diff(reached_MR, axis=0, prepend=0)
        area_R = (ceiling_MR * added_MR).sum(axis=0) / (1 if sampled is None else len(sampled))
        aps.append(np.where(objects_R > 0, area_R, np.nan))
    return aps


def _mean_over_classes(aps_KR: np.ndarray) -> np.ndarray:
    is_known_KR = ~np.isnan(aps_KR)
    known_R = is_known_KR.sum(axis=0)
    total_R = np.where(is_known_KR, aps_KR, 0.0).sum(axis=0)
    return np.asarray(np.divide(total_R, known_R, out=np.full(len(known_R), np.nan), where=known_R > 0))
