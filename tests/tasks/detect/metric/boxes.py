"""Objects and detections for tests of the metrics."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from transferbench.tasks.detect.metric.truth import Found, Truth

Rows = Sequence[tuple[float, ...]]

PICTURES, CLASSES = 12, 3


def truth_of(rows: Rows) -> Truth:
    """Makes objects of (picture, label, x_min, y_min, x_max, y_max, is_difficult)."""
    table = np.array(rows, float).reshape(-1, 7)
    return Truth(table[:, 0].astype(int), table[:, 2:6], table[:, 1].astype(int), table[:, 6] > 0)


def found_of(rows: Rows) -> Found:
    """Makes detections of (picture, label, x_min, y_min, x_max, y_max, score)."""
    table = np.array(rows, float).reshape(-1, 7)
    return Found(table[:, 0].astype(int), table[:, 2:6], table[:, 1].astype(int), table[:, 6])


def random_case(
    seed: int, *, difficult: float = 0.2, has_ties: bool = True, confused: float = 0.2
) -> tuple[Truth, Found]:
    """Returns objects in 12 pictures and detections near them, some of another class.

    Args:
        seed: of the places.
        difficult: share of the objects.
        has_ties: whether some scores are equal.
        confused: share of the detections that are of any class.
    """
    rng = np.random.default_rng(seed)
    corner = rng.integers(0, 40, (40, 2))
    boxes = np.concatenate([corner, corner + rng.integers(4, 30, (40, 2))], axis=1).astype(float)
    # The last picture has no objects.
    truth = Truth(
        rng.integers(0, PICTURES - 1, 40), boxes, rng.integers(0, CLASSES, 40), rng.random(40) < difficult
    )
    near = rng.integers(0, 40, 150)
    moved = boxes[near] + rng.integers(-3, 4, (150, 4))
    moved[:, 2:] = np.maximum(moved[:, 2:], moved[:, :2] + 1)
    label = np.where(rng.random(150) < confused, rng.integers(0, CLASSES, 150), truth.label_T[near])
    picture = np.where(rng.random(150) < 0.1, PICTURES - 1, truth.picture_T[near])
    score = rng.integers(1, 30, 150) / 30 if has_ties else rng.permutation(150) / 150
    return truth, Found(picture, moved, label, score)


def none_found() -> Found:
    return found_of([])
