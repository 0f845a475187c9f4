"""Reads tar files of samples: those of the hub, and those that were packed here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from transferbench.tasks.classify.layouts import ShardData, Split
from transferbench.tasks.classify.sources.class_names import classes_of, require_labels, require_same
from transferbench.tasks.classify.sources.index_cache import indexed
from transferbench.tasks.classify.sources.names import Names
from transferbench.tasks.classify.sources.packed import (
    INDEX_FILE,
    SplitName,
    packed_shards,
    read_index,
    require_counts,
)
from transferbench.tasks.classify.sources.shard_source import ShardSource
from transferbench.tasks.classify.sources.split_files import files_of_split, require_all
from transferbench.tasks.classify.sources.tar_index import index_tar

_PACKED_AS: dict[Split, SplitName] = {"train": "train", "score": "val"}


def read_shards(folder: Path, data: ShardData, split: Split, classes: Sequence[str] | None) -> ShardSource:
    """Returns the pictures of a split in tar files.

    Args:
        folder: of the shards, and of `index.json` if they were packed here.
        data: the layout.
        split: `train`, or the one that is scored.
        classes: names of the labels; None takes those of `index.json`, or else what the pictures' names tell.

    Raises:
        DataError: shards are missing or malformed, or labels are none of the classes.
    """
    packed, packed_as = read_index(folder), _PACKED_AS[split]
    if packed is None:
        shards = files_of_split(folder, ".tar", split)
        if data.classes == "imagenet":
            require_all(folder, shards, split)
    else:
        require_same(folder / INDEX_FILE, packed.classes, classes)
        classes = packed.classes
        shards = packed_shards(folder, packed, packed_as)
    indexes = [indexed(shard, index_tar) for shard in shards]
    counts = [len(index["labels_N"]) for index in indexes]
    if packed is not None:
        require_counts(folder, packed, packed_as, counts)
    labels_N, synsets_N, offsets_N, sizes_N = (
        np.concatenate([index[key] for index in indexes])
        for key in ("labels_N", "synsets_N", "offsets_N", "sizes_N")
    )
    source = ShardSource(
        shards=tuple(shards),
        shard_N=np.repeat(np.arange(len(shards), dtype=np.int32), counts),
        offsets_N=offsets_N,
        sizes_N=sizes_N,
        labels=labels_N,
        members=Names.joined(Names(index["block"], index["ends"]) for index in indexes),
        classes=classes_of(labels_N, synsets_N) if classes is None else tuple(classes),
        buffer=data.buffer,
    )
    require_labels(labels_N, synsets_N, source.classes, source.name)
    return source
