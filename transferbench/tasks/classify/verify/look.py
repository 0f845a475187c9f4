"""What there is to say of one picture's file."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from io import BytesIO
from pathlib import PurePath

import numpy as np
import simplejpeg
from PIL import Image, UnidentifiedImageError

from transferbench.errors import DataError
from transferbench.tasks.classify.verify.findings import Finding
from transferbench.tasks.decode import decode_rgb

TINY_PIXELS = 32
"""Side below which a picture is told."""
HUGE_PIXELS = 50_000_000

_FORMATS = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".png": "PNG",
    ".webp": "WEBP",
    ".bmp": "BMP",
    ".ppm": "PPM",
    ".pgm": "PPM",
    ".tif": "TIFF",
    ".tiff": "TIFF",
}
_ORIENTATION, _UPRIGHT = 0x0112, 1
_PNG, _PNG_DEPTH_AT = b"\x89PNG\r\n\x1a\n", 24
_AS_WHITE = 2
"""Largest difference of the mean, of 255, between 16 bits as they are and as the reader gives them."""


def look(content: bytes, name: str) -> list[Finding]:
    """Returns what there is to say of a picture, faults first; nothing of a plain one.

    All data are decoded, at an eighth of the size where a JPEG allows it, which reads every bit of them.

    Args:
        content: all bytes of its file.
        name: of the picture, with the extension.
    """
    if not content:
        return [Finding("empty")]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(BytesIO(content)) as file:
                return [*_faults(file, content, name), *_remarks(file, content, name)]
    except Image.DecompressionBombError as error:
        return [Finding("too large", str(error))]
    except UnidentifiedImageError:
        return [Finding("no picture", f"it begins with {content[:16]!r}")]
    except Exception as error:
        return [_broken(error)]


def _faults(file: Image.Image, content: bytes, name: str) -> Iterator[Finding]:
    if file.format in ("JPEG", "MPO"):
        yield from _of_jpeg(file, content)
        return
    file.load()
    if file.mode.startswith(("I", "F")):
        yield _of_many_bits(file, content, name)


def _of_jpeg(file: Image.Image, content: bytes) -> Iterator[Finding]:
    """Yields what the strict decoder complains of; only then is it decoded a second time, by the reader's."""
    colours = "CMYK" if file.mode == "CMYK" else "GRAY"
    try:
        simplejpeg.decode_jpeg(content, colours, min_height=1, min_width=1, min_factor=8)
        return
    except ValueError as error:
        complaint = str(error)
    file.load()
    if complaint.startswith("Premature end of JPEG file"):
        yield Finding("truncated", "no end marker")
    else:
        yield Finding("damaged", complaint)


def _of_many_bits(file: Image.Image, content: bytes, name: str) -> Finding:
    meant = float(np.asarray(file, dtype=np.float64).mean()) / 257
    read = float(decode_rgb(content, name).mean())
    if abs(meant - read) > _AS_WHITE:
        return Finding("clipped", f"mode {file.mode}")
    return Finding("16-bit", f"mode {file.mode}")


def _broken(error: Exception) -> Finding:
    words = str(error)
    if isinstance(error, DataError) or not words:
        return Finding("undecodable", words or type(error).__name__)
    return Finding("truncated" if "truncated" in words.lower() else "undecodable", words)


def _remarks(file: Image.Image, content: bytes, name: str) -> Iterator[Finding]:
    orientation = file.getexif().get(_ORIENTATION, _UPRIGHT)
    if orientation in range(2, 9):
        yield Finding("turned", f"orientation {orientation}")
    if file.mode == "CMYK":
        yield Finding("CMYK")
    if content.startswith(_PNG) and content[_PNG_DEPTH_AT] == 16 and file.mode[0] not in "IF":
        yield Finding("16-bit", f"mode {file.mode}")
    if file.mode[0] in "1LIF":
        yield Finding("grey")
    if file.mode.startswith("P"):
        yield Finding("palette")
    if "A" in file.mode or "transparency" in file.info:
        yield Finding("alpha")
    expected = _FORMATS.get(PurePath(name).suffix.lower())
    found = "JPEG" if file.format == "MPO" else file.format
    if expected is not None and found != expected:
        yield Finding("wrong extension", f"{found} content")
    if min(file.size) < TINY_PIXELS:
        yield Finding("tiny", f"{file.width} x {file.height} pixels")
    if file.width * file.height > HUGE_PIXELS:
        yield Finding("huge", f"{file.width} x {file.height} pixels")
