"""Accuracy.

Dimension key: N pictures, K classes, R ranks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def top_accuracy(ranked_NR: np.ndarray, labels_N: np.ndarray, ranks: int) -> float:
    """Returns the share of pictures whose label is among the first `ranks` guesses, in [0, 1].

    Args:
        ranked_NR: class indices, best guess first.
        labels_N: true class indices.
        ranks: guesses allowed; with fewer classes than that, all of them.
    """
    return float((ranked_NR[:, :ranks] == labels_N[:, None]).any(1).mean())


def accuracy_per_class(
    ranked_NR: np.ndarray, labels_N: np.ndarray, classes: Sequence[str]
) -> dict[str, float | None]:
    """Returns the top-1 accuracy within each class; None for a class without pictures."""
    is_right = ranked_NR[:, 0] == labels_N
    return {
        name: float(is_right[labels_N == label].mean()) if (labels_N == label).any() else None
        for label, name in enumerate(classes)
    }
