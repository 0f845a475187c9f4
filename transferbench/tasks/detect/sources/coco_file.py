"""One file of annotations in COCO's JSON to arrays, checked.

Dimension key: P pictures, R objects of all pictures.
Boxes: the file writes (x, y, width, height) in pixels with fractions; here and after this file they are
(x_min, y_min, x_max, y_max), right and bottom edges exclusive.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from transferbench.errors import DataError
from transferbench.tasks.faults import raise_together

Entry = dict[str, Any]

_LISTS = ("images", "annotations", "categories")
_NO_GROUP = "none"


@dataclass(frozen=True)
class CocoFile:
    """What the file says; objects are in the order of their pictures."""

    ids: tuple[str, ...]
    """Of the pictures, in their order if they are numbers, or else in that of the file."""
    files: tuple[str, ...]
    """Of the pictures, below their folder."""
    sizes: tuple[tuple[int, int] | None, ...]
    """(width, height) of the pictures; None where the file does not say."""
    classes: tuple[str, ...]
    """The names of the categories, in the order of their ids."""
    picture_R: np.ndarray
    """Index of the picture."""
    class_R: np.ndarray
    """Index of the class."""
    boxes_R4: np.ndarray
    is_crowd_R: np.ndarray
    area_R: np.ndarray
    """In square pixels; NaN where the file does not say, or says nothing above 0."""


def read_coco_file(path: Path) -> CocoFile:
    """Returns the content of a file of annotations; no picture is looked at.

    A category without objects that others name as their supercategory, and that has `none` itself, is no
    class: Roboflow writes one for the whole project.

    Raises:
        DataError: the file is missing or malformed; up to ten faults are told at once.
    """
    images, objects, categories = _lists(path)
    raise_together([*_image_faults(path, images), *_category_faults(path, categories)])
    used = {entry.get("category_id") for entry in objects if isinstance(entry.get("category_id"), Hashable)}
    categories = _without_group(categories, used)
    raise_together(list(_name_faults(path, categories)))
    if all(isinstance(image["id"], int) for image in images):
        # As COCO's evaluation takes them, which matters where detections in several are equally sure.
        images = sorted(images, key=lambda image: int(image["id"]))
    place_of = {image["id"]: place for place, image in enumerate(images)}
    class_of = {category["id"]: place for place, category in enumerate(categories)}
    picture_R, class_R, boxes_R4 = _arrays(path, objects, place_of, class_of)
    order = np.argsort(picture_R, kind="stable")
    return CocoFile(
        ids=tuple(str(image["id"]) for image in images),
        files=tuple(_file(image) for image in images),
        sizes=tuple(_size(image) for image in images),
        classes=tuple(category["name"] for category in categories),
        picture_R=picture_R[order],
        class_R=class_R[order],
        boxes_R4=boxes_R4[order],
        is_crowd_R=np.array([bool(entry.get("iscrowd")) for entry in objects], dtype=bool)[order],
        area_R=np.array([_area(entry) for entry in objects], dtype=np.float64)[order],
    )


def _lists(path: Path) -> tuple[list[Entry], list[Entry], list[Entry]]:
    try:
        with path.open("rb") as file:
            content = json.load(file, object_hook=_without_masks)
    except FileNotFoundError as error:
        raise DataError(
            f"{path}: expected annotations in COCO's JSON, found no such file; unpack them here, or give "
            "--data"
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(
            f"{path}: expected annotations in COCO's JSON, found a file that cannot be parsed ({error}); "
            "export it again"
        ) from error
    if not isinstance(content, dict):
        raise DataError(
            f"{path}: expected an object with {', '.join(_LISTS)}, found a list, as detections are saved; "
            "name the file of annotations"
        )
    lacking = [name for name in _LISTS if not _is_list_of_objects(content.get(name))]
    if lacking:
        raise DataError(
            f"{path}: expected lists of objects named {', '.join(_LISTS)}, found none for "
            f"{', '.join(lacking)}; export the annotations again as COCO's JSON for detection"
        )
    images, objects, categories = (content[name] for name in _LISTS)
    return images, objects, sorted(categories, key=_by_id)


def _without_masks(entry: Entry) -> Entry:
    """Returns an object without its outline, which is most of the file and of the memory."""
    entry.pop("segmentation", None)
    return entry


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(entry, dict) for entry in value)


def _by_id(entry: Entry) -> tuple[bool, Any]:
    """Returns what puts numbers in order, then texts, then what is a fault anyway."""
    number = entry.get("id")
    return (False, number) if isinstance(number, int) else (True, str(number))


def _image_faults(path: Path, images: Sequence[Entry]) -> Iterator[str]:
    for number, image in enumerate(images):
        name = image.get("file_name")
        if not isinstance(image.get("id"), int | str) or not isinstance(name, str) or not name:
            yield (
                f"{path}: image {number + 1}: expected an id and a file_name, found {image.get('id')!r} and "
                f"{name!r}; mend the file"
            )
        elif PurePosixPath(_file(image)).is_absolute():
            yield (
                f"{path}: image {number + 1}: expected a file_name below the folder of the pictures, found "
                f"{name!r}; shorten it"
            )
    if not images:
        yield f"{path}: expected images, found an empty list; export the annotations again"
    yield from _twice(path, "image id", (image.get("id") for image in images), "number the images anew")
    yield from _twice(path, "file_name", (image.get("file_name") for image in images), "take one image out")


def _category_faults(path: Path, categories: Sequence[Entry]) -> Iterator[str]:
    if not categories:
        yield f"{path}: expected categories, found an empty list; export the annotations again with them"
    for category in categories:
        if not isinstance(category.get("id"), int | str) or not isinstance(category.get("name"), str):
            yield f"{path}: category {category!r}: expected an id and a name; mend the file"
    yield from _twice(path, "category id", (c.get("id") for c in categories), "number the categories anew")


def _name_faults(path: Path, categories: Sequence[Entry]) -> Iterator[str]:
    remedy = "rename one, or merge the two"
    yield from _twice(path, "category name", (category["name"] for category in categories), remedy)


def _without_group(categories: Sequence[Entry], used: set[Any]) -> list[Entry]:
    groups = {c.get("supercategory") for c in categories if isinstance(c.get("supercategory"), str)}
    return [
        category
        for category in categories
        if category["id"] in used
        or category.get("supercategory") != _NO_GROUP
        or category["name"] not in groups
    ]


def _arrays(
    path: Path, objects: Sequence[Entry], place_of: dict[Any, int], class_of: dict[Any, int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns picture_R, class_R and boxes_R4; each object is looked at alone only if one is faulty."""
    try:
        picture_R = np.array([place_of[entry["image_id"]] for entry in objects], dtype=np.int64)
        class_R = np.array([class_of[entry["category_id"]] for entry in objects], dtype=np.int64)
        xywh_R4 = np.array([entry["bbox"] for entry in objects] or np.zeros((0, 4)), dtype=np.float64)
        ids = [entry["id"] for entry in objects if isinstance(entry.get("id"), int | str)]
        is_sound = xywh_R4.shape[1:] == (4,) and len(set(ids)) == len(ids)
        is_sound = is_sound and all(_has_numbers(entry["bbox"]) for entry in objects)
        pointers = (entry[key] for entry in objects for key in ("image_id", "category_id"))
        is_sound = is_sound and not any(isinstance(value, float) for value in pointers)
        if is_sound and np.isfinite(xywh_R4).all() and (xywh_R4[:, 2:] >= 0).all():
            return picture_R, class_R, np.hstack([xywh_R4[:, :2], xywh_R4[:, :2] + xywh_R4[:, 2:]])
    except (KeyError, TypeError, ValueError, OverflowError):
        pass  # told below, each with its place
    faults: list[str] = []
    for number, entry in enumerate(objects):
        place = f"{path}: annotation {entry.get('id', number + 1)!r}"
        faults += _object_faults(place, entry, place_of, class_of)
    faults += _twice(path, "annotation id", (e.get("id") for e in objects), "number the annotations anew")
    raise_together(faults)
    raise AssertionError("no array could be made of annotations without a fault")


