"""Reads the layout of ADE20K: pictures and masks in folders of the same names, names in objectInfo150.txt.

Dimension key: V = 256 values of a mask file.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from transferbench.errors import DataError
from transferbench.tasks.segment.masks import (
    IGNORED,
    MaskCode,
    Pair,
    SplitPairs,
    Survey,
    refuse_faults,
    survey,
)
from transferbench.tasks.segment.protocols import Ade20kData

FOLDER = "ADEChallengeData2016"
NAMES = "objectInfo150.txt"
EXTENSIONS = (".jpg", ".jpeg", ".png")
_MODES = ("L",)


def read_ade20k(root: Path, data: Ade20kData, limit: int | None) -> SplitPairs:
    """Pairs pictures with masks and checks every mask that will be used.

    Args:
        root: the folder ADEChallengeData2016 or the one that holds it.
        data: splits and classes.
        limit: pictures of each split that are used, the first ones; None for all. The classes that are
            `present` are always those of the whole training split.

    Raises:
        DataError: the data are not there, not in the layout, or a mask is faulty.
    """
    folder = root / FOLDER if (root / FOLDER).is_dir() else root
    train, score = _pairs(folder, data.train), _pairs(folder, data.score)
    if data.classes == "present":
        surveyed = survey(train, _MODES)
        numbers, classes = _present(folder, surveyed)
        trained = Survey(train[:limit], surveyed.pixels_PV[:limit], surveyed.faults)
    else:
        classes = tuple(_names(folder)) if data.classes == "file" else data.classes
        numbers = list(range(1, len(classes) + 1))
        trained = survey(train[:limit], _MODES)
    code = _code(numbers)
    refuse_faults(folder, [trained, survey(score[:limit], _MODES)], code)
    return SplitPairs(folder, train[:limit], score[:limit], classes, code)


def _pairs(folder: Path, split: str) -> list[Pair]:
    pictures, masks = folder / "images" / split, folder / "annotations" / split
    for needed in (pictures, masks):
        if not needed.is_dir():
            raise DataError(
                f"{folder}: ADE20K needs the folder {needed.relative_to(folder)}, which is not there; "
                f"unpack {FOLDER}.zip here, or give --data"
            )
    pairs = [
        Pair(path, masks / f"{path.stem}.png")
        for path in sorted(pictures.iterdir())
        if path.suffix.lower() in EXTENSIONS
    ]
    if not pairs:
        raise DataError(f"{pictures}: expected pictures ({', '.join(EXTENSIONS)}), found none; give --data")
    return pairs


def _names(folder: Path) -> list[str]:
    path = folder / NAMES
    try:
        rows = [line.split("\t") for line in path.read_text().splitlines()[1:] if line.strip()]
        numbered = {int(row[0]): row[-1].strip() for row in rows}
    except FileNotFoundError as error:
        raise DataError(
            f"{path}: expected the names of the classes, found no such file; "
            "copy it from the data set, or give the names (data.classes of the protocol)"
        ) from error
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path}: expected a heading and then a row a class that starts with its number, "
            f"found something else ({error}); copy it from the data set again"
        ) from error
    if sorted(numbered) != list(range(1, len(rows) + 1)) or len(rows) >= IGNORED:
        raise DataError(
            f"{path}: expected the class numbers 1, 2, ... once each, at most {IGNORED - 1}, "
            f"found {len(rows)} rows with the numbers {min(numbered, default=0)} to "
            f"{max(numbered, default=0)}; copy it from the data set again"
        )
    return _shortened([numbered[number] for number in sorted(numbered)])


def _shortened(names: list[str]) -> list[str]:
    """Returns the first of each row's synonyms, or the whole row where two would be called alike."""
    short = [name.split(",")[0] for name in names]
    return [s if short.count(s) == 1 else name for s, name in zip(short, names, strict=True)]


def _present(folder: Path, found: Survey) -> tuple[list[int], tuple[str, ...]]:
    names = _names(folder)
    values = np.flatnonzero(found.pixels_PV.any(axis=0))
    numbers = [int(value) for value in values if 1 <= value <= len(names)]
    return numbers, tuple(names[number - 1] for number in numbers)


def _code(numbers: list[int]) -> MaskCode:
    labels_V = np.full(256, IGNORED, np.uint8)
    labels_V[numbers] = np.arange(len(numbers))
    is_legal_V = labels_V != IGNORED
    is_legal_V[0] = True
    is_run = numbers == list(range(1, len(numbers) + 1))
    told = f"1 to {len(numbers)}" if is_run else ", ".join(map(str, numbers))
    return MaskCode(labels_V, is_legal_V, f"0 (ignored) and {told}", _MODES)
