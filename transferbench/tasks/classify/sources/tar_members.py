"""Walks through a tar file without reading what is in it; some four times as fast as the standard library."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from transferbench.errors import DataError

_BLOCK = 512
_EMPTY = bytes(_BLOCK)
_CHECKSUM = slice(148, 156)
_BLANKS = 8 * ord(" ")
"""What the checksum counts in its own place."""
_BASE_256 = 0x80
_REGULAR = (b"0", b"\0", b"7")
_EXTENDED, _LONG_NAME = b"x", b"L"
_OTHER_HEADERS = (b"g", b"K")
"""Of all members, and of where a link leads."""
_GZIP = b"\x1f\x8b"


class Member(NamedTuple):
    """A file in a tar file."""

    name: str
    offset: int
    """Of its first byte in the tar file."""
    size: int
    """In bytes."""


def members(file: BinaryIO, path: Path) -> Iterator[Member]:
    """Yields the regular files in a tar file, in order; folders and links are passed over.

    Args:
        file: the tar file, opened; between two members its position may be changed.
        path: of the tar file, for a complaint.

    Raises:
        DataError: the file is cut off, or no uncompressed tar file.

    Source:
        POSIX.1-2001, pax interchange format; GNU tar for long names and large sizes.
    """
    length = path.stat().st_size
    place, long_name, extended = 0, "", dict[str, str]()
    while (header := _at(file, place, _BLOCK)) != _EMPTY:
        _require_header(header, place, path)
        kind, start = header[156:157], place + _BLOCK
        size = int(extended.get("size", 0)) or _number(header[124:136])
        if start + size > length:
            raise _cut_off(path, f"{length:,} bytes, of which {_name(header)!r} needs {start + size:,}")
        place = start + -(-size // _BLOCK) * _BLOCK
        if kind == _EXTENDED:
            extended = _records(_at(file, start, size), path)
        elif kind == _LONG_NAME:
            long_name = _text(_at(file, start, size))
        elif kind not in _OTHER_HEADERS:
            if kind in _REGULAR:
                yield Member(extended.get("path") or long_name or _name(header), start, size)
            long_name, extended = "", {}


def _at(file: BinaryIO, place: int, size: int) -> bytes:
    file.seek(place)
    return file.read(size)


def _require_header(header: bytes, place: int, path: Path) -> None:
    if len(header) < _BLOCK:
        raise _cut_off(path, f"{place + len(header):,} bytes without the empty block that ends one")
    if sum(header) - sum(header[_CHECKSUM]) + _BLANKS == _number(header[_CHECKSUM]):
        return
    what = "a compressed one" if header.startswith(_GZIP) else f"something else at byte {place:,}"
    cure = "unpack it with gunzip" if header.startswith(_GZIP) else "copy it again"
    raise DataError(f"{path}: expected an uncompressed tar file, found {what}; {cure}")


def _cut_off(path: Path, found: str) -> DataError:
    return DataError(f"{path}: expected a whole tar file, found {found}; it is cut off, copy it again")


def _number(field: bytes) -> int:
    if field[0] & _BASE_256:
        return int.from_bytes(field[1:], "big")
    try:
        return int(field.rstrip(b"\0 ") or b"0", 8)
    except ValueError:
        return -1


def _name(header: bytes) -> str:
    name = _text(header[:100])
    is_posix = header[257:263] == b"ustar\0"
    prefix = _text(header[345:500]) if is_posix else ""
    return f"{prefix}/{name}" if prefix else name


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")


def _records(content: bytes, path: Path) -> dict[str, str]:
    """Returns the keys and values of an extended header: lines of length, space, key=value."""
    records = {}
    place = 0
    try:
        while place < len(content):
            digits = content.index(b" ", place)
            end = place + int(content[place:digits])
            key, _, value = content[digits + 1 : end - 1].partition(b"=")
            records[_text(key)] = _text(value)
            if end <= digits:
                raise ValueError(end)
            place = end
    except ValueError as error:
        raise DataError(
            f"{path}: expected an extended tar header, found {content[:40]!r}; copy the file again"
        ) from error
    return records
