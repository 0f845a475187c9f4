"""Reads the Parquet files in which the hub keeps labelled pictures.

Dimension key: N pictures, G row groups.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from transferbench.tasks.classify.layouts import ParquetData, Split
from transferbench.tasks.classify.sources.class_names import classes_of, require_labels, require_order
from transferbench.tasks.classify.sources.index_cache import indexed
from transferbench.tasks.classify.sources.parquet_index import index_parquet
from transferbench.tasks.classify.sources.parquet_source import ParquetSource
from transferbench.tasks.classify.sources.split_files import files_of_split, require_all
from transferbench.tasks.classify.sources.synsets import imagenet_synsets


def read_parquet(
    folder: Path, data: ParquetData, split: Split, classes: Sequence[str] | None
) -> ParquetSource:
    """Returns the pictures of a split in Parquet files.

    Args:
        folder: of the files.
        data: the layout.
        split: `train`, or the one that is scored.
        classes: names of the labels; None takes those of the hub's metadata, or else what the pictures'
            paths tell; of ImageNet the synsets, as other layouts have them.

    Raises:
        DataError: pyarrow is not installed; files are missing or malformed, or labels are no classes.
    """
    tables = files_of_split(folder, ".parquet", split)
    if data.classes == "imagenet":
        require_all(folder, tables, split)
    indexes = [indexed(table, index_parquet) for table in tables]
    labels_N, synsets_N, rows_G = (
        np.concatenate([index[key] for index in indexes]) for key in ("labels_N", "synsets_N", "rows_G")
    )
    named = [json.loads(index["named"].tobytes()) for index in indexes]
    if classes is None:
        classes = _preferred(named[0], classes_of(labels_N, synsets_N))
    for table, names in zip(tables, named, strict=True):
        require_order(table, names, classes)
    source = ParquetSource(
        tables=tuple(tables),
        table_G=np.repeat(np.arange(len(tables)), [len(index["rows_G"]) for index in indexes]),
        start_G=np.concatenate([np.cumsum(index["rows_G"]) - index["rows_G"] for index in indexes]),
        group_N=np.repeat(np.arange(len(rows_G), dtype=np.int32), rows_G),
        rows_a_group=len(labels_N) / len(rows_G),
        row_N=np.concatenate([np.arange(len(index["labels_N"]), dtype=np.int32) for index in indexes]),
        labels=labels_N,
        classes=tuple(classes),
        buffer=data.buffer,
    )
    require_labels(labels_N, synsets_N, source.classes, source.name)
    return source


def _preferred(named: Sequence[str], told: Sequence[str]) -> Sequence[str]:
    """Returns the names that a file states or those that paths tell, which for ImageNet are its synsets."""
    is_imagenet = len(named) == len(told) and list(told) == imagenet_synsets()
    return told if is_imagenet or not named else named
