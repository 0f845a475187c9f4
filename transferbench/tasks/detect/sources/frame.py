"""How a picture lies, and boxes as they lie on it.

Dimension key: R boxes of one picture, or of many.
Boxes: (x_min, y_min, x_max, y_max), absolute pixels, right and bottom edges exclusive.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from transferbench.tasks.decode import UPRIGHT, read_header
from transferbench.tasks.detect.sources.picture import Doubt

_ROUNDING_PIXELS = 0.5
"""By which a box may reach out of its picture without being counted."""


@dataclass(frozen=True)
class Frame:
    """The picture as loaded, and what is left to do to boxes that were drawn on it as stored."""

    size: tuple[int, int]
    """(width, height) in pixels, turned as EXIF says."""
    turn: int = UPRIGHT
    """The EXIF orientation that boxes are turned by; 1 leaves them."""
    doubt: Doubt | None = None


def frame_of(picture: Path, written: tuple[int, int] | None) -> Frame:
    """Returns how a picture lies; only its header is read.

    An annotation that gives the size of the picture as stored was made on it so, and its boxes are to be
    turned. One that gives the size of the turned picture, or any other, was made on the turned picture.

    Args:
        picture: its file.
        written: (width, height) as the annotation has it; None if it does not say.

    Raises:
        DataError: the file is missing, truncated or no picture.
    """
    header = read_header(picture)
    stored, size, orientation = header.size, header.shown_size, header.orientation
    if written == stored != size:
        return Frame(size, orientation)
    if written is not None and written != size:
        return Frame(size, doubt="size")
    is_unsure = orientation != UPRIGHT and (written is None or size == stored or size[0] == size[1])
    return Frame(size, doubt="turn" if is_unsure else None)


def turned(boxes_R4: np.ndarray, frame: Frame) -> np.ndarray:
    """Returns boxes of a picture as stored for the picture as loaded.

    Source:
        EXIF 2.32, tag 274: 5 transposes, 6 and 8 turn by 90 degrees to the right and left, 7 transposes about
        the other diagonal.
    """
    if frame.turn == UPRIGHT:
        return boxes_R4
    width, height = frame.size
    x_min, y_min, x_max, y_max = boxes_R4[:, (1, 0, 3, 2)].T
    if frame.turn in (6, 7):
        x_min, x_max = width - x_max, width - x_min
    if frame.turn in (7, 8):
        y_min, y_max = height - y_max, height - y_min
    return np.stack([x_min, y_min, x_max, y_max], axis=1)


def clipped(boxes_R4: np.ndarray, sizes_R2: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns boxes_R4 cut off at the edges of their pictures, which have area left, and which were cut.

    Args:
        boxes_R4: in pixels of the picture as loaded.
        sizes_R2: (width, height) of the picture of each box, or of all.
    """
    limits = np.concatenate([sizes_R2, sizes_R2], axis=-1)
    inside_R4 = np.clip(boxes_R4, 0, limits)
    has_area_R = (inside_R4[:, 2:] > inside_R4[:, :2]).all(axis=1)
    is_cut_R = (np.abs(inside_R4 - boxes_R4) > _ROUNDING_PIXELS).any(axis=1)
    return inside_R4, has_area_R, is_cut_R
