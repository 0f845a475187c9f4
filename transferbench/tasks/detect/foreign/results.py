"""Detections in COCO's form: a JSON list of `{image_id, category_id, bbox, score}`.

Dimension key: D detections over all pictures.
Boxes: the file writes (x, y, width, height) in pixels, from 0; here and after this file they are
(x_min, y_min, x_max, y_max), right and bottom edges exclusive.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from transferbench.errors import DataError
from transferbench.tasks.detect.foreign.rows import Rows
from transferbench.tasks.faults import raise_together

Entry = dict[str, Any]
Category = int | str
_KEYS = ("image_id", "category_id", "bbox", "score")


def read_results(
    path: Path, classes: Sequence[str], categories: Mapping[Category, str] | None
) -> tuple[Rows, tuple[str, ...]]:
    """Returns the detections of a file, and what a reader of the scores should know of it.

    Where the data set has no numbers for its classes, as VOC, they are 1, 2, ... in their order; or 0, 1, ...
    if 0 occurs and the highest of the others does not. Names of classes are taken too.

    Args:
        path: of the file.
        classes: names in the order of labels.
        categories: name of each category of the data set; those that are no classes are left out, and that
            is told. None where there are none.

    Raises:
        DataError: the file is missing, or no such list; entries are malformed, or of unknown categories.
    """
    entries = _entries(path)
    raise_together([fault for number, entry in enumerate(entries) for fault in _faults(path, number, entry)])
    used = Counter(entry["category_id"] for entry in entries)
    name_of = _numbered(classes, used) if categories is None else dict(categories)
    name_of = {**{name: name for name in classes}, **name_of}
    _require_known(path, used, name_of)
    label_of = {name: label for label, name in enumerate(classes)}
    labels = [label_of.get(name_of[entry["category_id"]], -1) for entry in entries]
    kept = [number for number, label in enumerate(labels) if label >= 0]
    xywh_D4 = np.array([entries[number]["bbox"] for number in kept], dtype=np.float64).reshape(-1, 4)
    rows = Rows(
        place=lambda row: f"{path}: entry {kept[row] + 1}",
        pictures=[str(entries[number]["image_id"]) for number in kept],
        boxes_D4=np.hstack([xywh_D4[:, :2], xywh_D4[:, :2] + xywh_D4[:, 2:]]),
        label_D=np.array(labels, dtype=np.int64)[kept],
        score_D=np.array([entries[number]["score"] for number in kept], dtype=np.float64),
    )
    others = sorted({name_of[category] for category in used} - set(classes))
    told = (
        f"{len(entries) - len(kept):,} detections left out, of no class that is scored: {', '.join(others)}"
    )
    return rows, (told,) if others else ()


def categories_of(annotations: Path) -> dict[Category, str] | None:
    """Returns the names of the categories of a data set; None for one that numbers none, as VOC.

    Args:
        annotations: of a picture of it, already read once.
    """
    if annotations.suffix != ".json":
        return None
    content = json.loads(annotations.read_bytes())
    return {category["id"]: category["name"] for category in content["categories"]}


def _entries(path: Path) -> list[Entry]:
    try:
        with path.open("rb") as file:
            content = json.load(file)
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(
            f"{path}: expected COCO's results in JSON, found a file that cannot be parsed ({error}); "
            "write it again"
        ) from error
    if not isinstance(content, list) or not all(isinstance(entry, dict) for entry in content):
        found = type(content).__name__
        if isinstance(content, dict):
            found = f"an object with {', '.join(map(repr, list(content)[:5])) or 'nothing in it'}"
        raise DataError(
            f"{path}: expected a list of objects with {', '.join(_KEYS)}, as COCO's results have, found "
            f"{found}; name the file of the detections"
        )
    return content


def _faults(path: Path, number: int, entry: Entry) -> Iterator[str]:
    place = f"{path}: entry {number + 1}"
    lacking = [key for key in _KEYS if key not in entry]
    if lacking:
        yield f"{place}: expected {', '.join(_KEYS)}, found no {', '.join(lacking)}; write the entry again"
        return
    for key in ("image_id", "category_id"):
        if not isinstance(entry[key], int | str) or isinstance(entry[key], bool):
            yield f"{place}: expected {key} to be a number or a name, found {entry[key]!r}; write it as such"
    box = entry["bbox"]
    if not isinstance(box, list) or len(box) != 4 or not all(map(_is_number, box)):
        yield f"{place}: expected bbox to be [x, y, width, height], found {box!r}; write it as such"
    if not _is_number(entry["score"]):
        yield f"{place}: expected score to be a number, found {entry['score']!r}; write it as such"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _numbered(classes: Sequence[str], used: Mapping[Category, int]) -> dict[Category, str]:
    is_from_zero = 0 in used and len(classes) not in used
    return dict(enumerate(classes, start=0 if is_from_zero else 1))


def _require_known(path: Path, used: Mapping[Category, int], name_of: Mapping[Category, str]) -> None:
    unknown = [category for category in used if category not in name_of]
    if unknown:
        numbers = sorted(category for category in name_of if isinstance(category, int))
        known = f"{numbers[0]} to {numbers[-1]}" if numbers else "names"
        raise DataError(
            f"{path}: expected the {len(numbers)} categories of the data set, numbered {known}, found "
            f"{sum(used[category] for category in unknown):,} detections of {len(unknown)} others, the first "
            f"of {unknown[0]!r}; number them as the data set does"
        )
