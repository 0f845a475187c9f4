"""`transferbench data verify`: whether pictures are sound, and what is out of the ordinary."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from transferbench.cli.failures import told

if TYPE_CHECKING:
    from transferbench.tasks.base import TaskProtocol
    from transferbench.tasks.classify.sources.packed import SplitName
    from transferbench.tasks.classify.verify.findings import Told
    from transferbench.tasks.classify.verify.verify import Part

Workers = Annotated[
    int | None,
    typer.Option("--workers", "-j", min=1, help="Processes; as many as cores if left out."),
]

_MOST_NAMED = 10
_HEADER = f"{'split':<10} {'pictures':>11} {'classes':>8}  of a class"


@told
def verify(
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="Pictures in any layout, or a folder with one folder a class."),
    ],
    protocol: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Whose data they are to be; imagenet@1 and places365@1 also compare the published counts.",
        ),
    ] = None,
    split: Annotated[str | None, typer.Option(help="train or val; both if left out.")] = None,
    workers: Workers = None,
    form: Annotated[str, typer.Option("--format", help="text or json.")] = "text",
) -> None:
    """Decode every picture and tell, with names, what is wrong and what is out of the ordinary.

    Faults break or falsify a training: what does not decode or is cut off, what is in both splits, a shard
    that is not what its index says, and, if a protocol is named, counts that are not as published. Remarks
    do not: the reader takes care of EXIF, CMYK, grey and the like. Exit status 1: there are faults.
    """
    from transferbench.cli import requests
    from transferbench.cli.console import out
    from transferbench.cli.interrupts import terminable
    from transferbench.cli.progress import counting

    requests.require_format(form, ("text", "json"))
    rules, part = _protocol(protocol), _split(split)
    with terminable(), counting() as report:
        parts, found, remarks = _verified(
            folder, rules, part, processes=requests.job_count(workers), report=report
        )
    if form == "json":
        content = _as_json(folder, protocol, parts, found)
        print(json.dumps({**content, "remarks": list(remarks)}, indent=1))
    else:
        for line in _lines(parts, found, remarks):
            out.print(line, markup=False, soft_wrap=True)
    if any(each.is_fault for each in found):
        raise typer.Exit(1)


def _protocol(name: str | None) -> TaskProtocol | None:
    from transferbench.errors import ConfigError, nearest
    from transferbench.recipes.load import load_protocol, task_of
    from transferbench.tasks.catalog import PROTOCOLS

    if name is None:
        return None
    task = task_of(name)
    if task is None and not name.endswith(".toml"):
        known = [key for protocols in PROTOCOLS.values() for key in protocols]
        raise ConfigError(
            f"--protocol {name!r}: expected one of `list protocols`, found none; {nearest(name, known)}"
        )
    return load_protocol(task or "classify", name)


def _split(name: str | None) -> SplitName | None:
    from transferbench.errors import ConfigError

    if name not in (None, "train", "val"):
        raise ConfigError(f"--split: expected train or val, found {name!r}")
    return name  # type: ignore[return-value]


def _verified(
    folder: Path, protocol: TaskProtocol | None, split: SplitName | None, *, processes: int, report: Any
) -> tuple[Sequence[Part], list[Told], Sequence[str]]:
    """Returns the splits, all that is to be said of their files, faults first, and of a transfer's labels."""
    from transferbench.cli.console import err
    from transferbench.errors import DataError
    from transferbench.reports.words.durations import duration
    from transferbench.tasks.classify.protocols import ClassifyProtocol
    from transferbench.tasks.classify.verify.findings import KINDS
    from transferbench.tasks.classify.verify.findings import told as in_words
    from transferbench.tasks.classify.verify.shards import verify_shards
    from transferbench.tasks.classify.verify.verify import verify as verify_pictures

    below = protocol.data.folder if isinstance(protocol, ClassifyProtocol) else ""
    splits = ("train", "val") if split is None else (split,)
    found = verify_shards(folder / below, splits, processes=processes, report=report)
    try:
        parts, remarks = _parts(folder, protocol, split)
    except DataError as error:
        if not found:
            raise
        return [], [*found, in_words("checksum", "shards", [("not opened", str(error))])], ()
    found += [each for part in parts for each in _counted(part, protocol)]
    began = time.monotonic()
    found += verify_pictures(parts, processes=processes, report=report)
    pictures, seconds = sum(len(part.pictures) for part in parts), time.monotonic() - began
    err.print(f"read {pictures:,} pictures in {duration(seconds)}, {pictures / seconds:,.0f} a second")
    return parts, sorted(found, key=lambda each: KINDS.index(each.kind)), remarks


