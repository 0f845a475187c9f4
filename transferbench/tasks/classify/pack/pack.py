"""Writes labelled pictures of any layout as tar shards, each whole or not there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from transferbench.errors import DataError, RunError
from transferbench.files import whole_file
from transferbench.tasks.classify.crew import Report, news_of
from transferbench.tasks.classify.layouts import ClassifyData
from transferbench.tasks.classify.pack.folder import PackFolder, Plan, identity_of
from transferbench.tasks.classify.pack.keys import keys_of
from transferbench.tasks.classify.pack.shard import Shard
from transferbench.tasks.classify.pack.shrink import shrunk
from transferbench.tasks.classify.sources.files import FileSource
from transferbench.tasks.classify.sources.names import Names
from transferbench.tasks.classify.sources.packed import PackedIndex, PackedShard, PackedSplit, SplitName
from transferbench.tasks.classify.sources.source import Source, open_source

_SEED = 0
"""Of the order of the training pictures."""
_BETWEEN_NEWS = 50
"""Pictures that a process packs between two reports."""
_MOST_TOLD = 10


@dataclass(frozen=True)
class Packing:
    """How pictures are packed."""

    short_side: int | None = None
    """Pixels to which larger short sides are reduced; None leaves every picture as it is."""
    quality: int = 90
    """Of the JPEGs of reduced pictures, 1 to 100."""
    per_shard: int = 1000
    """Pictures in a tar file."""


@dataclass(frozen=True)
class Packed:
    """What was packed."""

    index: PackedIndex
    shards_kept: int
    """Shards that an interrupted call had finished."""


class _Job(NamedTuple):
    """One shard that is still to be written."""

    split: SplitName
    name: str
    indices: np.ndarray
    """Of its pictures in the source, in order."""


class _News(NamedTuple):
    """What a process says while it writes a shard."""

    pictures: int = 0
    complaint: str = ""


class _BrokenError(Exception):
    """A shard has pictures that cannot be packed."""


def pack(
    root: Path, out: Path, data: ClassifyData, *, packing: Packing, processes: int, report: Report
) -> Packed:
    """Writes the shards of both splits and, last, `index.json`; goes on with what an interrupted call left.

    Training pictures are shuffled first, always in the same way, so that what is read one after the other
    is of many classes. The same pictures give the same bytes, with any number of processes.

    Args:
        root: data folder.
        out: folder that is written: missing, empty, or with an unfinished pack of the same pictures.
        data: layout of the data folder.
        packing: how.
        processes: 1 or more.
        report: is given what is done, the number of pictures done, and of all.

    Raises:
        DataError: the data are not there, or pictures cannot be read or, where they are reduced, decoded.
        RunError: the folder holds something else, is full or cannot be written.
    """
    _require_apart(root, out)
    train = open_source(root, data, "train")
    sources: dict[SplitName, Source] = {
        "train": train,
        "val": open_source(root, data, "score", train.classes),
    }
    work = _Work(root, sources, packing)
    try:
        with PackFolder(out, work.plan) as folder:
            finished = folder.records()
            left = [job for job in work.jobs if job.name not in finished]
            folder.require_room(_bytes_needed(sources, left) if packing.short_side is None else 0)
            _write(work, folder, left, processes=processes, report=report)
            index = _index(work, folder.records())
            folder.finish(index)
            return Packed(index, len(finished))
    except OSError as error:
        raise RunError(
            f"{out}: expected a folder that can be written, found {error.strerror or error}; "
            "give another folder or make room in this one, and start again to go on"
        ) from error


class _Work:
    """All that the processes need to know."""

    def __init__(self, root: Path, sources: dict[SplitName, Source], packing: Packing) -> None:
        self.root = root
        self.sources = sources
        self.keys: dict[SplitName, Names] = {split: keys_of(source) for split, source in sources.items()}
        self.packing = packing
        self.jobs = _jobs(sources, packing.per_shard)
        self.plan = Plan(
            short_side=packing.short_side,
            quality=packing.quality,
            per_shard=packing.per_shard,
            shards=tuple(job.name for job in self.jobs),
            identity=identity_of(self.keys, sources),
        )

    def write(self, folder: PackFolder, job: _Job) -> Iterator[_News]:
        """Writes a shard and its record; with pictures that cannot be packed, neither."""
        try:
            with whole_file(folder.shard_path(job.name)) as file:
                shard = Shard(file)
                yield from self._fill(shard, job)
                digest = shard.close()
        except _BrokenError:
            return
        record = PackedShard(name=job.name, bytes=shard.bytes, sha256=digest, pictures=shard.pictures)
        with whole_file(folder.record_path(job.name)) as file:
            file.write(record.model_dump_json().encode())

    def _fill(self, shard: Shard, job: _Job) -> Iterator[_News]:
        source, keys = self.sources[job.split], self.keys[job.split]
        told = done = broken = 0
        for done, index in enumerate(map(int, job.indices), 1):
            try:
                shard.add(keys[index], self._content(source, index), int(source.labels[index]))
            except DataError as error:
                broken += 1
                yield _News(complaint=str(error))
            if done - told == _BETWEEN_NEWS:
                yield _News(done - told)
                told = done
        yield _News(done - told)
        if broken:
            raise _BrokenError

    def _content(self, source: Source, index: int) -> bytes:
        content = source.read(index)
        if self.packing.short_side is None:
            return content
        return shrunk(content, source.name(index), self.packing.short_side, quality=self.packing.quality)


def _write(work: _Work, folder: PackFolder, jobs: Sequence[_Job], *, processes: int, report: Report) -> None:
    done = sum(map(len, work.sources.values())) - sum(len(job.indices) for job in jobs)
    of = sum(map(len, work.sources.values()))
    broken: list[str] = []
    with closing(news_of(partial(work.write, folder), jobs, processes)) as news:
        for number, (pictures, complaint) in news:
            done += pictures
            report(f"packing {jobs[number].split}", done, of)
            if complaint:
                broken.append(complaint)
    if broken:
        more = f"\n  and {len(broken) - _MOST_TOLD} more" if len(broken) > _MOST_TOLD else ""
        raise DataError(
            f"{work.root}: expected pictures that can be packed, found {len(broken)} that cannot; repair "
            "them (`transferbench data verify` names all) and start again to go on:\n  "
            + "\n  ".join(sorted(broken)[:_MOST_TOLD])
            + more
        )


def _jobs(sources: dict[SplitName, Source], per_shard: int) -> list[_Job]:
    jobs = []
    for split, source in sources.items():
        is_shuffled = split == "train"
        order = source.order(np.random.default_rng(_SEED)) if is_shuffled else np.arange(len(source))
        for number, start in enumerate(range(0, len(order), per_shard)):
            jobs.append(_Job(split, f"{split}-{number:06d}.tar", order[start : start + per_shard]))
    return jobs


def _index(work: _Work, records: Mapping[str, PackedShard]) -> PackedIndex:
    splits = {}
    for split, source in work.sources.items():
        shards = tuple(records[job.name] for job in work.jobs if job.split == split)
        splits[split] = PackedSplit(pictures=len(source), shards=shards)
    return PackedIndex(
        classes=work.sources["train"].classes, short_side=work.packing.short_side, splits=splits
    )


def _bytes_needed(sources: dict[SplitName, Source], left: Sequence[_Job]) -> int:
    """Returns about how many bytes the pictures of the jobs take: their share of the files that hold them."""
    files = {file for source in sources.values() for file in _files_of(source)}
    share = sum(len(job.indices) for job in left) / sum(map(len, sources.values()))
    return int(share * sum(os.stat(file).st_size for file in files if os.path.isfile(file)))


def _files_of(source: Source) -> Iterator[str]:
    """Yields the files that hold the pictures, which lists do not."""
    if isinstance(source, FileSource):
        return map(source.name, range(len(source)))
    return map(str, source.files)


def _require_apart(root: Path, out: Path) -> None:
    """Refuses a folder that is read and written.

    Raises:
        RunError: one lies in the other, or they are the same.
    """
    source, target = root.resolve(), out.resolve()
    if source == target or source in target.parents or target in source.parents:
        raise RunError(
            f"{out}: expected a folder apart from the pictures, found that it and {root} are the same or "
            "one in the other; give another folder"
        )
