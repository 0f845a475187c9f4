"""What the values of a mask file mean.

Dimension key: H x W pixels, V = 256 values of a mask file, K classes.
Convention: masks hold the data set's own values, labels hold 0..K-1 and 255 for pixels that are ignored.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from transferbench.errors import DataError
from transferbench.tasks.base import NO_MARKS, ClassMarks
from transferbench.tasks.segment.sources.values import fault_of_values

IGNORED = 255
VALUES = 256
ANY_MODES = ("L", "P", "1")
"""Pillow's names of the pixel formats that may hold numbers of classes: grey, palette, black and white."""

_INSTEAD = {
    "P": "numbers of a palette; if these are the class numbers, write them as grey, as "
    "Image.fromarray(numpy.array(Image.open(mask))).save(mask) does",
    "1": "black and white; write the class numbers themselves, a byte a pixel",
    "I": "more than one byte a pixel; write one, which has room for 256 values",
}
_COLOURS = "colours; write the number of each pixel's class, a byte a pixel"


@dataclass(frozen=True)
class Pair:
    """A picture and its mask."""

    picture: Path
    mask: Path
    subfolder: str = ""
    """From the folder of the split's pictures to the one that the picture is in."""
    listed: Path | None = None
    """The file that names both, where there is one."""

    @property
    def name(self) -> str:
        """What a remark calls the picture."""
        return f"{self.subfolder}/{self.picture.name}".lstrip("/")


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
    advice: str = "replace the file, or give the classes it was drawn with (data.classes of the protocol)"
    """What to do about a value that is not legal, for messages."""


@dataclass(frozen=True)
class SplitPairs:
    """Both splits of a data set, checked."""

    folder: Path
    train: Sequence[Pair]
    """None of them where only the other split is read."""
    score: Sequence[Pair]
    classes: tuple[str, ...]
    code: MaskCode
    marks: ClassMarks = NO_MARKS
    """How each class stands in a mask file."""
    remarks: tuple[str, ...] = ()
    """What a reader of the scores should know of the data, a line each."""
    score_pixels_PV: np.ndarray | None = None
    """Pixels of each value in each scored mask."""
    train_sizes: Sequence[tuple[int, int]] = ()
    """(width, height) in pixels of each training picture as decoded, turned as EXIF says."""


def mask_code(values: Sequence[int], ignored: Sequence[int], *, modes: tuple[str, ...], of: str) -> MaskCode:
    """Returns the code by which each value is the label of its place in the list.

    Args:
        values: in a mask file, of each class, in order.
        ignored: values in a mask file that are no class.
        modes: Pillow's names of the pixel formats that a file may have.
        of: where the classes come from, for messages.
    """
    labels_V = np.full(VALUES, IGNORED, np.uint8)
    labels_V[list(values)] = np.arange(len(values))
    is_legal_V = np.zeros(VALUES, bool)
    is_legal_V[[*values, *ignored]] = True
    told = f"{told_values(sorted(values))} (the {len(values)} classes of {of})"
    without = f"{told_values(sorted(ignored))} (ignored)"
    is_first = bool(ignored) and min(ignored) < min(values, default=0)
    parts = [without, told] if is_first else [told, *([without] if ignored else [])]
    return MaskCode(labels_V, is_legal_V, " and ".join(parts), modes)


def read_labels(pair: Pair, code: MaskCode) -> np.ndarray:
    """Returns the labels of a picture, (H, W) uint8.

    Raises:
        DataError: the mask is missing, truncated, of another pixel format, or holds an illegal value.
    """
    values_HW = read_values(pair.mask, code)
    # Python's own table of bytes is three times as fast as an index by an array.
    labels = bytearray(values_HW.tobytes().translate(code.labels_V.tobytes()))
    return np.frombuffer(labels, np.uint8).reshape(values_HW.shape)


def read_values(path: Path, code: MaskCode) -> np.ndarray:
    """Returns a mask as it is in its file, (H, W) uint8.

    Raises:
        DataError: the file is missing, truncated, of another pixel format, or holds an illegal value.
    """
    with _opened(path, code.modes) as file:
        mask_HW = np.asarray(file, np.uint8)
    if mask_HW.tobytes().translate(None, delete=np.flatnonzero(code.is_legal_V).astype(np.uint8).tobytes()):
        pixels_V = np.bincount(mask_HW.ravel(), minlength=VALUES)
        raise DataError(fault_of_values(path, pixels_V, code))
    return mask_HW


def count_values(path: Path, modes: tuple[str, ...]) -> tuple[tuple[int, int], np.ndarray]:
    """Returns (width, height) of a mask and the pixels of each of its values, (V,) int32.

    Raises:
        DataError: the file is missing, truncated or of another pixel format.
    """
    with _opened(path, modes) as file:
        pixels_V = np.array(file.histogram(), np.int32)
        size, is_binary = file.size, file.mode == "1"
    if is_binary:  # Pillow counts white as 255, numpy reads it as 1
        pixels_V[[1, IGNORED]] = pixels_V[[IGNORED, 1]]
    return size, pixels_V


def told_values(values: Sequence[int]) -> str:
    """Returns values in words, as `0 to 6, 9, 255`; they rise."""
    runs: list[list[int]] = []
    for value in values:
        if runs and value == runs[-1][-1] + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    return ", ".join(f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs)


@contextmanager
def _opened(path: Path, modes: tuple[str, ...]) -> Iterator[Image.Image]:
    try:
        with Image.open(path) as file:
            if file.mode not in modes:
                instead = _INSTEAD.get(file.mode[:1] if file.mode.startswith("I") else file.mode, _COLOURS)
                raise DataError(
                    f"{path}: expected a mask of one byte a pixel (mode {' or '.join(modes)}), "
                    f"found mode {file.mode}: {instead}"
                )
            if file.format == "JPEG":
                raise DataError(
                    f"{path}: expected a mask that keeps its values, as PNG does, found JPEG, which changes "
                    "them; write it from the source again"
                )
            file.load()
            yield file
    except FileNotFoundError as error:
        raise DataError(f"{path}: expected a mask, found no such file; copy the data set again") from error
    except (OSError, UnidentifiedImageError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(
            f"{path}: expected a whole mask, found one that cannot be decoded ({error}); replace the file"
        ) from error
