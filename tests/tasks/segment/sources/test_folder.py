from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.fabricate.mask_folders import ROAD, folder_data, write_mask_folders, write_masked
from transferbench.errors import DataError
from transferbench.recipes.load import load_protocol
from transferbench.tasks.base import ClassMarks
from transferbench.tasks.segment.settings import SegmentProtocol
from transferbench.tasks.segment.sources.masks import SplitPairs, read_labels
from transferbench.tasks.segment.sources.read import read_splits

_PROTOCOL = """
base = "voc12-fcn8@1"
about = "our roads"

[data]
layout = "folder"
train = { pictures = "images/train", masks = "masks/train" }
score = { pictures = "images/val", masks = "masks/val" }
classes = "classes.txt"
first_value = 1
ignored = [0, 255]
mask_ending = "_mask.png"
"""


def _read(root: Path, **changed: Any) -> SplitPairs:
    return read_splits(root, folder_data(**changed), None)


def _names(pairs: Any) -> list[str]:
    return [pair.name for pair in pairs]


def test_files_of_one_name_are_a_pair_in_folders_within_the_folders_too(tmp_path: Path) -> None:
    write_mask_folders(tmp_path)

    found = _read(tmp_path)

    assert [(pair.name, pair.mask.relative_to(tmp_path).as_posix()) for pair in found.train] == [
        ("a.jpg", "masks/train/a.png"),
        ("deep/b.jpg", "masks/train/deep/b.png"),
    ]
    assert (_names(found.score), found.classes, found.folder) == (["c.jpg"], ("road", "car", "sky"), tmp_path)


def test_values_start_where_the_protocol_says(tmp_path: Path) -> None:
    write_mask_folders(tmp_path)
    for name in ("train/a.jpg", "train/deep/b.jpg", "val/c.jpg"):
        write_masked(tmp_path, name, np.array([[0, 1, 2, 3]], np.uint8))

    found = _read(tmp_path, first_value=1, ignored=[0])

    assert read_labels(found.train[0], found.code).tolist() == [[255, 0, 1, 2]]
    assert found.marks.values == (1, 2, 3)


def test_values_and_colours_of_the_class_file_count(tmp_path: Path) -> None:
    write_mask_folders(tmp_path, ("2 road #102030", "0 sky #A0B0C0", "1 car #000001"))

    found = _read(tmp_path)

    assert read_labels(found.train[0], found.code).tolist() == [[1, 1, 2], [0, 0, 255]]
    assert found.marks == ClassMarks((2, 0, 1), ("#102030", "#a0b0c0", "#000001"))


def test_names_may_stand_in_the_protocol(tmp_path: Path) -> None:
    (write_mask_folders(tmp_path) / "classes.txt").unlink()

    found = _read(tmp_path, classes=["x", "y", "z"])

    assert found.classes == ("x", "y", "z")
    assert len(set(found.marks.colours)) == 3


@pytest.mark.parametrize("mode", ["P", "1"])
def test_a_palette_and_black_and_white_are_read_as_numbers(tmp_path: Path, mode: str) -> None:
    write_mask_folders(tmp_path)
    numbers_HW = np.array([[0, 1, 1], [0, 0, 1]], np.uint8)
    mask = Image.fromarray(numbers_HW.astype(bool) if mode == "1" else numbers_HW)
    if mode == "P":
        mask.putpalette([9, 8, 7] * 256)
    mask.save(tmp_path / "masks" / "train" / "a.png")

    write_masked(tmp_path, "train/deep/b.jpg", numbers_HW)
    write_masked(tmp_path, "val/c.jpg", numbers_HW)

    found = _read(tmp_path, ignored=[])

    assert read_labels(found.train[0], found.code).tolist() == numbers_HW.tolist()
    assert "train: 1 of 3 classes (sky) without a pixel" in found.remarks


@pytest.mark.parametrize("ending", ["png", "PNG", "jpeg", "JPG", "webp", "tif", "bmp"])
def test_pictures_of_these_endings_are_found(tmp_path: Path, ending: str) -> None:
    write_mask_folders(tmp_path)
    write_masked(tmp_path, f"val/more.{ending}", ROAD)

    assert _names(_read(tmp_path).score) == ["c.jpg", f"more.{ending}"]


def test_what_a_mask_has_after_the_name_may_be_said_and_its_case_does_not_count(tmp_path: Path) -> None:
    write_mask_folders(tmp_path)
    for name in ("train/a.jpg", "train/deep/b.jpg", "val/c.jpg"):
        write_masked(tmp_path, name, ROAD, ending="_mask.PNG")

    found = _read(tmp_path, mask_ending="_mask.png")

    assert found.score[0].mask.name == "c_mask.PNG"


def test_pictures_and_masks_may_lie_in_one_folder(tmp_path: Path) -> None:
    write_mask_folders(tmp_path)
    Image.fromarray(ROAD).save(tmp_path / "images" / "val" / "c_mask.png")

    found = _read(
        tmp_path,
        train={"pictures": "images/val", "masks": "images/val"},
        score={"pictures": "images/val", "masks": "images/val"},
        mask_ending="_mask.png",
    )

    assert [(pair.picture.name, pair.mask.name) for pair in found.score] == [("c.jpg", "c_mask.png")]
    assert not [line for line in found.remarks if "left out" in line]


def test_files_without_a_partner_are_left_out_and_told(tmp_path: Path) -> None:
    write_mask_folders(tmp_path)
    for name in ("lone_2", "lone_1"):
        write_masked(tmp_path, f"train/{name}.jpg", ROAD).unlink()
    write_masked(tmp_path, "val/ghost.jpg", ROAD)
    (tmp_path / "images" / "val" / "ghost.jpg").unlink()

    found = _read(tmp_path)

    assert (len(found.train), len(found.score)) == (2, 1)
    assert found.remarks[:2] == (
        "train: 2 pictures without a mask, left out: first lone_1.jpg",
        "score: 1 mask without a picture, left out: first ghost.png",
    )


