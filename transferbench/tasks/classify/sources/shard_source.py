"""Labelled pictures in tar files.

Dimension key: N pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import numpy as np

from transferbench.errors import DataError
from transferbench.tasks.classify.sources.names import Names
from transferbench.tasks.classify.sources.open_files import OpenFiles
from transferbench.tasks.classify.sources.sequence import nearly_in_sequence


@dataclass(frozen=True, eq=False)
class ShardSource:
    """One split in tar files, whose pictures an epoch takes nearly as they lie there."""

    shards: tuple[Path, ...]
    shard_N: np.ndarray
    """Number of the shard that holds each picture."""
    offsets_N: np.ndarray
    sizes_N: np.ndarray
    """In bytes."""
    labels: np.ndarray
    members: Names
    classes: tuple[str, ...]
    buffer: int
    """Pictures, see `nearly_in_sequence`."""
    _files: OpenFiles = field(default_factory=OpenFiles)

    @property
    def files(self) -> Sequence[Path]:
        return tuple(self.shards[shard] for shard in np.unique(self.shard_N))

    def __len__(self) -> int:
        return len(self.labels)

    def name(self, index: int) -> str:
        return f"{self.shards[self.shard_N[index]]}:{self.members[index]}"

    def read(self, index: int) -> bytes:
        size = int(self.sizes_N[index])
        try:
            content = self._files.read(self.shards[self.shard_N[index]], int(self.offsets_N[index]), size)
        except OSError as error:
            raise DataError(
                f"{self.name(index)}: expected a picture, found a shard that cannot be read "
                f"({error.strerror}); copy it again, or look after its disk and permissions"
            ) from error
        if len(content) < size:
            raise DataError(
                f"{self.name(index)}: expected a picture of {size:,} bytes, found {len(content):,}; "
                "the shard was cut off since it was opened, copy it again"
            )
        return content

    def order(self, rng: np.random.Generator) -> np.ndarray:
        return nearly_in_sequence(self.shard_N, self.labels, self.buffer, rng)

    def take(self, indices: np.ndarray) -> Self:
        return replace(
            self,
            shard_N=self.shard_N[indices],
            offsets_N=self.offsets_N[indices],
            sizes_N=self.sizes_N[indices],
            labels=self.labels[indices],
            members=self.members.take(indices),
        )
