"""What a layout is read to: pairs of files, no mask of which was looked into yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from transferbench.tasks.base import ClassMarks
from transferbench.tasks.faults import raise_together
from transferbench.tasks.segment.sources.masks import MaskCode, Pair
from transferbench.tasks.segment.sources.survey import Survey


@dataclass(frozen=True)
class Paired:
    """Both splits of a data set, each file found."""

    folder: Path
    train: Sequence[Pair]
    score: Sequence[Pair]
    classes: tuple[str, ...]
    code: MaskCode
    marks: ClassMarks
    remarks: tuple[str, ...] = ()
    """Of the files."""
    surveyed: Survey | None = None
    """Of `train`, where the classes come from it."""


def refuse_twins(pairs: Sequence[Pair]) -> None:
    """Checks that each mask is that of one picture.

    Raises:
        DataError: some are of two, as `a.jpg` and `a.png`, or a picture is listed twice.
    """
    raise_together(list(_twins(pairs)))


def _twins(pairs: Sequence[Pair]) -> Iterator[str]:
    first: dict[Path, Pair] = {}
    for pair in pairs:
        other = first.setdefault(pair.mask, pair)
        if other is pair:
            continue
        if other.picture == pair.picture and pair.listed:
            yield f"{pair.listed}: expected each picture once, found {pair.picture.stem!r} twice; take it out"
        else:
            yield (
                f"{pair.picture}: expected one picture for the mask {pair.mask}, found {other.picture.name} "
                "beside it; take one out"
            )
