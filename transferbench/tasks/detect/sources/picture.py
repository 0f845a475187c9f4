"""One picture of a split and what is in it, whatever the layout it was read from.

Dimension key: R boxes of one picture.
Boxes: (x_min, y_min, x_max, y_max), absolute pixels of the picture as loaded, right and bottom
edges exclusive.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

Doubt = Literal["size", "turn"]
"""What is odd about the size that an annotation gives: it is not that of the picture, which is believed; or
it leaves open whether the boxes were drawn before or after EXIF turned the picture, and after is assumed."""


@dataclass(frozen=True)
class Annotation:
    """The objects of one picture.

    Boxes that reach out of the picture are clipped; those without area after that are dropped.
    """

    size: tuple[int, int]
    """(width, height) of the picture in pixels, turned as its EXIF tag says."""
    boxes_R4: np.ndarray
    names: tuple[str, ...]
    """Class of each box."""
    is_difficult_R: np.ndarray
    """Counts neither as found nor as missed; trained on like others, as GluonCV does."""
    is_crowd_R: np.ndarray
    """One box around many objects: not trained on, and difficult when it is scored."""
    area_R: np.ndarray
    """In square pixels, as the annotation has it; that of the box where it says nothing."""
    clipped: int
    """Boxes that reached out of the picture by more than rounding gives."""
    dropped: int
    """Boxes left out for want of area."""
    doubt: Doubt | None = None


@dataclass(frozen=True)
class Picture:
    """One picture of a split."""

    name: str
    """As `VOC2007/000005` or `val2017/000000000139.jpg`."""
    id: str
    """What the results of other tools call it: `000005`, or COCO's number."""
    path: Path
    annotation_path: Path
    truth: Annotation


@dataclass(frozen=True)
class Splits:
    """What is trained on and what is scored, of one data folder."""

    train: tuple[Picture, ...]
    score: tuple[Picture, ...]
    classes: tuple[str, ...]
    """By name, in the order of labels."""
    remarks: tuple[str, ...] = ()
    """What a reader of the scores should know of the data."""
