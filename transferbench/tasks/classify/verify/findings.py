"""What can be said of pictures that are to be trained on, and which of it is a fault."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

Fault = Literal[
    "unreadable",
    "empty",
    "no picture",
    "truncated",
    "undecodable",
    "too large",
    "clipped",
    "in both splits",
    "checksum",
    "count",
]
Remark = Literal[
    "turned",
    "CMYK",
    "16-bit",
    "grey",
    "palette",
    "alpha",
    "wrong extension",
    "damaged",
    "tiny",
    "huge",
    "repeated",
    "two labels",
]
Kind = Fault | Remark

FAULTS: tuple[Fault, ...] = get_args(Fault)
REMARKS: tuple[Remark, ...] = get_args(Remark)
KINDS: tuple[Kind, ...] = (*FAULTS, *REMARKS)

ABOUT: dict[Kind, str] = {
    "unreadable": "the system does not give the file",
    "empty": "the file has no bytes",
    "no picture": "the content is no picture of a known format",
    "truncated": "the file breaks off, or a JPEG has no end marker",
    "undecodable": "the picture does not decode",
    "too large": "more pixels than the reader takes",
    "clipped": "16 or more bits a colour, which the reader cuts off to white",
    "in both splits": "the same bytes are in train and in val",
    "checksum": "a shard is not what the index says",
    "count": "not as published",
    "turned": "EXIF says that it is turned; the reader turns it",
    "CMYK": "the reader makes it RGB",
    "16-bit": "the reader keeps 8 of the 16 bits a colour",
    "grey": "the reader makes it RGB",
    "palette": "the reader makes it RGB",
    "alpha": "the reader drops the transparency",
    "wrong extension": "the content is of another format than the name says; the reader goes by the content",
    "damaged": "the decoder complains of the JPEG data and goes on: part of the picture may be lost",
    "tiny": "a side is below 32 pixels",
    "huge": "more than 50 million pixels: slow, and much memory",
    "repeated": "the same bytes are in the split twice or more, under one label",
    "two labels": "the same bytes are in the split twice or more, under different labels",
}


class Finding(NamedTuple):
    """One thing that there is to say of one picture."""

    kind: Kind
    words: str = ""
    """What was found, where the kind does not say it all."""


@dataclass(frozen=True)
class Told:
    """All findings of one kind in one split."""

    kind: Kind
    part: str
    """Name of the split."""
    count: int
    entry: Callable[[int], tuple[str, str]]
    """Gives for a number from 0 what it was found of, a picture as a rule, and what was found, or nothing."""

    @property
    def is_fault(self) -> bool:
        """Whether it breaks or falsifies a training."""
        return self.kind in FAULTS

    def entries(self, most: int | None = None) -> list[tuple[str, str]]:
        """Returns the first entries; all of them if `most` is None."""
        return [self.entry(number) for number in range(self.count if most is None else min(most, self.count))]


def told(kind: Kind, part: str, entries: Sequence[tuple[str, str]]) -> Told:
    """Returns findings that are in words already."""
    return Told(kind, part, len(entries), entries.__getitem__)
