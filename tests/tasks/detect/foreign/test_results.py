"""COCO's results: what they mean, and what is said of broken ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fabricate.coco import write_coco
from transferbench.errors import DataError
from transferbench.tasks.detect.foreign.results import categories_of, read_results

CLASSES = ("cat", "dog", "hen")
ENTRY = {"image_id": 5, "category_id": 1, "bbox": [1, 2, 3.5, 4], "score": 0.5}


def write(folder: Path, entries: object) -> Path:
    path = folder / "results.json"
    path.write_text(json.dumps(entries))
    return path


def labels(folder: Path, *categories: object) -> list[int]:
    path = write(folder, [ENTRY | {"category_id": category} for category in categories])
    return [int(label) for label in read_results(path, CLASSES, None)[0].label_D]


def message(folder: Path, entries: object, categories: dict[int | str, str] | None = None) -> str:
    path = write(folder, entries)
    with pytest.raises(DataError) as caught:
        read_results(path, CLASSES, categories)
    return str(caught.value).replace(str(path), "FILE")


def test_corner_and_sides_become_edges(tmp_path: Path) -> None:
    rows, remarks = read_results(write(tmp_path, [ENTRY, ENTRY | {"image_id": "000007"}]), CLASSES, None)

    assert rows.boxes_D4.tolist() == [[1, 2, 4.5, 6]] * 2
    assert (list(rows.pictures), rows.score_D.tolist(), remarks) == (["5", "000007"], [0.5, 0.5], ())


@pytest.mark.parametrize(
    ("categories", "expected"),
    [
        ((1, 2, 3), [0, 1, 2]),
        ((0, 1, 2), [0, 1, 2]),
        ((1, 2), [0, 1]),
        ((0,), [0]),
        (("hen", "cat"), [2, 0]),
    ],
)
def test_classes_are_counted_from_1_or_from_0_if_0_occurs(
    tmp_path: Path, categories: tuple[object, ...], expected: list[int]
) -> None:
    assert labels(tmp_path, *categories) == expected


@pytest.mark.parametrize("categories", [(0, 3), (4,), ("cow",), (-1,)])
def test_a_category_of_no_class_is_refused(tmp_path: Path, categories: tuple[object, ...]) -> None:
    entries = [ENTRY | {"category_id": category} for category in categories]

    assert "expected the 3 categories of the data set, numbered 1 to 3" in message(tmp_path, entries)


def test_categories_have_the_numbers_of_the_data_set(tmp_path: Path) -> None:
    path = write(tmp_path, [ENTRY | {"category_id": category} for category in (7, 18, 9)])

    rows, remarks = read_results(path, CLASSES, {7: "dog", 18: "hen", 9: "cow"})

    assert rows.label_D.tolist() == [1, 2]
    assert rows.place(1) == f"{path}: entry 2"
    assert remarks == ("1 detections left out, of no class that is scored: cow",)


def test_a_number_that_the_data_set_has_not_is_refused(tmp_path: Path) -> None:
    told = message(tmp_path, [ENTRY, ENTRY | {"category_id": 7}], {7: "dog", 8: "hen"})

    assert told == (
        "FILE: expected the 2 categories of the data set, numbered 7 to 8, found 1 detections of 1 others, "
        "the first of 1; number them as the data set does"
    )


def test_the_categories_of_a_data_set_come_from_its_annotations(tmp_path: Path) -> None:
    annotations = write_coco(tmp_path) / "annotations" / "instances_val2017.json"

    assert categories_of(annotations) == {2: "cat", 7: "dog"}
    assert categories_of(tmp_path / "000005.xml") is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"bbox": [1, 2, 3]}, "FILE: entry 2: expected bbox to be [x, y, width, height], found [1, 2, 3]"),
        ({"bbox": [1, 2, "3", 4]}, "FILE: entry 2: expected bbox to be [x, y, width, height]"),
        ({"score": None}, "FILE: entry 2: expected score to be a number, found None"),
        ({"image_id": 1.5}, "FILE: entry 2: expected image_id to be a number or a name, found 1.5"),
        ({"category_id": True}, "FILE: entry 2: expected category_id to be a number or a name, found True"),
    ],
)
def test_a_malformed_entry_is_told_with_its_place(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    assert message(tmp_path, [ENTRY, ENTRY | change]).startswith(words)


def test_many_malformed_entries_are_told_at_once(tmp_path: Path) -> None:
    told = message(tmp_path, [{"bbox": [0, 0, 1, 1]}] * 12).splitlines()

    assert told[0] == (
        "FILE: entry 1: expected image_id, category_id, bbox, score, found no image_id, category_id, score; "
        "write the entry again"
    )
    assert len(told) == 11


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"images": [], "annotations": []}, "found an object with 'images', 'annotations'; name the file"),
        ([1, 2], "found list; name the file"),
        ("text", "found str; name the file"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: object, words: str) -> None:
    assert words in message(tmp_path, content)


def test_a_file_that_is_no_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text("[{")

    with pytest.raises(DataError, match=r"found a file that cannot be parsed \(.*\); write it again"):
        read_results(path, CLASSES, None)
