"""Reads every picture of a data set once, in several processes, and tells what is wrong with it."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple, Protocol

import numpy as np

from transferbench.errors import DataError
from transferbench.tasks.classify.crew import Report, news_of
from transferbench.tasks.classify.verify.duplicates import DIGEST_BYTES, groups_of
from transferbench.tasks.classify.verify.findings import KINDS, Finding, Kind, Told
from transferbench.tasks.classify.verify.look import look

_MOST_IN_A_CHUNK = 512
"""Pictures that a process reads at a time: one after the other, as shards and row groups want it."""
_CHUNKS_A_PROCESS = 8
"""At least, so that processes end together."""
_NO_PICTURE = ("unreadable", "empty", "no picture")
"""Kinds of which a second one is no copy of the first."""


class Pictures(Protocol):
    """What is read: files of pictures."""

    def __len__(self) -> int:
        """Returns the number of pictures."""

    def name(self, index: int) -> str:
        """Returns what a message calls a picture."""

    def read(self, index: int) -> bytes:
        """Returns the content of a picture's file.

        Raises:
            DataError: it cannot be read.
        """


@dataclass(frozen=True)
class Part:
    """One split."""

    name: str
    pictures: Pictures
    labels: np.ndarray | None = None
    """Integers (N,); None where pictures have no label."""
    classes: Sequence[str] = ()

    def called(self, index: int) -> str:
        """Returns the name of a picture and, if it has one, of its class."""
        name = self.pictures.name(index)
        return name if self.labels is None else f"{name} ({self.classes[self.labels[index]]})"


class _Chunk(NamedTuple):
    part: int
    start: int
    stop: int


class _Place(NamedTuple):
    part: int
    number: int
    """Of a picture in its split."""


class _Looked(NamedTuple):
    digests: bytes
    """Of all pictures of a chunk, one after the other; zeros for none."""
    findings: list[tuple[int, Finding]]
    """With the index of the picture."""


def verify(parts: Sequence[Part], *, processes: int, report: Report) -> list[Told]:
    """Returns what there is to say of the pictures, faults first.

    Takes about 100 bytes of memory a picture, of which there is something to say.

    Args:
        parts: the splits; pictures of one that are in another are told.
        processes: 1 or more.
        report: is given what is done, the number of pictures done, and of all.
    """
    chunks = _chunks([len(part.pictures) for part in parts], processes)
    of, done = sum(len(part.pictures) for part in parts), 0
    starts = np.cumsum([0, *(len(part.pictures) for part in parts)])
    digests = np.zeros(of, f"S{DIGEST_BYTES}")
    found: dict[tuple[Kind, int], _Found] = {}

    def looked_at(chunk: _Chunk) -> Iterator[_Looked]:
        yield _look_at(parts[chunk.part].pictures, range(chunk.start, chunk.stop))

    with closing(news_of(looked_at, chunks, processes)) as news:
        for number, looked in news:
            part, start, stop = chunks[number]
            digests[starts[part] + start : starts[part] + stop] = np.frombuffer(looked.digests, digests.dtype)
            for index, finding in looked.findings:
                found.setdefault((finding.kind, part), _Found()).add(index, finding.words)
            done += stop - start
            report(f"reading {parts[part].name}", done, of)
    result = [entries.told(kind, parts[part]) for (kind, part), entries in found.items()]
    result += _repeats(parts, starts, digests)
    names = [part.name for part in parts]
    return sorted(result, key=lambda each: (KINDS.index(each.kind), names.index(each.part)))


class _Found:
    """Findings of one kind in one split, in little memory: most are in the same words."""

    def __init__(self) -> None:
        self.indices = array("q")
        self._words = array("q")
        self._known: dict[str, int] = {}

    def add(self, index: int, words: str) -> None:
        self.indices.append(index)
        self._words.append(self._known.setdefault(words, len(self._known)))

    def told(self, kind: Kind, part: Part) -> Told:
        """Returns the findings in the order of the pictures."""
        order = np.argsort(np.asarray(self.indices), kind="stable")
        texts = list(self._known)

        def entry(number: int) -> tuple[str, str]:
            place = int(order[number])
            return part.pictures.name(self.indices[place]), texts[self._words[place]]

        return Told(kind, part.name, len(self.indices), entry)


def _chunks(sizes: Sequence[int], processes: int) -> list[_Chunk]:
    size = min(_MOST_IN_A_CHUNK, 1 + sum(sizes) // (processes * _CHUNKS_A_PROCESS))
    return [
        _Chunk(part, start, min(start + size, count))
        for part, count in enumerate(sizes)
        for start in range(0, count, size)
    ]


def _look_at(pictures: Pictures, indices: Sequence[int]) -> _Looked:
    digests, findings = [], []
    for index in indices:
        try:
            content = pictures.read(index)
            seen = look(content, pictures.name(index))
        except DataError as error:
            content, seen = b"", [Finding("unreadable", _reason(error))]
        is_picture = not any(finding.kind in _NO_PICTURE for finding in seen)
        digests.append(sha256(content).digest() if is_picture else bytes(DIGEST_BYTES))
        findings += [(index, finding) for finding in seen]
    return _Looked(b"".join(digests), findings)


def _reason(error: DataError) -> str:
    """Returns what an error says was found: its place is told beside it, and what to do is known."""
    return str(error).partition(", found ")[2].partition(";")[0] or str(error)


def _repeats(parts: Sequence[Part], starts: np.ndarray, digests: np.ndarray) -> list[Told]:
    """Returns what there is to say of pictures whose bytes are there twice or more."""
    copies: dict[tuple[Kind, int], list[tuple[int, _Place]]] = {}
    for group in groups_of(digests):
        owners = np.searchsorted(starts, group, side="right") - 1
        first, *others = map(_Place, owners.tolist(), (group - starts[owners]).tolist())
        for other in others:
            kind = _kind_of_repeat(parts, first, other)
            copies.setdefault((kind, other.part), []).append((other.number, first))
    return [_told_copies(kind, parts, part, sorted(found)) for (kind, part), found in copies.items()]


def _told_copies(kind: Kind, parts: Sequence[Part], part: int, copies: Sequence[tuple[int, _Place]]) -> Told:
    def entry(number: int) -> tuple[str, str]:
        index, first = copies[number]
        return parts[part].called(index), f"as {parts[first.part].called(first.number)}"

    return Told(kind, parts[part].name, len(copies), entry)


def _kind_of_repeat(parts: Sequence[Part], first: _Place, other: _Place) -> Kind:
    if first.part != other.part:
        return "in both splits"
    labels = parts[first.part].labels
    return "repeated" if labels is None or labels[first.number] == labels[other.number] else "two labels"
