"""Counts of truth against prediction, and the scores that follow from them.

Dimension key: H x W pixels, K classes.
Convention: labels of 255 are ignored: such a pixel counts nowhere, whatever was predicted there.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from transferbench.tasks.segment.masks import IGNORED


class Tally:
    """The running confusion of a split, and the confusion of each picture in sparse form."""

    def __init__(self, classes: int) -> None:
        self._classes = classes
        self._pictures: list[np.ndarray] = [np.zeros((4, 0), np.int64)]
        self.confusion_KK = np.zeros((classes, classes), np.int64)
        """Pixels of each class of the truth (rows) by predicted class (columns)."""

    def add(self, truth_HW: Tensor, predicted_HW: Tensor) -> None:
        """Counts one picture; both are uint8 on one device."""
        confusion_KK = confusion(truth_HW, predicted_HW, self._classes).cpu().numpy()
        self.confusion_KK += confusion_KK
        truth, predicted = np.nonzero(confusion_KK)
        picture = np.full(len(truth), len(self._pictures) - 1)
        self._pictures.append(np.stack([picture, truth, predicted, confusion_KK[truth, predicted]]))

    def sparse(self) -> dict[str, np.ndarray]:
        """Returns `picture`, `truth`, `predicted` and `pixels`: an entry for each count above zero."""
        table = np.concatenate(self._pictures, axis=1)
        return {
            "picture": table[0].astype(np.int32),
            "truth": table[1].astype(np.uint8),
            "predicted": table[2].astype(np.uint8),
            "pixels": table[3].astype(np.int32),
        }


def confusion(truth_HW: Tensor, predicted_HW: Tensor, classes: int) -> Tensor:
    """Returns pixels (K, K), int64, of each class of the truth (rows) by predicted class (columns)."""
    # An extra row takes the ignored pixels: ten times faster than leaving them out of the arrays.
    rows = truth_HW.flatten().to(torch.int32)
    rows = torch.where(rows == IGNORED, classes, rows)
    counts = torch.bincount(rows * classes + predicted_HW.flatten(), minlength=(classes + 1) * classes)
    return counts.reshape(classes + 1, classes)[:classes]


def confusion_of(sparse: Mapping[str, np.ndarray], classes: int) -> np.ndarray:
    """Returns the confusion (K, K) of a split from what `Tally.sparse` gave."""
    confusion_KK = np.zeros((classes, classes), np.int64)
    np.add.at(confusion_KK, (sparse["truth"], sparse["predicted"]), sparse["pixels"])
    return confusion_KK


def pixel_accuracy(confusion_KK: np.ndarray) -> float:
    """Returns the share of labelled pixels that were predicted right."""
    return float(np.trace(confusion_KK) / confusion_KK.sum())


def iou_per_class(confusion_KK: np.ndarray) -> list[float | None]:
    """Returns intersection over union of each class, over all pixels of the split at once.

    None for a class that no pixel of the truth has, even if it was predicted.
    """
    hits_K = np.diag(confusion_KK)
    truths_K = confusion_KK.sum(axis=1)
    unions_K = truths_K + confusion_KK.sum(axis=0) - hits_K
    return [
        float(hits / union) if truths else None
        for hits, truths, union in zip(hits_K, truths_K, unions_K, strict=True)
    ]


def mean_iou(confusion_KK: np.ndarray) -> float:
    """Returns the mean of `iou_per_class` over the classes that occur in the truth."""
    return float(np.mean([iou for iou in iou_per_class(confusion_KK) if iou is not None]))
