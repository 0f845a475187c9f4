"""What is there and what was found, over all pictures of a split.

Dimension key: T true objects, D detections, both over all pictures.
Boxes: (x_min, y_min, x_max, y_max), absolute pixels, right and bottom edges exclusive.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Truth:
    """The objects of all pictures."""

    picture_T: np.ndarray
    """Index of the picture."""
    boxes_T4: np.ndarray
    label_T: np.ndarray
    """Index of the class."""
    is_difficult_T: np.ndarray
    """Difficult objects, and crowds of COCO, count neither as found nor as missed."""
    area_T: np.ndarray | None = None
    """In square pixels, by which COCO calls objects small or large; None takes the boxes' areas."""

    def of(self, picture: int) -> Truth:
        """Returns the objects of one picture."""
        own = self.picture_T == picture
        areas = None if self.area_T is None else self.area_T[own]
        return Truth(
            self.picture_T[own], self.boxes_T4[own], self.label_T[own], self.is_difficult_T[own], areas
        )


@dataclass(frozen=True)
class Found:
    """The detections in all pictures; the order matters where scores are equal."""

    picture_D: np.ndarray
    boxes_D4: np.ndarray
    label_D: np.ndarray
    score_D: np.ndarray

    def of(self, picture: int, least_score: float = 0.0) -> Found:
        """Returns the detections in one picture, but for those less sure than `least_score`."""
        return self.where((self.picture_D == picture) & (self.score_D >= least_score))

    def where(self, chosen: np.ndarray) -> Found:
        """Returns some of the detections, or all in another order; by a mask or by indices."""
        return Found(
            self.picture_D[chosen], self.boxes_D4[chosen], self.label_D[chosen], self.score_D[chosen]
        )
