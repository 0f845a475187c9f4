"""Accuracy.

Dimension key: N pictures, K classes, R ranks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

_Z95 = 1.959963984540054
"""Standard deviations within which 95 % of a normal distribution lies."""


@dataclass(frozen=True)
class Share:
    """A share of pictures and the interval in which that of all such pictures lies, with 95 % confidence."""

    value: float
    low: float
    high: float
    pictures: int

    @classmethod
    def of(cls, is_right_N: np.ndarray) -> Share:
        """Returns the share of the pictures that are right, all in [0, 1].

        Source:
            Wilson 1927, the score interval, which holds near 0 and 1 and for few pictures.
        """
        count = len(is_right_N)
        share = float(is_right_N.mean())
        spread = _Z95**2 / count
        centre = (share + spread / 2) / (1 + spread)
        half = math.sqrt(spread * (share * (1 - share) + spread / 4)) / (1 + spread)
        return cls(share, max(0.0, centre - half), min(1.0, centre + half), count)


def top_accuracy(ranked_NR: np.ndarray, labels_N: np.ndarray, ranks: int) -> float:
    """Returns the share of pictures whose label is among the first `ranks` guesses, in [0, 1].

    Args:
        ranked_NR: class indices, best guess first.
        labels_N: true class indices.
        ranks: guesses allowed; with fewer classes than that, all of them.
    """
    return share_right(ranked_NR, labels_N, ranks).value


def accuracy_per_class(
    ranked_NR: np.ndarray, labels_N: np.ndarray, classes: Sequence[str]
) -> dict[str, float | None]:
    """Returns the top-1 accuracy within each class; None for a class without pictures."""
    is_right = ranked_NR[:, 0] == labels_N
    return {
        name: float(is_right[labels_N == label].mean()) if (labels_N == label).any() else None
        for label, name in enumerate(classes)
    }


def share_right(ranked_NR: np.ndarray, labels_N: np.ndarray, ranks: int) -> Share:
    """Returns `top_accuracy` with its interval; the arguments are the same."""
    return Share.of(is_right(ranked_NR, labels_N, ranks))


def is_right(ranked_NR: np.ndarray, labels_N: np.ndarray, ranks: int) -> np.ndarray:
    """Returns whether the label of each picture is among its first guesses; see `top_accuracy`."""
    return np.asarray((ranked_NR[:, :ranks] == labels_N[:, None]).any(1))


def classify_resampler(
    ranked_NR: np.ndarray, labels_N: np.ndarray, ranks: Mapping[str, int]
) -> Callable[[np.ndarray], dict[str, np.ndarray]]:
    """Returns what gives `top_accuracy` of resamples for weights (pictures, resamples).

    Args:
        ranked_NR: class indices, best guess first.
        labels_N: true class indices.
        ranks: name of a score to the guesses that it allows.
    """
    is_right_N = {name: is_right(ranked_NR, labels_N, count) for name, count in ranks.items()}

    def scores(weights: np.ndarray) -> dict[str, np.ndarray]:
        drawn = weights.sum(axis=0)
        return {name: right_N.astype(float) @ weights / drawn for name, right_N in is_right_N.items()}

    return scores


def sign_test(is_right_N: np.ndarray, was_right_N: np.ndarray) -> float:
    """Returns the probability of so many more right by chance, one-sided, in [0, 1]; 1 where none differ.

    Only the pictures count on which the two disagree; by chance each is right on half of them.

    Source:
        McNemar 1947, exact.
    """
    gained = int((is_right_N & ~was_right_N).sum())
    differing = gained + int((was_right_N & ~is_right_N).sum())
    ways = sum(math.comb(differing, right) for right in range(gained, differing + 1))
    return float(ways / 2**differing)
