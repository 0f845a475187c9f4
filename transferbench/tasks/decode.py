"""Picture files to arrays.

Dimension key: H x W pixels.
"""

from pathlib import Path

import numpy as np
import simplejpeg
from PIL import Image, ImageOps, UnidentifiedImageError

from transferbench.errors import DataError

_JPEG = b"\xff\xd8"
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
    """Returns (width, height) of a picture in pixels, from its header alone; EXIF is not applied.

    Raises:
        DataError: the file is missing or no picture.
    """
    try:
        with Image.open(path) as file:
            return file.size
    except (OSError, UnidentifiedImageError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(_complaint(path, error)) from error


def _complaint(path: Path, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f"{path}: expected a picture, found no such file; copy the data set again"
    return f"{path}: expected a whole picture, found one that cannot be decoded ({error}); replace the file"
