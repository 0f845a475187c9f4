"""Writes one tar file as webdataset has them: the same bytes for the same members."""

from __future__ import annotations

from hashlib import sha256
from tarfile import BLOCKSIZE, PAX_FORMAT, TarInfo
from typing import BinaryIO

_EXTENSIONS = {
    b"\xff\xd8\xff": "jpg",
    b"\x89PNG": "png",
    b"RIFF": "webp",
    b"BM": "bmp",
    b"II*\0": "tif",
    b"MM\0*": "tif",
    b"P5": "pgm",
    b"P6": "ppm",
}
_END_BLOCKS = 2


class Shard:
    """A tar file while it is written; its members have neither time nor owner."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = sha256()
        self.bytes = 0
        """Written so far."""
        self.pictures = 0

    def add(self, key: str, picture: bytes, label: int) -> None:
        """Appends a picture as `KEY.jpg`, or what else its content is, and its label as `KEY.cls`.

        Args:
            key: without a dot, at which the reader parts key and extension.
            picture: all bytes of its file.
            label: 0 or more.
        """
        self._append(f"{key}.{extension_of(picture)}", picture)
        self._append(f"{key}.cls", str(label).encode())
        self.pictures += 1

    def close(self) -> str:
        """Ends the tar file; returns its sha256."""
        self._write(bytes(_END_BLOCKS * BLOCKSIZE))
        return self._digest.hexdigest()

    def _append(self, name: str, content: bytes) -> None:
        member = TarInfo(name)
        member.size = len(content)
        self._write(member.tobuf(PAX_FORMAT))
        self._write(content)
        self._write(bytes(-len(content) % BLOCKSIZE))

    def _write(self, content: bytes) -> None:
        self._file.write(content)
        self._digest.update(content)
        self.bytes += len(content)


def extension_of(picture: bytes) -> str:
    """Returns the extension of a format that is read, by the first bytes; `jpg` for anything else."""
    return next((name for magic, name in _EXTENSIONS.items() if picture.startswith(magic)), "jpg")
