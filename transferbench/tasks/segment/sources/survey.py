"""Whether a data set keeps to what the values of its masks mean.

Dimension key: P pictures, V = 256 values of a mask file.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from transferbench.errors import DataError
from transferbench.tasks.decode import read_header
from transferbench.tasks.faults import raise_together
from transferbench.tasks.segment.sources.masks import IGNORED, VALUES, MaskCode, Pair, count_values
from transferbench.tasks.segment.sources.values import fault_of_values

_THREADS = 8


@dataclass(frozen=True)
class Survey:
    """What the masks of a split hold."""

    pairs: Sequence[Pair]
    sizes: Sequence[tuple[int, int]]
    """(width, height) in pixels of each picture as decoded."""
    pixels_PV: np.ndarray
    """int32; pixels of each value in each mask, zeros for a faulty one."""
    faults: Sequence[str]

    def first(self, limit: int | None) -> Survey:
        """Returns that of the first pictures, with the faults of all."""
        return Survey(self.pairs[:limit], self.sizes[:limit], self.pixels_PV[:limit], self.faults)


def survey(pairs: Sequence[Pair], modes: tuple[str, ...]) -> Survey:
    """Reads every mask of a split and compares its size with the picture's.

    Takes about 0.3 ms of one core for a mask of 240x180 and 1 ms for one of 683x512: under a minute for the
    whole of ADE20K, against hours of training that would end at the first bad value.
    """
    with ThreadPoolExecutor(_THREADS) as pool:
        found = list(pool.map(lambda pair: _read_or_fault(pair, modes), pairs))
    nothing = ((0, 0), np.zeros(VALUES, np.int32))
    whole = [nothing if isinstance(f, str) else f for f in found]
    return Survey(
        pairs=pairs,
        sizes=[size for size, _ in whole],
        pixels_PV=np.array([pixels_V for _, pixels_V in whole], np.int32).reshape(-1, VALUES),
        faults=[f for f in found if isinstance(f, str)],
    )


def refuse_faults(surveys: Sequence[Survey], code: MaskCode) -> None:
    """Tells the faults of all masks at once, ten at most.

    Raises:
        DataError: a mask is missing, malformed, of another size than its picture or holds an illegal value;
            or no pixel of a split has a label.
    """
    of_files = [fault for found in surveys for fault in found.faults]
    of_values = [
        fault
        for found in surveys
        for pair, pixels_V in zip(found.pairs, found.pixels_PV, strict=True)
        if (fault := fault_of_values(pair.mask, pixels_V, code))
    ]
    raise_together([*of_files, *of_values])
    for found in surveys:
        if len(found.pairs) and not found.pixels_PV[:, code.labels_V != IGNORED].any():
            split = found.pairs[0].mask.parent
            raise DataError(
                f"{split}: expected masks with labelled pixels, found {len(found.pairs)} "
                "in which every pixel is ignored; give masks of this layout, or another protocol (--protocol)"
            )


def _read_or_fault(pair: Pair, modes: tuple[str, ...]) -> tuple[tuple[int, int], np.ndarray] | str:
    try:
        (width, height), pixels_V = count_values(pair.mask, modes)
        size = read_header(pair.picture).shown_size
    except DataError as error:
        return _absent(pair) or str(error)
    if size != (width, height):
        return (
            f"{pair.mask}: expected the size of its picture, {size[0]}x{size[1]}, found {width}x{height}; "
            "replace the one or the other"
        )
    return size, pixels_V


def _absent(pair: Pair) -> str | None:
    """Returns what is said where a list names what is not there."""
    absent = [path for path in (pair.picture, pair.mask) if not path.is_file()]
    if not absent or not pair.listed:
        return None
    return (
        f"{pair.listed}: expected a picture and a mask of {pair.picture.stem!r}, found no "
        f"{' and no '.join(map(str, absent))}; copy the data set again, or take the name out"
    )
