"""Detections as a file has them, a row each, and what may be wrong with them.

Dimension key: D detections over all pictures.
Boxes: (x_min, y_min, x_max, y_max), absolute pixels, right and bottom edges exclusive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from transferbench.errors import DataError
from transferbench.tasks.detect.metric.truth import Found
from transferbench.tasks.detect.sources.picture import Picture
from transferbench.tasks.faults import raise_together


@dataclass(frozen=True)
class Rows:
    """Detections in the order that they are written in."""

    place: Callable[[int], str]
    """Gives file and line, or the like, of a row, for messages."""
    pictures: Sequence[str]
    """What each row calls its picture."""
    boxes_D4: np.ndarray
    label_D: np.ndarray
    """Index of the class."""
    score_D: np.ndarray


def found_in(path: Path, rows: Rows, pictures: Sequence[Picture]) -> Found:
    """Returns detections by the pictures of the split.

    A picture is called by its id, with or without the zeros it begins with and its underscores, as
    `000005` or 5, `2008_000073` or 2008000073; or by its name.

    Args:
        path: of all of them, for messages.
        rows: the detections.
        pictures: of the split.

    Raises:
        DataError: there are none, pictures are not of the split, a number is not finite or the side of a
            box is negative.
    """
    if not len(rows.pictures):
        raise DataError(f"{path}: expected detections, found none; predict the split again")
    index_of = _index_of(pictures)
    picture_D = np.array([index_of.get(name, -1) for name in rows.pictures], dtype=np.int64)
    unknown = np.flatnonzero(picture_D < 0).tolist()
    if unknown:
        others = {rows.pictures[row] for row in unknown}
        raise DataError(
            f"{rows.place(unknown[0])}: expected detections in the {len(pictures):,} pictures that are "
            f"scored, as {pictures[0].id!r}, found {len(unknown):,} detections in {len(others):,} others, "
            f"the first in {rows.pictures[unknown[0]]!r}; predict the same split, or name its pictures as "
            "the data set does"
        )
    raise_together(list(_number_faults(rows)))
    return Found(picture_D, rows.boxes_D4, rows.label_D, rows.score_D)


def silent_pictures(found: Found, pictures: int) -> Iterator[str]:
    """Yields a remark if there are pictures without detections."""
    silent = pictures - len(np.unique(found.picture_D))
    if silent:
        yield f"no detections in {silent:,} of {pictures:,} pictures"


def _index_of(pictures: Sequence[Picture]) -> dict[str, int]:
    exact: dict[str, list[int]] = {}
    numbers: dict[str, list[int]] = {}
    for index, picture in enumerate(pictures):
        for key in {picture.id, picture.name}:
            exact.setdefault(key, []).append(index)
        digits = picture.id.replace("_", "")
        if digits.isascii() and digits.isdigit():
            numbers.setdefault(str(int(digits)), []).append(index)
    return {key: indices[0] for key, indices in (numbers | exact).items() if len(indices) == 1}


def _number_faults(rows: Rows) -> Iterator[str]:
    for row in np.flatnonzero(~np.isfinite(rows.score_D)).tolist():
        yield (
            f"{rows.place(row)}: expected a finite score, found {rows.score_D[row]}; look for a division by "
            "zero in the detector"
        )
    is_finite_D = np.isfinite(rows.boxes_D4).all(axis=1)
    is_negative_D = (rows.boxes_D4[:, 2:] < rows.boxes_D4[:, :2]).any(axis=1)
    for row in np.flatnonzero(~is_finite_D | is_negative_D).tolist():
        edges = ", ".join(f"{edge:g}" for edge in rows.boxes_D4[row])
        what = "a box without negative sides" if is_finite_D[row] else "a box of finite numbers"
        yield (
            f"{rows.place(row)}: expected {what}, found the edges {edges} (left, top, right, bottom); write "
            "boxes in the form that this file has"
        )
