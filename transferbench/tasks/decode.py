"""Picture files to arrays.

Dimension key: H x W pixels.
"""

import warnings
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import simplejpeg
from PIL import Image, ImageOps, UnidentifiedImageError

from transferbench.errors import DataError

_PIL_ERRORS = (OSError, UnidentifiedImageError, SyntaxError, ValueError, Image.DecompressionBombError)
_JPEG, _JPEG_END = b"\xff\xd8", b"\xff\xd9"
_TAIL_BYTES = 1024
_EXIF_ORIENTATION = 0x0112
UPRIGHT, TURNED_BY_90 = 1, (5, 6, 7, 8)
"""EXIF's orientations of a picture that is shown as stored, and of those whose width is shown as height."""
_HEADER_BYTES = 4096
_MARKER = 0xFF
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SEQUENTIAL = (0xC0, 0xC1)
_FRAME_BYTES = 9
_CONTEXT_ROWS = 4
"""Decoded below a crop: its last row of colours is interpolated from rows that lie lower."""
_ROWS_LEFT = "extraneous bytes before marker 0xd9"
"""How libjpeg complains where the picture goes on after the last row that it was told of."""


def read_rgb(path: Path) -> np.ndarray:
    """Returns a picture as RGB bytes (H, W, 3), turned as its EXIF tag says.

    Raises:
        DataError: the file is missing, truncated or no picture.
    """
    return decode_rgb(_content(path), str(path))


def read_rgb_fast(path: Path) -> np.ndarray:
    """Returns what `read_rgb` returns, to within 2 of 255, in less time; for training.

    Raises:
        DataError: the file is missing, truncated or no picture.
    """
    return decode_rgb_fast(_content(path), str(path))


def decode_rgb(content: bytes, name: str) -> np.ndarray:
    """Returns the content of a picture's file as RGB bytes (H, W, 3), turned as its EXIF tag says.

    Args:
        content: all bytes of the file.
        name: of the picture, for a complaint.

    Raises:
        DataError: the content is truncated or no picture.
    """
    try:
        with _opened(BytesIO(content)) as file:
            return np.array(_eight_bit(ImageOps.exif_transpose(file)).convert("RGB"))
    except _PIL_ERRORS as error:
        raise DataError(_complaint(name, error)) from error


def decode_rgb_fast(content: bytes, name: str) -> np.ndarray:
    """Returns what `decode_rgb` returns, to within 2 of 255, in less time; for training.

    Anything but a plain RGB or grey JPEG without EXIF takes the way of `decode_rgb`.

    Raises:
        DataError: the content is truncated or no picture.
    """
    if plain_size(content) is not None:
        with suppress(ValueError):
            picture: np.ndarray = simplejpeg.decode_jpeg(content, "RGB")
            return picture
    return decode_rgb(content, name)


def decode_rows(content: bytes, name: str, size_HW: tuple[int, int], rows: int) -> np.ndarray:
    """Returns at least the first `rows` rows of what `decode_rgb_fast` returns, all columns; for crops.

    A sequential JPEG holds its rows in order. Where the crop ends before the picture does, the header is
    told so, and what comes after is neither decoded nor, unless the file ends too early, looked at.

    Args:
        content: all bytes of the file.
        name: of the picture, for a complaint.
        size_HW: what `plain_size` says, in pixels.
        rows: at most the height of the picture.

    Raises:
        DataError: the content is truncated or no picture.
    """
    height, width = size_HW
    kept = rows + _CONTEXT_ROWS
    shortened = _with_height(content, kept) if kept < height else None
    if shortened is None:
        return decode_rgb_fast(content, name)
    picture = np.empty((kept, width, 3), np.uint8)
    try:
        simplejpeg.decode_jpeg(shortened, "RGB", buffer=picture)
    except ValueError as error:
        if not str(error).endswith(_ROWS_LEFT):
            return decode_rgb_fast(content, name)
    return picture


def plain_size(content: bytes) -> tuple[int, int] | None:
    """Returns (height, width) of an RGB or grey JPEG without EXIF, None for any other content."""
    if not content.startswith(_JPEG) or b"Exif" in content[:_HEADER_BYTES]:
        return None
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(content)
    except ValueError:
        return None
    return (height, width) if colours in ("YCbCr", "Gray") else None


def require_whole(content: bytes, name: str) -> None:
    """Checks the header of a picture, and that a JPEG ends as one should; what looks cut off is decoded.

    Args:
        content: all bytes of its file.
        name: of the picture, for a complaint.

    Raises:
        DataError: the content is truncated or no picture.
    """
    try:
        with _opened(BytesIO(content)) as file:
            is_suspect = file.format == "JPEG" and _JPEG_END not in content[-_TAIL_BYTES:]
    except _PIL_ERRORS:
        is_suspect = True
    if is_suspect:
        decode_rgb(content, name)


@dataclass(frozen=True)
class Header:
    """What the file of a picture says of it before its pixels."""

    size: tuple[int, int]
    """(width, height) in pixels, as stored."""
    orientation: int
    """How it is to be turned, as EXIF counts, from 1 to 8; 1 where it does not say."""

    @property
    def shown_size(self) -> tuple[int, int]:
        """(width, height) in pixels, as `read_rgb` gives the picture."""
        return self.size[::-1] if self.orientation in TURNED_BY_90 else self.size


def read_header(path: Path) -> Header:
    """Returns the header of a picture.

    A JPEG that does not end as one should is decoded, so that a truncated one is told before a training.

    Raises:
        DataError: the file is missing, truncated or no picture.
    """
    try:
        with _opened(path) as file:
            size, orientation = file.size, file.getexif().get(_EXIF_ORIENTATION, UPRIGHT)
            has_an_end = file.format != "JPEG" or _JPEG_END in _tail(path)
        if not has_an_end:
            read_rgb(path)
    except _PIL_ERRORS as error:
        raise DataError(_complaint(str(path), error)) from error
    return Header(size, orientation if orientation in range(1, 9) else UPRIGHT)


def _opened(source: Path | BytesIO) -> Image.Image:
    """Returns a picture with its header read; PIL warns of large ones, as if they were an attack."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        return Image.open(source)


def _eight_bit(picture: Image.Image) -> Image.Image:
    """Returns a picture whose colours PIL converts as one expects: not cut off at 255, not with a warning."""
    if picture.mode.startswith("I"):
        return Image.fromarray((np.asarray(picture) / 257).round().astype(np.uint8))
    if isinstance(picture.info.get("transparency"), bytes):
        return picture.convert("RGBA")
    return picture


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(_complaint(str(path), error)) from error


def _with_height(content: bytes, height: int) -> bytearray | None:
    """Returns a JPEG with another height in its header, None for one that is not sequential.

    Source:
        ITU-T T.81, B.1.1.4 for the segments, B.2.2 for the frame header.
    """
    at, last = len(_JPEG), len(content) - _FRAME_BYTES
    while at < last and content[at] == _MARKER and content[at + 1] not in _FRAMES:
        at += 2 + int.from_bytes(content[at + 2 : at + 4])
    if at >= last or content[at] != _MARKER or content[at + 1] not in _SEQUENTIAL:
        return None
    shortened = bytearray(content)
    shortened[at + 5 : at + 7] = height.to_bytes(2)
    return shortened


def _tail(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
        return file.read()


def _complaint(name: str, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f"{name}: expected a picture, found no such file; copy the data set again"
    reason = "no known format" if isinstance(error, UnidentifiedImageError) else error
    return f"{name}: expected a whole picture, found one that cannot be decoded ({reason}); replace the file"
