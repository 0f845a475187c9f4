"""Splits in the layout of COCO, and what is said of broken ones."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.fabricate.coco import SIZE, coco_content, write_coco
from transferbench.errors import DataError
from transferbench.tasks.detect.settings import CocoSet
from transferbench.tasks.detect.sources.coco import CocoSplit, read_split

SET = CocoSet(annotations="annotations/instances_val2017.json", pictures="val2017")


def read(root: Path, change: Callable[[dict[str, Any]], object] = lambda content: None) -> CocoSplit:
    """Writes a data set, changes what its file of annotations says, and reads it."""
    path = write_coco(root) / SET.annotations
    content = coco_content()
    change(content)
    path.write_text(json.dumps(content))
    return read_split(root, SET)


def message(root: Path, change: Callable[[dict[str, Any]], object]) -> str:
    """Returns what is said of a file so changed, without the file's path."""
    with pytest.raises(DataError) as caught:
        read(root, change)
    return str(caught.value).replace(f"{root / SET.annotations}: ", "")


def test_boxes_become_edges_and_names_come_by_the_categories_in_order_of_their_ids(tmp_path: Path) -> None:
    split = read(tmp_path, lambda content: content["categories"].reverse())

    truth = split.pictures[0].truth
    assert split.classes == ("cat", "dog")
    assert truth.names == ("dog", "cat")
    assert truth.boxes_R4.tolist() == [[4, 4.5, 20, 24.5], [20, 2.25, 44.5, 30.25]]
    assert truth.size == SIZE


def test_pictures_are_named_by_their_folder_and_known_by_their_number(tmp_path: Path) -> None:
    picture = read(tmp_path).pictures[1]

    assert (picture.name, picture.id) == ("val2017/000000000011.jpg", "11")
    assert picture.path == tmp_path / picture.name
    assert picture.annotation_path == tmp_path / SET.annotations


def test_a_picture_without_annotations_is_a_valid_negative(tmp_path: Path) -> None:
    truth = read(tmp_path).pictures[1].truth

    assert truth.names == ()
    assert truth.boxes_R4.shape == (0, 4)


def test_crowds_are_marked(tmp_path: Path) -> None:
    assert read(tmp_path).pictures[2].truth.is_crowd_R.tolist() == [False, True]


def test_an_area_is_the_annotation_s_or_that_of_the_box_where_it_says_nothing(tmp_path: Path) -> None:
    def change(content: dict[str, Any]) -> None:
        del content["annotations"][0]["area"]

    assert read(tmp_path, change).pictures[0].truth.area_R.tolist() == [16 * 20, 51]


def test_objects_go_to_their_pictures_in_whatever_order_they_are_written(tmp_path: Path) -> None:
    ordered = read(tmp_path / "a").pictures
    turned = read(tmp_path / "b", lambda content: content["annotations"].reverse()).pictures

    for its, mine in zip((p.truth for p in ordered), (p.truth for p in turned), strict=True):
        assert mine.names == its.names[::-1]
        assert mine.boxes_R4.tolist() == its.boxes_R4.tolist()[::-1]
        assert mine.area_R.tolist() == its.area_R.tolist()[::-1]
        assert mine.is_crowd_R.tolist() == its.is_crowd_R.tolist()[::-1]


def test_a_limit_takes_the_first_pictures(tmp_path: Path) -> None:
    whole, part = read(tmp_path), read_split(tmp_path, SET, limit=2)

    assert [p.name for p in part.pictures] == [p.name for p in whole.pictures[:2]]
    assert part.pictures[0].truth.names == ("dog", "cat")
    assert part.classes == whole.classes


