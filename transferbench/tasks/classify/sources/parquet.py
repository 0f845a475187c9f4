"""Reads the Parquet files in which the hub keeps labelled pictures.

Dimension key: N pictures, G row groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from transferbench.tasks.classify.layouts import ParquetData, Split
from transferbench.tasks.classify.sources.class_names import classes_of, require_labels
from transferbench.tasks.classify.sources.index_cache import indexed
from transferbench.tasks.classify.sources.parquet_index import index_parquet, named_classes
from transferbench.tasks.classify.sources.parquet_source import ParquetSource
from transferbench.tasks.classify.sources.split_files import files_of_split, require_all


def read_parquet(
    folder: Path, data: ParquetData, split: Split, classes: Sequence[str] | None
) -> ParquetSource:
    """Returns the pictures of a split in Parquet files.

    Args:
        folder: of the files.
        data: the layout.
        split: `train`, or the one that is scored.
        classes: names of the labels; None takes those of the hub's metadata, or else what the pictures'
            paths tell.

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
    if classes is None:
        classes = named_classes(tables[0]) or classes_of(labels_N, synsets_N)
    source = ParquetSource(
        tables=tuple(tables),
        table_G=np.repeat(np.arange(len(tables)), [len(index["rows_G"]) for index in indexes]),
        start_G=np.concatenate([np.cumsum(index["rows_G"]) - index["rows_G"] for index in indexes]),
        group_N=np.repeat(np.arange(len(rows_G), dtype=np.int32), rows_G),
        row_N=np.concatenate([np.arange(len(index["labels_N"]), dtype=np.int32) for index in indexes]),
        labels=labels_N,
        classes=tuple(classes),
        buffer=data.buffer,
    )
    require_labels(labels_N, synsets_N, source.classes, source.name)
    return source
