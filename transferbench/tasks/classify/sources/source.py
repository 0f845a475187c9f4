"""Labelled pictures, whatever the layout they come in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, Self

import numpy as np

from transferbench.tasks.classify.layouts import (
    AnyData,
    ClassifyData,
    FolderData,
    ParquetData,
    PlacesData,
    ShardData,
    Split,
)
from transferbench.tasks.classify.sources.class_names import require_every
from transferbench.tasks.classify.sources.imagefolder import read_folder
from transferbench.tasks.classify.sources.parquet import read_parquet
from transferbench.tasks.classify.sources.places365 import read_places
from transferbench.tasks.classify.sources.recognise import recognised
from transferbench.tasks.classify.sources.shards import read_shards
from transferbench.tasks.classify.sources.synsets import imagenet_synsets


class Source(Protocol):
    """One split: bytes of pictures and their labels. May be read in several processes at once."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the labels 0, 1, ..."""

    @property
    def labels(self) -> np.ndarray:
        """Of all pictures (N,), integers."""

    @property
    def files(self) -> Sequence[Path]:
        """The files whose names and sizes tell these data from others."""

    def __len__(self) -> int:
        """Returns the number of pictures."""

    def name(self, index: int) -> str:
        """Returns what a message calls a picture: its file, or a file with a colon and its place in it."""

    def read(self, index: int) -> bytes:
        """Returns the content of a picture's file.

        Raises:
            DataError: it cannot be read.
        """

    def order(self, rng: np.random.Generator) -> np.ndarray:
        """Returns the indices of all pictures as one epoch takes them."""

    def take(self, indices: np.ndarray) -> Self:
        """Returns the pictures at these indices, which rise."""


def open_source(root: Path, data: ClassifyData, split: Split, classes: Sequence[str] | None = None) -> Source:
    """Returns the pictures of a split.

    Args:
        root: data folder.
        data: layout; `AnyData` takes the one that is there.
        split: `train`, or the one that is scored.
        classes: the classes there may be; None takes those of the protocol, or else those that are there.

    Raises:
        DataError: the data are missing, incomplete or malformed.
    """
    folder = root / data.folder
    layout = recognised(folder, data) if isinstance(data, AnyData) else data
    wants_imagenet = classes is None and layout.classes == "imagenet"
    source = _read(folder, layout, split, imagenet_synsets() if wants_imagenet else classes)
    if wants_imagenet and split == "train":
        require_every(folder, source.labels, source.classes)
    return source


def _read(
    folder: Path,
    layout: FolderData | ShardData | ParquetData | PlacesData,
    split: Split,
    classes: Sequence[str] | None,
) -> Source:
    if isinstance(layout, FolderData):
        return read_folder(folder, layout.train if split == "train" else layout.score, classes)
    if isinstance(layout, ShardData):
        return read_shards(folder, layout, split, classes)
    if isinstance(layout, ParquetData):
        return read_parquet(folder, layout, split, classes)
    return read_places(folder, split, classes)
