"""Opens the splits of a data set to be verified."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from transferbench.errors import DataError
from transferbench.tasks.base import Examples
from transferbench.tasks.classify.layouts import AnyData, ClassifyData
from transferbench.tasks.classify.sources.files import read_picture
from transferbench.tasks.classify.sources.imagefolder import EXTENSIONS, read_folder
from transferbench.tasks.classify.sources.packed import SplitName
from transferbench.tasks.classify.sources.recognise import recognised
from transferbench.tasks.classify.sources.source import Source, open_source
from transferbench.tasks.classify.sources.synsets import imagenet_synsets
from transferbench.tasks.classify.verify.verify import Part

_NAMES_OF_SPLITS = {"train", "val", "valid", "validation", "test"}


def labelled_parts(root: Path, data: ClassifyData, split: SplitName | None = None) -> list[Part]:
    """Returns both splits, or one; all pictures as one split where the folder holds the classes themselves.

    Classes may lack here, which a training would refuse: what is there is to be looked at.

    Args:
        root: data folder.
        data: layout.
        split: the one that is wanted.

    Raises:
        DataError: the data are missing or malformed, or labels are none of the classes.
    """
    classes = tuple(imagenet_synsets()) if data.classes == "imagenet" else None
    folder = root / data.folder
    if split is None and isinstance(data, AnyData) and _holds_classes(folder, data):
        return [_part("pictures", read_folder(folder, ".", classes))]
    parts: list[Part] = []
    for name in ("train", "val") if split is None else (split,):
        source = open_source(root, data, "train" if name == "train" else "score", classes)
        classes = source.classes
        parts.append(_part(name, source))
    return parts


def _part(name: str, source: Source) -> Part:
    return Part(name, source, source.labels, source.classes)


def _holds_classes(folder: Path, data: AnyData) -> bool:
    """Returns whether a folder has no layout, but folders with pictures, none of them called as a split."""
    with suppress(DataError):
        recognised(folder, data)
        return False
    if not folder.is_dir():
        return False
    inside = [path for path in folder.iterdir() if path.is_dir()]
    names = {path.name for path in inside}
    return not names & _NAMES_OF_SPLITS and any(_has_pictures(path) for path in inside)


def _has_pictures(folder: Path) -> bool:
    with os.scandir(folder) as entries:
        return any(entry.name.lower().endswith(EXTENSIONS) for entry in entries)


@dataclass(frozen=True)
class _Files:
    """Pictures of any task, which are files of their own."""

    examples: Examples

    def __len__(self) -> int:
        return len(self.examples)

    def name(self, index: int) -> str:
        return self.examples.name(index)

    def read(self, index: int) -> bytes:
        return read_picture(Path(self.name(index)))


def unlabelled_parts(train: Examples, val: Examples, split: SplitName | None = None) -> list[Part]:
    """Returns the splits of a task whose pictures are files and have no single label."""
    parts = [Part("train", _Files(train)), Part("val", _Files(val))]
    return [part for part in parts if split in (None, part.name)]
