"""The order in which an epoch takes pictures that lie one after the other in large files.

Dimension key: N pictures.
"""

from __future__ import annotations

import numpy as np

_LEAST_MIXED = 0.5
"""Least number of changes of label from one picture to the next, as a share of what chance would give."""


def nearly_in_sequence(
    unit_N: np.ndarray, labels_N: np.ndarray, buffer: int, rng: np.random.Generator
) -> np.ndarray:
    """Returns indices (N,): units in any order, each unit's pictures in sequence, mixed over a short way.

    A picture is moved by less than `buffer` places from where the sequence of units has it, forward or back;
    so what is read stays close together, and a unit that was left is not needed again. All depends on the
    generator alone, and every picture comes once, however many processes share the order.

    Pictures that are sorted by class would not be mixed by that: they are taken in any order, and so are
    those of a set that is no larger than the buffer.

    Args:
        unit_N: number of the file, or of its part, that holds each picture; does not fall.
        labels_N: of the pictures.
        buffer: places.
        rng: drawn from.
    """
    count = len(unit_N)
    if count <= buffer or not _is_mixed(labels_N):
        return rng.permutation(count)
    places_of_units = rng.permutation(int(unit_N[-1]) + 1)
    sequence = np.argsort(places_of_units[unit_N], kind="stable")
    moved_to = np.arange(count) + rng.uniform(0, buffer, count)
    return sequence[np.argsort(moved_to, kind="stable")]


def _is_mixed(labels_N: np.ndarray) -> bool:
    shares = np.bincount(labels_N) / len(labels_N)
    by_chance = (len(labels_N) - 1) * (1 - np.sum(shares**2))
    return bool(np.count_nonzero(np.diff(labels_N)) >= _LEAST_MIXED * by_chance)
