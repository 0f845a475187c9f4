"""The scores that follow from a confusion.

Dimension key: K classes; the columns of a confusion are K classes and, last, no class.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from transferbench.tasks.base import Outcome


def pixel_accuracy(confusion_KK1: np.ndarray) -> float:
    """Returns the share of labelled pixels that were predicted right."""
    return float(np.trace(confusion_KK1) / confusion_KK1.sum())


def accuracy_per_class(confusion_KK1: np.ndarray) -> list[float | None]:
    """Returns the share of the pixels of each class that were predicted right; None for a class without."""
    hits_K, truths_K = np.diag(confusion_KK1), confusion_KK1.sum(axis=1)
    return [float(hits / n) if n else None for hits, n in zip(hits_K, truths_K, strict=True)]


def iou_per_class(confusion_KK1: np.ndarray) -> list[float | None]:
    """Returns intersection over union of each class, over all pixels at once.

    None for a class that no pixel of the truth has, even if it was predicted.
    """
    hits_K = np.diag(confusion_KK1)
    truths_K = confusion_KK1.sum(axis=1)
    unions_K = truths_K + confusion_KK1[:, :-1].sum(axis=0) - hits_K
    return [
        float(hits / union) if truths else None
        for hits, truths, union in zip(hits_K, truths_K, unions_K, strict=True)
    ]


def mean_iou(confusion_KK1: np.ndarray) -> float:
    """Returns the mean of `iou_per_class` over the classes that occur in the truth.

    A class that is predicted and that no truth has is left out; MMSegmentation and torchmetrics take it as 0.
    """
    return _mean(iou_per_class(confusion_KK1))


def mean_accuracy(confusion_KK1: np.ndarray) -> float:
    """Returns the mean of `accuracy_per_class` over the classes that occur in the truth."""
    return _mean(accuracy_per_class(confusion_KK1))


def frequency_weighted_iou(confusion_KK1: np.ndarray) -> float:
    """Returns the mean of `iou_per_class`, each class weighing as many pixels as it has in the truth.

    Source:
        Long et al. 2015, section 5.
    """
    truths_K = confusion_KK1.sum(axis=1)
    ious_K = np.array([iou or 0.0 for iou in iou_per_class(confusion_KK1)])
    return float((truths_K * ious_K).sum() / truths_K.sum())


def scored(confusion_KK1: np.ndarray, classes: Sequence[str], *, prefix: str = "segment/") -> Outcome:
    """Returns all scores of a confusion and, for each class, IoU, accuracy and pixels of the truth.

    Args:
        confusion_KK1: of a split.
        classes: names, in order.
        prefix: of the scores' names.
    """
    per_class = {
        "miou": iou_per_class(confusion_KK1),
        "mean_acc": accuracy_per_class(confusion_KK1),
    }
    return Outcome(
        scores={
            f"{prefix}pix_acc": pixel_accuracy(confusion_KK1),
            f"{prefix}miou": mean_iou(confusion_KK1),
            f"{prefix}mean_acc": mean_accuracy(confusion_KK1),
            f"{prefix}fw_iou": frequency_weighted_iou(confusion_KK1),
        },
        per_class={f"{prefix}{name}": dict(zip(classes, of, strict=True)) for name, of in per_class.items()},
    )


def _mean(of_classes: Sequence[float | None]) -> float:
    return float(np.mean([value for value in of_classes if value is not None]))