def test_boxes_outside_are_clipped_and_those_without_area_dropped_and_both_counted(tmp_path: Path) -> None:
    boxes = [[40, 20, 30, 30], [5, 5, 0, 4], [60, 5, 4, 4], [47, 31, 1.3, 1]]

    def change(content: dict[str, Any]) -> None:
        content["annotations"] = [
            {"id": number, "image_id": 10, "category_id": 2, "bbox": box} for number, box in enumerate(boxes)
        ]

    truth = read(tmp_path, change).pictures[0].truth

    assert truth.boxes_R4.tolist() == [[40, 20, 48, 32], [47, 31, 48, 32]]
    assert (truth.clipped, truth.dropped) == (1, 2)


@pytest.mark.parametrize("orientation", range(5, 9))
def test_boxes_drawn_before_exif_turned_the_picture_turn_with_it(orientation: int, tmp_path: Path) -> None:
    read(tmp_path)
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new("RGB", SIZE).save(tmp_path / "val2017/000000000010.jpg", exif=exif)

    truth = read_split(tmp_path, SET).pictures[0].truth

    first = {5: (4.5, 4, 24.5, 20), 6: (7.5, 4, 27.5, 20), 7: (7.5, 28, 27.5, 44), 8: (4.5, 28, 24.5, 44)}
    assert truth.size == SIZE[::-1]
    assert truth.boxes_R4[0].tolist() == list(first[orientation])


def test_sizes_that_are_not_those_of_the_picture_are_a_fault(tmp_path: Path) -> None:
    read(tmp_path)
    path = tmp_path / "val2017/000000000011.jpg"
    Image.new("RGB", (24, 16)).save(path)

    with pytest.raises(DataError) as caught:
        read_split(tmp_path, SET)

    assert str(caught.value) == (
        f"{path}: expected 48 x 32 pixels, as {tmp_path / SET.annotations} has it, found 24 x 16; its boxes "
        "are of another picture: export both again"
    )


def test_a_file_without_sizes_is_read_by_the_pictures(tmp_path: Path) -> None:
    def change(content: dict[str, Any]) -> None:
        for image in content["images"]:
            del image["width"], image["height"]

    assert read(tmp_path, change).pictures[0].truth.size == SIZE


def test_the_folder_may_be_part_of_the_file_names_with_either_slash(tmp_path: Path) -> None:
    read(tmp_path)
    path = tmp_path / SET.annotations
    path.write_text(path.read_text().replace('"file_name": "', '"file_name": "val2017\\\\'))

    split = read_split(tmp_path, SET.model_copy(update={"pictures": "."}))

    assert split.pictures[0].name == "val2017/000000000010.jpg"


def test_the_group_that_roboflow_adds_to_the_categories_is_no_class(tmp_path: Path) -> None:
    group = {"id": 0, "name": "cat", "supercategory": "none"}

    def change(content: dict[str, Any]) -> None:
        content["categories"] = [group, *({**c, "supercategory": "cat"} for c in content["categories"])]

    assert read(tmp_path, change).classes == ("cat", "dog")


