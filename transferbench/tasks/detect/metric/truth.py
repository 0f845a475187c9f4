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


@dataclass(frozen=True)
class Found:
    """The detections in all pictures; the order matters where scores are equal."""

    picture_D: np.ndarray
    boxes_D4: np.ndarray
    label_D: np.ndarray
    score_D: np.ndarray
