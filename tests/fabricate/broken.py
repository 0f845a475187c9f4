"""Pictures with faults, and pictures that are out of the ordinary, as the bytes of their files."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from itertools import count
from pathlib import Path

import numpy as np
from PIL import Image

from tests.fabricate.encoded import jpeg
from tests.fabricate.imagefolder import CLASSES

_ORIENTATION = 0x0112
_HEADER = struct.Struct(">IIBBBBB")
_RGB, _GREY = 2, 0


def noise(seed: int = 0, side: int = 48) -> Image.Image:
    """Returns a square that no other seed gives."""
    return Image.fromarray(np.random.default_rng(seed).integers(0, 255, (side, side, 3), dtype=np.uint8))


def encoded(picture: Image.Image, kind: str = "JPEG", **settings: object) -> bytes:
    """Returns the bytes of a file."""
    file = BytesIO()
    picture.save(file, kind, **settings)
    return file.getvalue()


def plain(seed: int = 0, side: int = 48) -> bytes:
    """Returns a JPEG of which there is nothing to say."""
    return jpeg(seed, side=side)


def turned(orientation: int, size: tuple[int, int] = (60, 40)) -> bytes:
    """Returns a JPEG, red on the left and blue on the right, with an orientation in its EXIF."""
    exif = Image.Exif()
    exif[_ORIENTATION] = orientation
    picture = Image.new("RGB", size, "red")
    picture.paste("blue", (size[0] // 2, 0, *size))
    return encoded(picture, exif=exif, quality=95)


def holed() -> bytes:
    """Returns a JPEG whose second half never came: zeros, then the end as it should be."""
    content = plain(side=96)
    half = len(content) // 2
    return content[:half] + bytes(len(content) - half - 2) + content[-2:]


def with_garbage() -> bytes:
    """Returns a JPEG with bytes between its data and its end marker, which decodes whole."""
    content = plain()
    return content[:-2] + b"\x11" * 9 + content[-2:]


def palette() -> bytes:
    """Returns a PNG of 256 colours with a transparency for each."""
    return encoded(noise().quantize(256), "PNG", transparency=bytes(range(256)))


def grey_16_bit() -> bytes:
    """Returns a grey PNG of 16 bits that is dark above and light below."""
    return png(np.linspace(0, 65535, 48 * 48).astype(">u2").reshape(48, 48), _GREY)


def rgb_16_bit() -> bytes:
    """Returns a PNG of 16 bits a colour."""
    return png(np.random.default_rng(0).integers(0, 65535, (48, 144)).astype(">u2"), _RGB)


def oversized() -> bytes:
    """Returns the header of a PNG with more pixels than the reader takes."""
    return png(np.zeros((1, 1), ">u2"), _GREY, size=(30_000, 30_000))


def png(rows: np.ndarray, colour_type: int, size: tuple[int, int] | None = None) -> bytes:
    """Returns a PNG of 16 bits with these rows, which PIL does not write."""
    height, columns = rows.shape
    width, height = size or (columns // (3 if colour_type == _RGB else 1), height)
    data = b"".join(b"\0" + row.tobytes() for row in rows)
    header = _HEADER.pack(width, height, 16, colour_type, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(data)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )


FAULTY: dict[str, tuple[Callable[[], bytes], set[str]]] = {
    "empty.jpg": (bytes, {"empty"}),
    "page.jpg": (lambda: b"<!DOCTYPE html><html><body>404</body></html>", {"no picture"}),
    "cut.jpg": (lambda: plain()[:900], {"truncated"}),
    "cut.png": (lambda: encoded(noise(), "PNG")[:900], {"truncated"}),
    "endless.jpg": (lambda: plain()[:-2] + bytes(100), {"truncated"}),
    "oversized.png": (oversized, {"too large"}),
}
"""By file name: the content, and the kinds of what there is to say of it."""

ODD: dict[str, tuple[Callable[[], bytes], set[str]]] = {
    "turned.jpg": (lambda: turned(6), {"turned"}),
    "cmyk.jpg": (lambda: encoded(noise().convert("CMYK")), {"CMYK"}),
    "grey.jpg": (lambda: encoded(noise().convert("L")), {"grey"}),
    "palette.png": (palette, {"palette", "alpha"}),
    "alpha.png": (lambda: encoded(noise().convert("RGBA"), "PNG"), {"alpha"}),
    "rgb_16_bit.png": (rgb_16_bit, {"16-bit"}),
    "png.JPEG": (lambda: encoded(noise(), "PNG"), {"wrong extension"}),
    "holed.jpg": (holed, {"damaged"}),
    "garbage.jpg": (with_garbage, {"damaged"}),
    "tiny.jpg": (lambda: plain(side=31), {"tiny"}),
    "huge.png": (lambda: encoded(Image.new("1", (7200, 7000)), "PNG"), {"grey", "huge"}),
}
"""As `FAULTY`, of what the reader takes care of."""


def sound_folders(root: Path, *, train: int = 2, val: int = 2) -> Path:
    """Writes an ImageFolder of three classes in which no picture is twice; returns the root."""
    seeds = count()
    for split, pictures in (("train", train), ("val", val)):
        for name in CLASSES:
            (root / split / name).mkdir(parents=True)
            for number in range(pictures):
                (root / split / name / f"{number}.jpg").write_bytes(plain(next(seeds)))
    return root
