"""Whether packed shards are what their index says."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import closing
from hashlib import file_digest
from pathlib import Path

from transferbench.tasks.classify.crew import Report, news_of
from transferbench.tasks.classify.sources.packed import PackedIndex, PackedShard, read_index
from transferbench.tasks.classify.verify.findings import Told, told


def verify_shards(root: Path, splits: Collection[str], *, processes: int, report: Report) -> list[Told]:
    """Returns which shards are not there, or not what `index.json` says; nothing where there is no index.

    Args:
        root: folder of the shards.
        splits: that are looked at.
        processes: 1 or more.
        report: is given what is done, the number of shards done, and of all.

    Raises:
        DataError: the index is none.
    """
    index = read_index(root)
    return [] if index is None else _of_index(root, index, splits, processes=processes, report=report)


def _of_index(
    root: Path, index: PackedIndex, splits: Collection[str], *, processes: int, report: Report
) -> list[Told]:
    chosen = {split: index.splits[split] for split in index.splits if split in splits}
    shards = [(split, shard) for split, record in chosen.items() for shard in record.shards]
    found: dict[str, list[tuple[str, str]]] = {}

    def checked(item: tuple[str, PackedShard]) -> Iterator[str]:
        yield _fault(root, item[1])

    with closing(news_of(checked, shards, processes)) as news:
        for done, (number, fault) in enumerate(news, 1):
            split, shard = shards[number]
            if fault:
                found.setdefault(split, []).append((str(root / shard.name), fault))
            report("checking shards", done, len(shards))
    return [told("checksum", split, sorted(entries)) for split, entries in found.items()]


def _fault(root: Path, shard: PackedShard) -> str:
    """Returns in what a shard differs from the index, or nothing."""
    try:
        with (root / shard.name).open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size != shard.bytes:
                return f"{size:,} bytes, the index says {shard.bytes:,}"
            digest = file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return error.strerror or str(error)
    return "" if digest == shard.sha256 else f"sha256 {digest}, the index says {shard.sha256}"
