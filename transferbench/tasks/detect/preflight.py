"""The check before the first step that what is trained on is called what its annotation calls it.

It reads the annotation files in its own way and shares no code with the readers, so that a mistake there does
not hide itself.

Dimension key: R boxes of one picture.
Boxes: (x_min, y_min, x_max, y_max), absolute pixels of the picture as loaded, right and bottom
edges exclusive.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

from transferbench.errors import DataError
from transferbench.tasks.decode import UPRIGHT, read_header
from transferbench.tasks.detect.examples import DetectBatch, DetectExamples
from transferbench.tasks.detect.sources.picture import Picture

_MOST_PICTURES = 48
_MOST_TOLD = 2
_TOLERANCE_PIXELS = 0.01

Named = list[tuple[tuple[float, ...], str]]
"""Box and name of each object, in the order of the boxes."""


def require_labels(examples: DetectExamples, classes: Sequence[str]) -> None:
    """Checks the boxes and labels of some training batches against the annotation files.

    The pictures are spread over the split and show every class that it has. Of pictures that EXIF turns only
    the names are compared.

    Args:
        examples: the split that is trained on.
        classes: names in the order of labels, as the scores are printed with.

    Raises:
        DataError: a label stands for another name than the annotation has at that box, or a box is another.
    """
    read_json = cache(_read_json)
    faults: list[tuple[Picture, Named, Named]] = []
    pairs: list[tuple[str, str]] = []
    for index in _spread(examples.pictures):
        picture = examples.pictures[index]
        batch = examples.collate([examples.example(index, np.random.default_rng(index))])
        expected, found = _expected(picture, batch, read_json), _found(batch, classes)
        pairs += [(its, mine) for (_, its), (_, mine) in zip(expected, found, strict=False)]
        if not _agree(expected, found, are_upright=read_header(picture.path).orientation == UPRIGHT):
            faults.append((picture, expected, found))
    if faults:
        picture, expected, found = faults[0]
        raise DataError(
            f"{picture.path}: expected to train on {_told(expected, found)}, as {picture.annotation_path} "
            f"has it, found {_told(found, expected)} in the batch, and the like in {len(faults)} of the "
            f"pictures looked at{_shift(pairs, list(classes))}; put the order of the classes right before "
            "anything is trained"
        )


def _spread(pictures: Sequence[Picture]) -> list[int]:
    """Returns the pictures with the most classes, until every class is there, and some from all over."""
    names = [set(picture.truth.names) for picture in pictures]
    chosen: set[int] = set()
    covered: set[str] = set()
    for index in sorted(range(len(names)), key=lambda index: -len(names[index])):
        if not names[index] <= covered:
            chosen.add(index)
            covered |= names[index]
    rest = max(0, min(_MOST_PICTURES - len(chosen), len(pictures)))
    return sorted(chosen | set(np.linspace(0, len(pictures) - 1, rest).astype(int).tolist()))


def _found(batch: DetectBatch, classes: Sequence[str]) -> Named:
    (boxes_R4, labels_R), *_ = batch.truth
    name_of = dict(enumerate(classes))
    names = [name_of.get(label, f"class number {label}") for label in labels_R.tolist()]
    return _named(boxes_R4.numpy(), names)


def _expected(picture: Picture, batch: DetectBatch, read_json: Callable[[Path], _Coco]) -> Named:
    height, width = batch.images[0].shape[:2]
    if picture.annotation_path.suffix == ".xml":
        objects = _from_xml(picture.annotation_path)
    else:
        objects = _from_json(read_json(picture.annotation_path), picture.id)
    kept = []
    for name, (left, top, right, bottom) in objects:
        left, top, right, bottom = max(0, left), max(0, top), min(width, right), min(height, bottom)
        if batch.is_flipped[0]:
            left, right = width - right, width - left
        if (right > left and bottom > top) or read_header(picture.path).orientation != UPRIGHT:
            kept.append(((left, top, right, bottom), name))
    boxes_R4 = np.array([box for box, _ in kept], dtype=np.float32).reshape(-1, 4)
    return _named(boxes_R4, [name for _, name in kept])


_Object = tuple[str, tuple[float, float, float, float]]
_Coco = tuple[dict[Any, str], dict[str, list[dict[str, Any]]]]
"""Names of the categories, and the entries of each picture."""


def _from_xml(path: Path) -> list[_Object]:
    objects = []
    for element in ElementTree.parse(path).iter("object"):
        edges = {edge.tag: float(edge.text or "nan") for edge in element.iterfind("bndbox/*")}
        box = (edges["xmin"] - 1, edges["ymin"] - 1, edges["xmax"], edges["ymax"])
        objects.append((str(element.findtext("name")).strip(), box))
    return objects


def _read_json(path: Path) -> _Coco:
    kept = ("images", "annotations", "categories", "id", "name", "image_id", "category_id", "bbox", "iscrowd")
    with path.open("rb") as file:
        content = json.load(file, object_hook=lambda entry: {key: entry[key] for key in kept if key in entry})
    entries: dict[str, list[dict[str, Any]]] = {}
    for entry in content["annotations"]:
        entries.setdefault(str(entry["image_id"]), []).append(entry)
    return {category["id"]: category["name"] for category in content["categories"]}, entries


def _from_json(coco: _Coco, picture_id: str) -> list[_Object]:
    name_of, entries = coco
    objects = []
    for entry in entries.get(picture_id, []):
        x, y, width, height = entry["bbox"]
        if not entry.get("iscrowd"):
            objects.append((name_of[entry["category_id"]], (x, y, x + width, y + height)))
    return objects


def _named(boxes_R4: np.ndarray, names: Sequence[str]) -> Named:
    return sorted(zip(map(tuple, boxes_R4.tolist()), names, strict=True))


def _agree(expected: Named, found: Named, *, are_upright: bool) -> bool:
    names, found_names = ([name for _, name in named] for named in (expected, found))
    if not are_upright or sorted(names) != sorted(found_names):
        return sorted(names) == sorted(found_names)
    boxes_R4, found_R4 = (np.array([box for box, _ in named]) for named in (expected, found))
    return names == found_names and np.allclose(boxes_R4, found_R4, rtol=0, atol=_TOLERANCE_PIXELS)


def _shift(pairs: Sequence[tuple[str, str]], classes: list[str]) -> str:
    """Returns what is said where all labels are off by the same number."""
    known = [(classes.index(its), classes.index(mine)) for its, mine in pairs if {its, mine} <= set(classes)]
    shifts = {(mine - its) % len(classes) for its, mine in known}
    if len(shifts) != 1 or 0 in shifts:
        return ""
    shift = shifts.pop()
    return f": labels are shifted by {shift if 2 * shift <= len(classes) else shift - len(classes):+d}"


def _told(named: Named, other: Named) -> str:
    odd = [one for one in named if one not in other]
    texts = [f"{name} at ({', '.join(f'{edge:g}' for edge in box)})" for box, name in odd[:_MOST_TOLD]]
    more = [f"{len(odd) - _MOST_TOLD} more"] if len(odd) > _MOST_TOLD else []
    return ", ".join([*texts, *more]) or "nothing else"
