"""Detections as a curve of precision over recall takes them.

Dimension key: D detections over all pictures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from transferbench.tasks.detect.metric.truth import Found


@dataclass(frozen=True)
class Ranked:
    """Detections that count, one class after the other, the best of each first."""

    label_D: np.ndarray
    picture_D: np.ndarray
    is_right_D: np.ndarray

    @classmethod
    def of(cls, found: Found, is_right_D: np.ndarray, is_left_out_D: np.ndarray) -> Ranked:
        """Returns detections that are given best first, but for those that are left out."""
        # Small integers are sorted in one pass; the order of scores stays within a class.
        order_D = np.argsort(found.label_D.astype(np.int16), kind="stable")
        order_D = order_D[~is_left_out_D[order_D]]
        return cls(found.label_D[order_D], found.picture_D[order_D], is_right_D[order_D])

    def of_classes(self, classes: int) -> list[np.ndarray]:
        """Returns whether each detection of each class is right."""
        ends_K = np.cumsum(np.bincount(self.label_D, minlength=classes))
        return np.split(self.is_right_D, ends_K[:-1])
