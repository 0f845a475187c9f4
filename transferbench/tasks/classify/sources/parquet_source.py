"""Labelled pictures in Parquet files.

Dimension key: N pictures, G row groups.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from transferbench.errors import DataError
from transferbench.tasks.classify.sources.parquet_index import BYTES, IMAGE, opened
from transferbench.tasks.classify.sources.sequence import nearly_in_sequence

_SPAN = 3
"""Buffers over which the row groups in use may be strewn: one before, one after, one to spare."""


class RowGroups:
    """Reads row groups, of which the last used stay in memory; a process that forks has its own from then."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Path, int], Any] = OrderedDict()

    def row(self, path: Path, group: int, row: int, *, keep: int) -> bytes | None:
        """Returns the bytes of a picture; None if there are none.

        Args:
            path: of the file.
            group: of the file's row groups.
            row: in the group.
            keep: row groups that stay in memory.

        Raises:
            DataError: the file cannot be read.
        """
        place = path, group
        if place not in self._kept:
            with opened(path) as file:
                table = file.read_row_group(group, columns=[f"{IMAGE}.{BYTES}"], use_threads=False)
            self._kept[place] = table.column(IMAGE)
        self._kept.move_to_end(place)
        while len(self._kept) > keep:
            self._kept.popitem(last=False)
        image = self._kept[place][row].as_py()
        return None if image is None else image[BYTES]


@dataclass(frozen=True, eq=False)
class ParquetSource:
    """One split in Parquet files, whose pictures an epoch takes nearly as they lie there."""

    tables: tuple[Path, ...]
    table_G: np.ndarray
    """Number of the file that holds each row group."""
    start_G: np.ndarray
    """Number of the first row of each row group, in its file."""
    group_N: np.ndarray
    """Number of the row group, of those of all files, that holds each picture."""
    rows_a_group: float
    """Of the files, whether or not all are taken."""
    row_N: np.ndarray
    """In the file."""
    labels: np.ndarray
    classes: tuple[str, ...]
    buffer: int
    """Pictures, see `nearly_in_sequence`."""
    _groups: RowGroups = field(default_factory=RowGroups)

    @property
    def files(self) -> Sequence[Path]:
        return tuple(self.tables[table] for table in np.unique(self.table_G[self.group_N]))

    def __len__(self) -> int:
        return len(self.labels)

    def name(self, index: int) -> str:
        return f"{self.tables[self.table_G[self.group_N[index]]]}:row {self.row_N[index]}"

    def read(self, index: int) -> bytes:
        group = self.group_N[index]
        table = self.table_G[group]
        content = self._groups.row(
            self.tables[table],
            int(group - np.searchsorted(self.table_G, table)),
            int(self.row_N[index] - self.start_G[group]),
            keep=self._kept_groups,
        )
        if content is None:
            raise DataError(
                f"{self.name(index)}: expected the bytes of a picture, found none; "
                "take files that hold the pictures and not their paths alone"
            )
        return content

    def order(self, rng: np.random.Generator) -> np.ndarray:
        return nearly_in_sequence(self.group_N, self.labels, self.buffer, rng)

    def take(self, indices: np.ndarray) -> Self:
        return replace(
            self, group_N=self.group_N[indices], row_N=self.row_N[indices], labels=self.labels[indices]
        )

    @property
    def _kept_groups(self) -> int:
        """How many row groups must stay for each to be read once an epoch."""
        return math.ceil(_SPAN * self.buffer / self.rows_a_group) + 1