BROKEN: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "no categories": (
        lambda c: c.pop("categories"),
        "expected lists of objects named images, annotations, categories, found none for categories; export "
        "the annotations again as COCO's JSON for detection",
    ),
    "empty categories": (
        lambda c: c.update(categories=[], annotations=[]),
        "expected categories, found an empty list; export the annotations again with them",
    ),
    "no images": (
        lambda c: c.update(images=[], annotations=[]),
        "expected images, found an empty list; export the annotations again",
    ),
    "an image without a file": (
        lambda c: c["images"][1].pop("file_name"),
        "image 2: expected an id and a file_name, found 11 and None; mend the file",
    ),
    "an absolute path": (
        lambda c: c["images"][1].update(file_name="/data/11.jpg"),
        "image 2: expected a file_name below the folder of the pictures, found '/data/11.jpg'; shorten it",
    ),
    "an image id twice": (
        lambda c: c["images"][1].update(id=10),
        "expected each image id once, found 10 2 times; number the images anew",
    ),
    "a picture twice": (
        lambda c: c["images"][1].update(file_name="000000000010.jpg"),
        "expected each file_name once, found '000000000010.jpg' 2 times; take one image out",
    ),
    "a category without a name": (
        lambda c: c["categories"][1].pop("name"),
        "category {'id': 7, 'supercategory': 'animal'}: expected an id and a name; mend the file",
    ),
    "a category id twice": (
        lambda c: c["categories"].append({"id": 7, "name": "cow"}),
        "expected each category id once, found 7 2 times; number the categories anew",
    ),
    "a category name twice": (
        lambda c: c["categories"].append({"id": 9, "name": "dog"}),
        "expected each category name once, found 'dog' 2 times; rename one, or merge the two",
    ),
    "an annotation id twice": (
        lambda c: c["annotations"][1].update(id=100),
        "expected each annotation id once, found 100 2 times; number the annotations anew",
    ),
    "an unknown image": (
        lambda c: c["annotations"][1].update(image_id=5),
        "annotation 101: expected image_id to be one of the file's images, found 5; mend the file",
    ),
    "an unknown category": (
        lambda c: c["annotations"][1].update(category_id=[1]),
        "annotation 101: expected category_id to be one of the file's categories, found [1]; mend the file",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_fault_of_the_file_is_told_with_what_to_do(name: str, tmp_path: Path) -> None:
    change, expected = BROKEN[name]

    assert message(tmp_path, change) == expected


@pytest.mark.parametrize("box", [[1, 2, 3], [1, 2, 3, -4], [1, 2, 3, None], ["a", 2, 3, 4], None, "box", {}])
def test_a_box_that_is_not_four_numbers_with_sides_of_at_least_0_is_a_fault(box: Any, tmp_path: Path) -> None:
    assert message(tmp_path, lambda content: content["annotations"][2].update(bbox=box)) == (
        "annotation 102: expected bbox to be x, y, width, height with sides of at least 0, found "
        f"{box!r}; mend the file"
    )


def test_faults_are_told_ten_at_a_time(tmp_path: Path) -> None:
    def change(content: dict[str, Any]) -> None:
        content["annotations"] = [{"id": n, "image_id": n, "category_id": 2, "bbox": []} for n in range(9)]

    lines = message(tmp_path, change).splitlines()

    assert len(lines) == 11
    assert lines[-1] == "... and 8 more faults like these"


@pytest.mark.parametrize("text", ["[}", "", "\xff"])
def test_a_file_that_is_no_json_is_named(text: str, tmp_path: Path) -> None:
    path = write_coco(tmp_path) / SET.annotations
    path.write_text(text, encoding="latin-1")

    with pytest.raises(
        DataError, match=re.escape(f"{path}: expected annotations in COCO's JSON, found a file")
    ):
        read_split(tmp_path, SET)


def test_detections_given_for_annotations_are_told_apart(tmp_path: Path) -> None:
    path = write_coco(tmp_path) / SET.annotations
    path.write_text("[]")

    with pytest.raises(
        DataError, match="found a list, as detections are saved; name the file of annotations"
    ):
        read_split(tmp_path, SET)


def test_missing_files_and_folders_are_named_with_what_to_unpack(tmp_path: Path) -> None:
    write_coco(tmp_path)

    with pytest.raises(DataError, match=r"instances_x.json: expected annotations .*, found no such file"):
        read_split(tmp_path, CocoSet(annotations="annotations/instances_x.json", pictures="val2017"))
    with pytest.raises(
        DataError, match=r"in the folder 'test2017', found no such folder; unpack test2017.zip"
    ):
        read_split(tmp_path, SET.model_copy(update={"pictures": "test2017"}))


def test_every_missing_picture_is_named(tmp_path: Path) -> None:
    read(tmp_path)
    paths = [tmp_path / f"val2017/0000000000{number}.jpg" for number in (10, 13)]
    for path in paths:
        path.unlink()

    with pytest.raises(DataError) as caught:
        read_split(tmp_path, SET)

    assert str(caught.value).splitlines() == [
        f"{path}: expected a picture, found no such file; copy the data set again" for path in paths
    ]
