"""What labels mean that come as numbers, and whether the names of the pictures agree.

Dimension key: N pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from transferbench.errors import DataError
from transferbench.tasks.classify.sources.synsets import (
    NO_SYNSET,
    OPEN_PROTOCOL,
    imagenet_synsets,
    synset_number,
    synset_of,
)

_MOST_CLASSES = 100_000
"""A label beyond is no label, but damage; ImageNet whole has 21,841."""


def classes_of(labels_N: np.ndarray, synsets_N: np.ndarray) -> tuple[str, ...]:
    """Returns a name for each label from 0 to the highest: its synset where pictures tell, else the number.

    Where all that is told is as in ImageNet, the names are the 1,000 of ImageNet, occurring or not.

    Args:
        labels_N: of the pictures.
        synsets_N: number of the synset in the name of each, or -1.
    """
    highest = min(int(labels_N.max(initial=0)), _MOST_CLASSES - 1)
    told = np.full(highest + 1, NO_SYNSET)
    is_told_N = (labels_N >= 0) & (labels_N <= highest) & (synsets_N != NO_SYNSET)
    told[labels_N[is_told_N][::-1]] = synsets_N[is_told_N][::-1]  # of several, the first stays
    imagenet = imagenet_synsets()
    known = {label: synset_of(number) for label, number in enumerate(told.tolist()) if number != NO_SYNSET}
    if known and all(imagenet[label : label + 1] == [synset] for label, synset in known.items()):
        return tuple(imagenet)
    return tuple(known.get(label, str(label)) for label in range(len(told)))


def require_labels(
    labels_N: np.ndarray, synsets_N: np.ndarray, classes: Sequence[str], name: Callable[[int], str]
) -> None:
    """Checks that each label is one of the classes, and the one that the picture's name tells.

    Args:
        labels_N: of the pictures.
        synsets_N: number of the synset in the name of each, or -1.
        classes: names of the labels 0, 1, ...
        name: what a message calls a picture.

    Raises:
        DataError: a label is outside the classes, or contradicts a synset.
    """
    outside = np.flatnonzero((labels_N < 0) | (labels_N >= len(classes)))
    if len(outside):
        first = int(outside[0])
        raise DataError(
            f"{name(first)}: expected a label from 0 to {len(classes) - 1}, found {labels_N[first]} "
            f"({len(outside):,} of {len(labels_N):,} pictures); "
            "take data with these classes, or pack them again"
        )
    numbers = np.array([synset_number(each) for each in classes])
    due_N = numbers[labels_N]
    against = np.flatnonzero((synsets_N != NO_SYNSET) & (due_N != NO_SYNSET) & (synsets_N != due_N))
    if len(against):
        first = int(against[0])
        raise DataError(
            f"{name(first)}: expected the label of its synset {synset_of(synsets_N[first])}, "
            f"found {labels_N[first]}, which is {classes[labels_N[first]]!r} "
            f"({len(against):,} of {len(labels_N):,} pictures); "
            "the labels are in another order, pack the data again"
        )


def require_same(where: Path, found: Sequence[str], wanted: Sequence[str] | None) -> None:
    """Checks that the classes which a file names are those that are wanted.

    Args:
        where: the file.
        found: in it.
        wanted: None if any will do.

    Raises:
        DataError: they are not.
    """
    if wanted is not None and list(found) != list(wanted):
        raise DataError(
            f"{where}: expected the {len(wanted):,} classes {wanted[0]!r} to {wanted[-1]!r}, "
            f"found {len(found):,}, {found[0]!r} to {found[-1]!r}; "
            f"to train on these give --protocol {OPEN_PROTOCOL}"
        )


def require_order(where: Path, named: Sequence[str], classes: Sequence[str]) -> None:
    """Checks that names which a file states for its labels are not those of other labels.

    Names of which none is a class say nothing: they may be words, where the classes are synsets.

    Args:
        where: the file.
        named: in it, of the labels 0, 1, ...; may be empty.
        classes: names of the labels 0, 1, ...

    Raises:
        DataError: they are.
    """
    if set(classes).isdisjoint(named):
        return
    for label, (name, due) in enumerate(zip(named, classes, strict=False)):
        if name != due:
            raise DataError(
                f"{where}: expected the label {label} to be {due!r}, found that the file names it {name!r}; "
                "take files whose labels are in one order"
            )


def require_every(where: Path, labels_N: np.ndarray, classes: Sequence[str]) -> None:
    """Checks that there is a picture of each class.

    Raises:
        DataError: there is not.
    """
    lacking = np.flatnonzero(np.bincount(labels_N, minlength=len(classes)) == 0)
    if len(lacking):
        raise DataError(
            f"{where}: expected pictures of all {len(classes):,} classes of ImageNet, found none of "
            f"{len(lacking):,}, the first is {classes[lacking[0]]!r}; add them, or, "
            f"to train on those that are there, give --protocol {OPEN_PROTOCOL}"
        )
