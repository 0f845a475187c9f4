"""Labelled pictures that are files of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np

from transferbench.errors import DataError
from transferbench.tasks.classify.sources.names import Names


@dataclass(frozen=True, eq=False)
class FileSource:
    """One split, a file a picture; an epoch takes them in any order."""

    folder: Path
    paths: Names
    """Of the pictures, below `folder`."""
    labels: np.ndarray
    classes: tuple[str, ...]
    listed_in: tuple[Path, ...] = ()
    """Files that stand for all pictures in the fingerprint; none if each stands for itself."""

    @property
    def files(self) -> Sequence[Path]:
        return self.listed_in or tuple(self.folder / path for path in self.paths)

    def __len__(self) -> int:
        return len(self.labels)

    def name(self, index: int) -> str:
        return str(self.folder / self.paths[index])

    def read(self, index: int) -> bytes:
        return read_picture(self.folder / self.paths[index])

    def order(self, rng: np.random.Generator) -> np.ndarray:
        return rng.permutation(len(self))

    def take(self, indices: np.ndarray) -> Self:
        return replace(self, paths=self.paths.take(indices), labels=self.labels[indices])


def read_picture(path: Path) -> bytes:
    """Returns the content of a picture's file.

    Raises:
        DataError: it is not there or cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(f"{path}: expected a picture, found no such file; copy the data set again") from error
    except OSError as error:
        raise DataError(
            f"{path}: expected a picture, found a file that cannot be read ({error.strerror}); "
            "copy it again, or look after its disk and permissions"
        ) from error