def test_hidden_files_are_no_pictures(tmp_path: Path) -> None:
    folder = write_mask_folders(tmp_path) / "images" / "val"
    (folder / "._c.jpg").write_bytes(b"what another system keeps beside a file")

    assert not [line for line in _read(tmp_path).remarks if "left out" in line]


def test_files_of_which_no_two_are_a_pair_are_refused(tmp_path: Path) -> None:
    write_mask_folders(tmp_path)

    with pytest.raises(DataError) as caught:
        _read(tmp_path, mask_ending="_labels.png")

    assert str(caught.value) == (
        f"{tmp_path}: expected pictures (.jpg, .jpeg, .png, .webp, .bmp, .tif, .tiff) in images/train and "
        "their masks in masks/train, as NAME.jpg and NAME_labels.png, found 2 pictures and 0 such masks, "
        "as a.jpg and a.png, none of one name; name them alike, or mend data.mask_ending"
    )


def test_two_pictures_of_one_name_are_told(tmp_path: Path) -> None:
    picture = write_mask_folders(tmp_path) / "images" / "val" / "c.png"
    Image.new("RGB", (3, 2)).save(picture)

    with pytest.raises(DataError) as caught:
        _read(tmp_path)

    assert str(caught.value) == (
        f"{picture}: expected one picture for the mask {tmp_path}/masks/val/c.png, found c.jpg beside it; "
        "take one out"
    )


def test_two_masks_of_one_name_are_told(tmp_path: Path) -> None:
    write_masked(write_mask_folders(tmp_path), "val/c.jpg", ROAD, ending=".PNG")

    with pytest.raises(
        DataError, match=r"c\.png: expected one mask of a name, found c\.PNG too; take one out"
    ):
        _read(tmp_path)


def test_a_class_file_with_another_count_is_told_with_the_value_that_it_does_not_name(tmp_path: Path) -> None:
    write_mask_folders(tmp_path, ("road", "sky"))

    with pytest.raises(DataError) as caught:
        _read(tmp_path)

    assert str(caught.value).splitlines()[0] == (
        f"{tmp_path}/masks/train/a.png: expected the values 0, 1 (the 2 classes of classes.txt) and 255 "
        "(ignored), found 2 in 2 pixels, one more than the value of a class: values are off by one, or a "
        "class is missing; replace the file, or have data.classes, data.first_value and data.ignored of the "
        "protocol say how it was drawn"
    )


def test_a_first_value_that_the_class_file_overrules_is_refused(tmp_path: Path) -> None:
    write_mask_folders(tmp_path, ("3 road", "4 sky"))

    with pytest.raises(
        DataError, match=r"expected no values, because data\.first_value of the protocol is 1, fo"
    ):
        _read(tmp_path, first_value=1)


def test_a_missing_class_file_is_told(tmp_path: Path) -> None:
    (write_mask_folders(tmp_path) / "classes.txt").unlink()

    with pytest.raises(
        DataError, match=r"classes\.txt: expected a file with a class a line, found no such file"
    ):
        _read(tmp_path)


@pytest.mark.parametrize("named", ["images/test", "/"])
def test_a_folder_that_is_not_there_is_told(tmp_path: Path, named: str) -> None:
    write_mask_folders(tmp_path)

    with pytest.raises(DataError) as caught:
        _read(tmp_path, score={"pictures": named, "masks": "masks/val"})

    assert str(caught.value) == (
        f"{tmp_path}: expected a folder {named!r} in it, found none; mend data.train and data.score of the "
        "protocol, or give --data"
    )


def test_a_mask_in_jpeg_is_refused(tmp_path: Path) -> None:
    write_mask_folders(tmp_path)
    Image.new("L", (3, 2)).save(tmp_path / "masks" / "val" / "c.png", format="JPEG")

    with pytest.raises(
        DataError, match=r"c\.png: expected a mask that keeps its values, as PNG does, found JPEG"
    ):
        _read(tmp_path)


def test_a_protocol_of_one_file_reads_them(tmp_path: Path) -> None:
    write_mask_folders(tmp_path)
    for name in ("train/a.jpg", "train/deep/b.jpg", "val/c.jpg"):
        write_masked(tmp_path, name, np.array([[0, 1, 2, 3, 255]], np.uint8), ending="_mask.png")
    (tmp_path / "roads.toml").write_text(_PROTOCOL)

    protocol = load_protocol("segment", str(tmp_path / "roads.toml"))

    assert isinstance(protocol, SegmentProtocol) and protocol.key == "roads@1"
    found = read_splits(tmp_path, protocol.data, None)
    assert read_labels(found.score[0], found.code).tolist() == [[255, 0, 1, 2, 255]]


def test_training_folders_may_be_missing_where_nothing_is_trained(tmp_path: Path) -> None:
    write_mask_folders(tmp_path)

    found = read_splits(
        tmp_path,
        folder_data(train={"pictures": "none", "masks": "none"}),
        None,
        is_scored_only=True,
    )

    assert (len(found.train), len(found.score)) == (0, 1)


def test_a_scored_picture_without_a_mask_is_a_fault(tmp_path: Path) -> None:
    write_mask_folders(tmp_path)
    (tmp_path / "images/val/alone.jpg").write_bytes((tmp_path / "images/val/c.jpg").read_bytes())

    with pytest.raises(DataError, match=r"alone\.jpg: expected a mask .*alone\.png, found no such file"):
        _read(tmp_path)