def _parts(
    folder: Path, protocol: TaskProtocol | None, split: SplitName | None
) -> tuple[Sequence[Part], Sequence[str]]:
    from transferbench.tasks.classify.layouts import AnyData
    from transferbench.tasks.classify.protocols import ClassifyProtocol
    from transferbench.tasks.classify.verify.parts import labelled_parts, unlabelled_parts

    if protocol is None or isinstance(protocol, ClassifyProtocol):
        return labelled_parts(folder, AnyData() if protocol is None else protocol.data, split), ()
    from transferbench.tasks.catalog import open_task
    from transferbench.tricks.bag import Bag

    task = open_task(protocol, folder, limit=None, bag=Bag())
    task.preflight()
    return unlabelled_parts(task.fit_examples, task.score_examples, split), task.data.remarks


def _counted(part: Part, protocol: TaskProtocol | None) -> Iterator[Told]:
    from transferbench.tasks.classify.counts import PUBLISHED
    from transferbench.tasks.classify.verify.findings import told as in_words
    from transferbench.tasks.classify.verify.published import differences

    published = PUBLISHED.get(protocol.name, {}).get(part.name) if protocol is not None else None
    if published is not None and part.labels is not None:
        entries = list(differences(part.labels, part.classes, published))
        if entries:
            yield in_words("count", part.name, entries)


def _lines(parts: Sequence[Part], found: Sequence[Told], of_labels: Sequence[str]) -> Iterator[str]:
    if parts:
        yield _HEADER
    for part in parts:
        counts = _counts(part)
        shape = f"{counts['classes']:>8,}  {_range(counts)}" if counts["classes"] else ""
        yield f"{part.name:<10} {counts['pictures']:>11,} {shape}".rstrip()
    for is_fault, title in ((True, "faults"), (False, "remarks")):
        chosen = [each for each in found if each.is_fault == is_fault]
        more = [] if is_fault else [f"  {remark}" for remark in of_labels]
        if chosen or more:
            yield from ("", title)
        for each in chosen:
            yield from _told_lines(each)
        yield from more
    faults, remarks = (sum(each.count for each in found if each.is_fault == kind) for kind in (True, False))
    yield ""
    yield f"{'not sound' if faults else 'sound'}: {faults:,} faults, {remarks + len(of_labels):,} remarks"


def _told_lines(told: Told) -> Iterator[str]:
    from transferbench.tasks.classify.verify.findings import ABOUT

    yield f"  {told.part:<8} {told.kind:<16} {told.count:>9,}  {ABOUT[told.kind]}"
    for what, words in told.entries(_MOST_NAMED):
        yield f"           {what}: {words}" if words else f"           {what}"
    if told.count > _MOST_NAMED:
        yield f"           and {told.count - _MOST_NAMED:,} more, which --format json names"


def _counts(part: Part) -> dict[str, int]:
    """Returns pictures, classes that have some, and the fewest and most pictures of one of these."""
    import numpy as np

    if part.labels is None:
        return {"pictures": len(part.pictures), "classes": 0}
    counts = np.bincount(part.labels)
    counts = counts[counts > 0]
    return {
        "pictures": len(part.pictures),
        "classes": len(counts),
        "least": int(counts.min()),
        "most": int(counts.max()),
    }


def _range(counts: dict[str, int]) -> str:
    least, most = counts["least"], counts["most"]
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"


def _as_json(
    folder: Path, protocol: str | None, parts: Sequence[Part], found: Sequence[Told]
) -> dict[str, Any]:
    from transferbench.tasks.classify.verify.findings import ABOUT

    return {
        "folder": str(folder),
        "protocol": protocol,
        "splits": {part.name: _counts(part) for part in parts},
        "findings": [
            {
                "kind": each.kind,
                "is_fault": each.is_fault,
                "split": each.part,
                "count": each.count,
                "about": ABOUT[each.kind],
                "found": [{"what": what, "words": words} for what, words in each.entries()],
            }
            for each in found
        ],
        "is_sound": not any(each.is_fault for each in found),
    }
