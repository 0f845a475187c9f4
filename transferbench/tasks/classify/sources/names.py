"""Many short texts in little memory."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

import numpy as np


class Names:
    """Names of pictures, as one block of bytes.

    A million names as `str` take ten times the memory, and every worker that counts references to them
    gets its own copy.
    """

    def __init__(self, block: np.ndarray, ends: np.ndarray) -> None:
        """Takes what `block` and `ends` of other names are.

        Args:
            block: bytes of all names, one after the other.
            ends: place in the block at which each name ends.
        """
        self.block = block
        self.ends = ends

    @classmethod
    def of(cls, names: Iterable[str]) -> Names:
        """Returns the names, in their order."""
        encoded = [os.fsencode(name) for name in names]
        lengths = np.fromiter(map(len, encoded), np.int64, len(encoded))
        return cls(np.frombuffer(b"".join(encoded), np.uint8), np.cumsum(lengths))

    @classmethod
    def joined(cls, parts: Iterable[Names]) -> Names:
        """Returns the names of all parts, in their order."""
        blocks, ends, length = [np.zeros(0, np.uint8)], [np.zeros(0, np.int64)], 0
        for part in parts:
            blocks.append(part.block)
            ends.append(part.ends + length)
            length += len(part.block)
        return cls(np.concatenate(blocks), np.concatenate(ends))

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, index: int) -> str:
        start = self.ends[index - 1] if index else 0
        return os.fsdecode(self.block[start : self.ends[index]].tobytes())

    def __iter__(self) -> Iterator[str]:
        return (self[index] for index in range(len(self)))

    def take(self, indices: np.ndarray) -> Names:
        """Returns the names at these places."""
        return Names.of(self[int(index)] for index in indices)
