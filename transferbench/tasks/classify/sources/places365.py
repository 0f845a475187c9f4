"""Reads the lists of Places365.

places365/
|-- categories_places365.txt         /a/airfield 0
|-- places365_train_standard.txt     /a/airfield/00000001.jpg 0
|-- places365_val.txt                Places365_val_00000001.jpg 165
|-- data_256/a/airfield/00000001.jpg (or data_256_standard, data_large, data_large_standard)
`-- val_256/Places365_val_00000001.jpg (or val_large)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from transferbench.errors import DataError
from transferbench.tasks.classify.layouts import Split
from transferbench.tasks.classify.sources.class_names import require_same
from transferbench.tasks.classify.sources.files import FileSource
from transferbench.tasks.classify.sources.names import Names

CATEGORIES = "categories_places365.txt"
LISTS: dict[Split, str] = {"train": "places365_train_standard.txt", "score": "places365_val.txt"}
FOLDERS: dict[Split, tuple[str, ...]] = {
    "train": ("data_256_standard", "data_256", "data_large_standard", "data_large"),
    "score": ("val_256", "val_large"),
}
"""Of pictures, the first that is there: torchvision's name or the archive's; reduced or large ones."""
_INITIAL = len("/a/")
_CURE = "unpack filelist_places365-standard.tar"


def read_places(root: Path, split: Split, classes: Sequence[str] | None) -> FileSource:
    """Returns the pictures that a list of Places365 names, in its order; the test split has no labels.

    Whether each of them is there is told when it is read, except for the first.

    Args:
        root: of the lists and of the folders of pictures.
        split: `train` for the standard training list, else the validation list.
        classes: that there must be; None takes those of the list of categories.

    Raises:
        DataError: a list, or the folder of pictures, is missing or malformed.

    Source:
        Zhou et al. 2017, http://places2.csail.mit.edu; folder names also as torchvision's Places365.
    """
    categories = root / CATEGORIES
    names, numbers = _pairs(categories)
    if numbers != list(range(len(numbers))):
        raise DataError(
            f"{categories}: expected categories numbered 0, 1, ..., found {numbers[:5]} and so on; "
            f"{_CURE} again"
        )
    found = tuple(name[_INITIAL:] for name in names)
    require_same(categories, found, classes)
    where = root / LISTS[split]
    pictures, labels = _pairs(where)
    outside = next((at for at, label in enumerate(labels) if not 0 <= label < len(found)), None)
    if outside is not None:
        raise DataError(
            f"{where}, line {outside + 1}: expected a label from 0 to {len(found) - 1}, found "
            f"{labels[outside]}; {_CURE} again"
        )
    folder = _folder(root, split)
    first = root / folder / pictures[0].lstrip("/")
    if not first.is_file():
        raise DataError(
            f"{first}: expected the first picture of {where}, found no such file; unpack the pictures again"
        )
    paths = Names.of(f"{folder}/{picture.lstrip('/')}" for picture in pictures)
    return FileSource(root, paths, np.array(labels), found, listed_in=(categories, where, first))


def _folder(root: Path, split: Split) -> str:
    for name in FOLDERS[split]:
        if (root / name).is_dir():
            return name
    raise DataError(
        f"{root}: expected one of the folders {', '.join(FOLDERS[split])}, found none; unpack "
        f"{'train_256_places365standard.tar' if split == 'train' else 'val_256.tar'} here"
    )


def _pairs(path: Path) -> tuple[list[str], list[int]]:
    """Returns the names and numbers of a list's lines."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        found = error.strerror if isinstance(error, OSError) else "something that is no text"
        raise DataError(f"{path}: expected a list of Places365, found {found}; {_CURE} here") from error
    names, numbers = [], []
    for at, line in enumerate(lines, 1):
        name, _, number = line.strip().rpartition(" ")
        if not name or not number.isdecimal():
            raise DataError(f"{path}, line {at}: expected a name and a number, found {line!r}; {_CURE} again")
        names.append(name)
        numbers.append(int(number))
    if not names:
        raise DataError(f"{path}: expected lines, found none; {_CURE} again")
    return names, numbers
