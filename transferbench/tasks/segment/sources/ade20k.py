"""Reads the layout of ADE20K: pictures and masks in folders of the same names, names in objectInfo150.txt."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from transferbench.errors import DataError
from transferbench.tasks.base import ClassMarks
from transferbench.tasks.picture_files import EXTENSIONS
from transferbench.tasks.segment.settings import Ade20kData
from transferbench.tasks.segment.sources.classes import rows_of, values_of
from transferbench.tasks.segment.sources.masks import IGNORED, Pair, mask_code
from transferbench.tasks.segment.sources.paired import Paired, refuse_twins
from transferbench.tasks.segment.sources.palettes import ade20k_colours
from transferbench.tasks.segment.sources.survey import Survey, survey

FOLDER = "ADEChallengeData2016"
NAMES = "objectInfo150.txt"
_MODES = ("L",)


def pair_ade20k(root: Path, data: Ade20kData, *, is_scored_only: bool) -> Paired:
    """Pairs pictures with masks.

    Args:
        root: the folder ADEChallengeData2016 or the one that holds it.
        data: splits and classes. The classes that are `present` are those of the whole training split.
        is_scored_only: whether the training split is left out; it is still read where the classes come from
            it.

    Raises:
        DataError: the data are not there, or not in the layout.
    """
    folder = root / FOLDER if (root / FOLDER).is_dir() else root
    is_trained = not is_scored_only or data.classes == "present"
    train = _pairs(folder, data.train) if is_trained else []
    score = _pairs(folder, data.score)
    surveyed = survey(train, _MODES) if data.classes == "present" else None
    if isinstance(data.classes, tuple):
        rows, origin = rows_of(data.classes), "the protocol"
    else:
        rows, origin = rows_of(_names(folder), str(folder / NAMES)), NAMES
    numbers = values_of(rows, 1, (0,))
    if surveyed:
        numbers, origin = _present(surveyed, len(rows)), f"{NAMES} that occur in {data.train}"
    return Paired(
        folder=folder,
        train=train,
        score=score,
        classes=tuple(rows[number - 1].name for number in numbers),
        code=mask_code(numbers, (0,), modes=_MODES, of=origin),
        marks=ClassMarks(numbers, ade20k_colours(numbers)),
        surveyed=surveyed,
    )


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
        if path.suffix.lower() in EXTENSIONS and not path.name.startswith(".")
    ]
    if not pairs:
        raise DataError(f"{pictures}: expected pictures ({', '.join(EXTENSIONS)}), found none; give --data")
    refuse_twins(pairs)
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


def _present(found: Survey, count: int) -> tuple[int, ...]:
    values = np.flatnonzero(found.pixels_PV.any(axis=0)).tolist()
    return tuple(value for value in values if 1 <= value <= count)
