"""What the values of a mask file mean, and whether a data set keeps to it.

Dimension key: H x W pixels, P pictures, V = 256 values of a mask file, K classes.
Convention: masks hold the data set's own values, labels hold 0..K-1 and 255 for pixels that are ignored.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from transferbench.errors import DataError
from transferbench.tasks.decode import read_rgb, read_size

IGNORED = 255
_VALUES = 256
_FAULTS_TOLD = 10
_THREADS = 8


@dataclass(frozen=True)
class Pair:
    """A picture and its mask."""

    picture: Path
    mask: Path


@dataclass(frozen=True)
class MaskCode:
    """How mask values become labels; no other place shifts them."""

    labels_V: np.ndarray
    """uint8; the label of each value, 255 for an ignored one."""
    is_legal_V: np.ndarray
    """bool; whether a file may hold the value."""
    legal: str
    """The legal values in words, for messages."""
    modes: tuple[str, ...]
    """Pillow's names of the pixel formats that a file may have."""


@dataclass(frozen=True)
class SplitPairs:
    """Both splits of a data set, checked."""

    folder: Path
    train: Sequence[Pair]
    score: Sequence[Pair]
    classes: tuple[str, ...]
    code: MaskCode


@dataclass(frozen=True)
class Survey:
    """What the masks of a split hold."""

    pairs: Sequence[Pair]
    pixels_PV: np.ndarray
    """int32; pixels of each value in each mask, zeros for a faulty one."""
    faults: Sequence[str]


def read_labels(pair: Pair, code: MaskCode) -> np.ndarray:
    """Returns the labels of a picture, (H, W) uint8.

    Raises:
        DataError: the mask is missing, truncated, of another pixel format, or holds an illegal value.
    """
    mask_HW = _read_mask(pair.mask, code.modes)
    pixels_V = np.bincount(mask_HW.ravel(), minlength=_VALUES)
    fault = _fault_of_values(pair, pixels_V, code)
    if fault:
        raise DataError(fault)
    labels_HW: np.ndarray = code.labels_V[mask_HW]
    return labels_HW


def survey(pairs: Sequence[Pair], modes: tuple[str, ...]) -> Survey:
    """Reads every mask of a split and compares its size with the picture's.

    Takes about 0.3 ms of one core for a mask of 240x180 and 2 ms for one of 683x512: under a minute for the
    whole of ADE20K, against hours of training that would end at the first bad value.
    """
    with ThreadPoolExecutor(_THREADS) as pool:
        found = list(pool.map(lambda pair: _pixels_or_fault(pair, modes), pairs))
    return Survey(
        pairs=pairs,
        pixels_PV=np.array([np.zeros(_VALUES, np.int32) if isinstance(f, str) else f for f in found]),
        faults=[f for f in found if isinstance(f, str)],
    )


def refuse_faults(folder: Path, surveys: Sequence[Survey], code: MaskCode) -> None:
    """Tells the faults of all masks at once.

    Raises:
        DataError: a mask is missing, malformed, of another size than its picture or holds an illegal value;
            or no pixel of a split has a label.
    """
    faults = [fault for found in surveys for fault in found.faults]
    for found in surveys:
        told = (
            _fault_of_values(p, pixels, code) for p, pixels in zip(found.pairs, found.pixels_PV, strict=True)
        )
        faults += [fault for fault in told if fault]
    if len(faults) == 1:
        raise DataError(faults[0])
    if faults:
        more = f"\n  and {len(faults) - _FAULTS_TOLD} more" if len(faults) > _FAULTS_TOLD else ""
        listed = "".join(f"\n  {fault}" for fault in faults[:_FAULTS_TOLD])
        raise DataError(f"{folder}: {len(faults)} masks are faulty:{listed}{more}")
    for found in surveys:
        if not found.pixels_PV[:, code.labels_V != IGNORED].any():
            split = found.pairs[0].mask.parent
            raise DataError(
                f"{split}: expected masks with labelled pixels, found {len(found.pairs)} "
                "in which every pixel is ignored; give masks of this layout, or another protocol (--protocol)"
            )


def _pixels_or_fault(pair: Pair, modes: tuple[str, ...]) -> np.ndarray | str:
    try:
        mask_HW = _read_mask(pair.mask, modes)
        height, width = mask_HW.shape
        size = read_size(pair.picture)
        if size != (width, height):
            size = read_rgb(pair.picture).shape[1::-1]  # turned as its EXIF tag says
    except DataError as error:
        return str(error)
    if size != (width, height):
        return (
            f"{pair.mask}: expected the size of its picture, {size[0]}x{size[1]}, found {width}x{height}; "
            "replace the one or the other"
        )
    return np.bincount(mask_HW.ravel(), minlength=_VALUES).astype(np.int32)


def _fault_of_values(pair: Pair, pixels_V: np.ndarray, code: MaskCode) -> str | None:
    illegal = np.flatnonzero((pixels_V > 0) & ~code.is_legal_V)
    if not len(illegal):
        return None
    pixels = int(pixels_V[illegal].sum())
    values = ", ".join(map(str, illegal[:5])) + (", ..." if len(illegal) > 5 else "")
    return (
        f"{pair.mask}: expected the values {code.legal}, found {values} in {pixels} pixels; "
        "replace the file, or give the classes it was drawn with (data.classes of the protocol)"
    )


def _read_mask(path: Path, modes: tuple[str, ...]) -> np.ndarray:
    try:
        with Image.open(path) as file:
            if file.mode not in modes:
                raise DataError(
                    f"{path}: expected a mask of one byte a pixel (mode {' or '.join(modes)}), "
                    f"found mode {file.mode}; write the class numbers themselves"
                )
            return np.array(file)
    except FileNotFoundError as error:
        raise DataError(f"{path}: expected a mask, found no such file; copy the data set again") from error
    except (OSError, UnidentifiedImageError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(
            f"{path}: expected a whole mask, found one that cannot be decoded ({error}); replace the file"
        ) from error
