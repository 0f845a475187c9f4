"""Picture files to arrays.

Dimension key: H x W pixels.
"""

from pathlib import Path

import numpy as np
import simplejpeg
from PIL import Image, ImageOps, UnidentifiedImageError

from transferbench.errors import DataError

_JPEG, _JPEG_END = b"\xff\xd8", b"\xff\xd9"
_TAIL_BYTES = 1024
_HEADER_BYTES = 4096


def read_rgb(path: Path) -> np.ndarray:
    """Returns a picture as RGB bytes (H, W, 3), turned as its EXIF tag says.

    Raises:
        DataError: the file is missing, truncated or no picture.
    """
    try:
        with Image.open(path) as file:
            return np.array(ImageOps.exif_transpose(file).convert("RGB"))
    except (OSError, UnidentifiedImageError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(_complaint(path, error)) from error


def read_rgb_fast(path: Path) -> np.ndarray:
    """Returns what `read_rgb` returns, to within 2 of 255, in less time; for training.

    Anything but a plain RGB or grey JPEG without EXIF takes the way of `read_rgb`.

    Raises:
        DataError: the file is missing, truncated or no picture.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(_complaint(path, error)) from error
    if not content.startswith(_JPEG) or b"Exif" in content[:_HEADER_BYTES]:
        return read_rgb(path)
    try:
        if simplejpeg.decode_jpeg_header(content)[2] not in ("YCbCr", "Gray"):
            return read_rgb(path)
        picture: np.ndarray = simplejpeg.decode_jpeg(content, "RGB")
    except ValueError:
        return read_rgb(path)
    return picture


def read_size(path: Path) -> tuple[int, int]:
    """Returns (width, height) of a picture in pixels, from its header; EXIF is not applied.

    A JPEG that does not end as one should is decoded, so that a truncated one is told before a training.

    Raises:
        DataError: the file is missing, truncated or no picture.
    """
    try:
        with Image.open(path) as file:
            size = file.size
            has_an_end = file.format != "JPEG" or _JPEG_END in _tail(path)
        if not has_an_end:
            read_rgb(path)
        return size
    except (OSError, UnidentifiedImageError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(_complaint(path, error)) from error


def _tail(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
        return file.read()


def _complaint(path: Path, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f"{path}: expected a picture, found no such file; copy the data set again"
    return f"{path}: expected a whole picture, found one that cannot be decoded ({error}); replace the file"
