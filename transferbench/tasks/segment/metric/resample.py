"""Scores of pictures drawn anew, many times over, from the counts of each picture.

Dimension key: N pictures, K classes, R resamples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class PictureCounts:
    """Labelled pixels of each picture by class; float, so that products of them are fast, and exact."""

    right_NK: np.ndarray
    """That are predicted right."""
    truth_NK: np.ndarray
    """Of the class."""
    predicted_NK: np.ndarray
    """Predicted to be of the class."""

    @classmethod
    def of(cls, sparse: Mapping[str, np.ndarray], pictures: int, classes: int, way: int) -> PictureCounts:
        """Returns the counts from what `Tally.sparse` gave, for one way of predicting."""
        chosen = sparse["way"] == way
        picture, truth, predicted, pixels = (
            sparse[name][chosen].astype(np.int64) for name in ("picture", "truth", "predicted", "pixels")
        )

        def counted(label: np.ndarray, is_meant: np.ndarray) -> np.ndarray:
            places = picture[is_meant] * classes + label[is_meant]
            counts = np.bincount(places, weights=pixels[is_meant], minlength=pictures * classes)
            return counts.reshape(pictures, classes)

        return cls(
            counted(truth, truth == predicted),
            counted(truth, np.ones_like(truth, bool)),
            counted(predicted, predicted < classes),
        )

    def accuracy_of_picture(self) -> np.ndarray:
        """Returns the pixel accuracy (N,) of each picture; nan for one without labelled pixels."""
        return _share(self.right_NK.sum(axis=1), self.truth_NK.sum(axis=1))


def segment_resampler(
    by_prefix: Mapping[str, PictureCounts],
) -> Callable[[np.ndarray], dict[str, np.ndarray]]:
    """Returns what gives the scores (R,), by name, for weights (N, R) of the pictures.

    A class without pixels in the truth of a resample is left out of its means, as it is of those of a split.

    Args:
        by_prefix: of the names of scores, to the counts of that way of predicting.
    """

    def scores(weights_NR: np.ndarray) -> dict[str, np.ndarray]:
        return {
            f"{prefix}{name}": values_R
            for prefix, counts in by_prefix.items()
            for name, values_R in _scores(counts, weights_NR).items()
        }

    return scores


def _scores(counts: PictureCounts, weights_NR: np.ndarray) -> dict[str, np.ndarray]:
    right_KR, truth_KR, predicted_KR = (
        table_NK.T @ weights_NR for table_NK in (counts.right_NK, counts.truth_NK, counts.predicted_NK)
    )
    has_truth_KR = truth_KR > 0
    classes_R = has_truth_KR.sum(axis=0)
    iou_KR = _share(right_KR, truth_KR + predicted_KR - right_KR)
    accuracy_KR = _share(right_KR, truth_KR)
    return {
        "pix_acc": _share(right_KR.sum(axis=0), truth_KR.sum(axis=0)),
        "miou": _share(np.where(has_truth_KR, iou_KR, 0).sum(axis=0), classes_R),
        "mean_acc": _share(np.where(has_truth_KR, accuracy_KR, 0).sum(axis=0), classes_R),
        "fw_iou": _share(np.where(has_truth_KR, iou_KR * truth_KR, 0).sum(axis=0), truth_KR.sum(axis=0)),
    }


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Returns the quotients, nan where there is no whole."""
    return np.asarray(np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0))