def _object_faults(
    place: str, entry: Entry, place_of: dict[Any, int], class_of: dict[Any, int]
) -> Iterator[str]:
    for key, known, what in (("image_id", place_of, "images"), ("category_id", class_of, "categories")):
        value = entry.get(key)
        if not isinstance(value, int | str) or value not in known:
            yield f"{place}: expected {key} to be one of the file's {what}, found {value!r}; mend the file"
    box = entry.get("bbox")
    try:
        numbers = np.array(box, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        numbers = np.zeros(0)
    if (
        not _has_numbers(box)
        or numbers.shape != (4,)
        or not np.isfinite(numbers).all()
        or (numbers[2:] < 0).any()
    ):
        yield (
            f"{place}: expected bbox to be x, y, width, height with sides of at least 0, found {box!r}; "
            "mend the file"
        )


def _has_numbers(box: Any) -> bool:
    """Whether a box is made of numbers, and not of texts that could be read as such."""
    return isinstance(box, list) and all(isinstance(edge, int | float) for edge in box)


def _twice(path: Path, what: str, values: Iterator[Any], remedy: str) -> Iterator[str]:
    counts = Counter(value for value in values if isinstance(value, int | str))
    for value, count in counts.items():
        if count > 1:
            yield f"{path}: expected each {what} once, found {value!r} {count} times; {remedy}"


def _file(image: Entry) -> str:
    return str(image["file_name"]).replace("\\", "/")


def _size(image: Entry) -> tuple[int, int] | None:
    sides = image.get("width"), image.get("height")
    if all(isinstance(side, int) and side > 0 for side in sides):
        return sides  # type: ignore[return-value]
    return None


def _area(entry: Entry) -> float:
    area = entry.get("area")
    return float(area) if isinstance(area, int | float) and area > 0 else np.nan
