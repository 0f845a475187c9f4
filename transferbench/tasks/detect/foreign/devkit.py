"""Detections in the development kit's form: a file for each class, `comp4_det_test_CLASS.txt`.

Boxes: a line is `PICTURE SCORE XMIN YMIN XMAX YMAX`, 1-based and inclusive; here and after this file they are
(x_min, y_min, x_max, y_max), absolute pixels, right and bottom edges exclusive.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from transferbench.errors import DataError
from transferbench.tasks.detect.foreign.rows import Rows
from transferbench.tasks.detect.sources.annotation import from_voc_corners
from transferbench.tasks.faults import raise_together

_Line = tuple[str, float, tuple[float, float, float, float]]


def read_devkit(folder: Path, classes: Sequence[str]) -> tuple[Rows, tuple[str, ...]]:
    """Returns the detections of a folder, and what a reader of the scores should know of it.

    A class without a file has no detections, and that is told.

    Args:
        folder: with files `ANYTHING_CLASS.txt`.
        classes: names in the order of labels.

    Raises:
        DataError: no file is named after a class, or two are named after the same; one that is not stands
            beside a class that has none; or lines are malformed: ten at most are told.
    """
    file_of = _files(folder, classes)
    lines: list[_Line] = []
    places: list[tuple[Path, int]] = []
    labels: list[int] = []
    faults: list[str] = []
    for label, name in enumerate(classes):
        if name not in file_of:
            continue
        for number, text in enumerate(_read(file_of[name]).splitlines(), start=1):
            if not text.strip():
                continue
            line = _parse(text)
            if line is None:
                faults.append(
                    f"{file_of[name]}:{number}: expected 'PICTURE SCORE XMIN YMIN XMAX YMAX', found "
                    f"{text[:80]!r}; write the line again"
                )
                continue
            lines.append(line)
            places.append((file_of[name], number))
            labels.append(label)
    raise_together(faults)
    rows = Rows(
        place=lambda row: f"{places[row][0]}:{places[row][1]}",
        pictures=[picture for picture, _, _ in lines],
        boxes_D4=np.array([box for _, _, box in lines], dtype=np.float64).reshape(-1, 4),
        label_D=np.array(labels, dtype=np.int64),
        score_D=np.array([score for _, score, _ in lines], dtype=np.float64),
    )
    missing = [name for name in classes if name not in file_of]
    told = f"no file for {', '.join(missing)} in {folder}: taken as without detections"
    return rows, (told,) if missing else ()


def _files(folder: Path, classes: Sequence[str]) -> dict[str, Path]:
    files = sorted(folder.glob("*.txt"))
    file_of: dict[str, Path] = {}
    faults, others = [], []
    for file in files:
        named = [name for name in classes if file.stem == name or file.stem.endswith(f"_{name}")]
        if not named:
            others.append(file.name)
            continue
        # `traffic_light` is no `light`.
        name = max(named, key=len)
        if name in file_of:
            faults.append(
                f"{folder}: expected one file for {name!r}, found {file_of[name].name!r} and {file.name!r}; "
                "take out those of another split or competition"
            )
        file_of.setdefault(name, file)
    missing = [name for name in classes if name not in file_of]
    if not file_of:
        found = f"{len(files)} other .txt files" if files else "no .txt file"
        faults.append(
            f"{folder}: expected files named after the classes, as comp4_det_test_{classes[0]}.txt, found "
            f"{found}; give the folder that holds them"
        )
    elif missing and others:
        faults.append(
            f"{folder}: expected a file for {', '.join(missing)}, found none but "
            f"{', '.join(others[:3])}, which no class is called; rename it, or take it out"
        )
    raise_together(faults)
    return file_of


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"{file}: expected lines of text, found a file that cannot be read ({error}); write it again"
        ) from error


def _parse(text: str) -> _Line | None:
    parts = text.split()
    if len(parts) != 6:
        return None
    try:
        score, x_min, y_min, x_max, y_max = map(float, parts[1:])
    except ValueError:
        return None
    return parts[0], score, from_voc_corners(x_min, y_min, x_max, y_max)
