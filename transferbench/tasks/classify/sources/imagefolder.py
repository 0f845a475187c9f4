"""Reads a folder of folders, one a class."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import numpy as np

from transferbench.errors import DataError, nearest
from transferbench.tasks.classify.sources.files import FileSource
from transferbench.tasks.classify.sources.names import Names
from transferbench.tasks.classify.sources.synsets import (
    NO_SYNSET,
    OPEN_PROTOCOL,
    imagenet_synsets,
    synset_number,
)

EXTENSIONS = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".ppm", ".pgm", ".tif", ".tiff")
"""As torchvision's ImageFolder; hidden files, and those of other names, are passed over."""


def read_folder(root: Path, split: str, classes: Sequence[str] | None) -> FileSource:
    """Returns the pictures of a split, classes and pictures in alphabetical order.

    Args:
        root: folder of the splits.
        split: name of the folder of class folders.
        classes: the classes there may be; None takes those that are there.

    Raises:
        DataError: the split is missing or empty, or has a class that is not in `classes`, or, where these are
            None, one without pictures.
    """
    folder = root / split
    if not folder.is_dir():
        raise DataError(
            f"{root}: expected the folder {split}/ with one folder a class, which is not there; "
            "unpack the pictures here, or give --data"
        )
    found = class_folders(folder)
    names = found if classes is None else list(classes)
    _require_known(folder, found, names)
    present = set(found)
    paths = [
        Names.of(_pictures(root, os.path.join(split, name)) if name in present else ()) for name in names
    ]
    counts = [len(pictures) for pictures in paths]
    if not sum(counts):
        raise DataError(
            f"{folder}: expected pictures ({', '.join(EXTENSIONS)}) in folders, found {_instead(folder)}"
        )
    if classes is None:
        _require_pictures(folder, names, counts)
    labels = np.repeat(np.arange(len(names)), counts)
    return FileSource(root, Names.joined(paths), labels, tuple(names))


def class_folders(folder: Path) -> list[str]:
    """Returns the names of the folders in a folder, in alphabetical order; hidden ones are passed over.

    Raises:
        DataError: a name is not UTF-8, and could not stand in a record.
    """
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("."))
    for name in names:
        if os.fsencode(name) != name.encode("utf-8", "replace"):
            raise DataError(
                f"{folder}: expected folders with names in UTF-8, found {os.fsencode(name)!r}; rename it"
            )
    return names


def _instead(folder: Path) -> str:
    loose = sum(child.name.lower().endswith(EXTENSIONS) for child in folder.iterdir())
    if loose:
        return f"{loose:,} of them in none; put each into a folder named after its class"
    return "none; give --data"


def _require_pictures(folder: Path, names: Sequence[str], counts: Sequence[int]) -> None:
    lacking = [name for name, count in zip(names, counts, strict=True) if not count]
    if lacking:
        raise DataError(
            f"{folder}: expected pictures ({', '.join(EXTENSIONS)}) in the folder of each class, found none "
            f"in {len(lacking)}, the first is {lacking[0]!r}; add them, or remove the folder"
        )


def _require_known(folder: Path, found: Sequence[str], names: Sequence[str]) -> None:
    known = set(names)
    unknown = [name for name in found if name not in known]
    if not unknown:
        return
    if known == set(imagenet_synsets()):
        raise DataError(
            f"{folder}: expected folders named after ImageNet's synsets, as {names[0]!r}, found "
            f"{len(unknown)} others, the first is {unknown[0]!r}; {_hint(unknown[0], names)}"
            f"to train on other classes give --protocol {OPEN_PROTOCOL}"
        )
    raise DataError(
        f"{folder}: expected the classes of the training split, found {len(unknown)} more, "
        f"the first is {unknown[0]!r}; remove them or train on them"
    )


def _hint(name: str, synsets: Sequence[str]) -> str:
    return "" if synset_number(name) == NO_SYNSET else f"{nearest(name, synsets)}; "


def _pictures(root: Path, below: str, links: Collection[str] = ()) -> Iterator[str]:
    """Yields the pictures in a folder and those in it, as paths below `root`, in alphabetical order.

    Args:
        root: folder of the splits.
        below: the folder, below `root`.
        links: where the links to folders lead that were followed to it.

    Raises:
        DataError: a link leads to a folder that holds it.
    """
    with os.scandir(root / below) as entries:
        inside = sorted(entries, key=lambda entry: entry.name)
    for entry in inside:
        path = f"{below}/{entry.name}"
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _pictures(root, path, _followed(entry, links))
        elif entry.name.lower().endswith(EXTENSIONS):
            yield path


def _followed(entry: os.DirEntry[str], links: Collection[str]) -> Collection[str]:
    """Returns where the links lead that were followed to a folder's content, itself included."""
    if not entry.is_symlink():
        return links
    target = os.path.realpath(entry.path)
    if target in links:
        raise DataError(
            f"{entry.path}: expected a folder of pictures, found a link to {target}, which holds the link; "
            "remove it"
        )
    return (*links, target)
