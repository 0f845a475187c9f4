from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.fabricate.voc_masks import write_mask, write_voc_masks
from tests.real_data import real_data
from transferbench.errors import DataError
from transferbench.tasks.segment.settings import VOC_CLASSES, VocMaskData
from transferbench.tasks.segment.sources.masks import read_labels
from transferbench.tasks.segment.sources.read import read_splits


def test_there_are_twenty_classes_and_the_background() -> None:
    assert len(VOC_CLASSES) == 21
    assert VOC_CLASSES[12] == "dog"


def test_values_are_labels_and_the_border_is_ignored(tmp_path: Path) -> None:
    folder = write_voc_masks(tmp_path)

    found = read_splits(tmp_path, VocMaskData(), None)

    assert found.folder == folder
    labels = read_labels(found.train[0], found.code)
    assert [labels[0, 0], labels[7, 7], labels[9, 9]] == [0, 255, 12]


@pytest.mark.parametrize("below", ["", "VOCdevkit"])
def test_the_root_may_hold_the_devkit_or_be_it(tmp_path: Path, below: str) -> None:
    write_voc_masks(tmp_path)

    found = read_splits(tmp_path / below, VocMaskData(), None)

    assert [pair.picture.stem for pair in found.score] == ["val_0", "val_1"]


def test_a_mask_without_a_palette_is_legal(tmp_path: Path) -> None:
    folder = write_voc_masks(tmp_path)
    Image.fromarray(np.full((32, 40), 3, np.uint8)).save(folder / "SegmentationClass" / "val_0.png")

    found = read_splits(tmp_path, VocMaskData(), None)

    assert (read_labels(found.score[0], found.code) == 3).all()


def test_an_illegal_value_is_told(tmp_path: Path) -> None:
    mask = write_voc_masks(tmp_path) / "SegmentationClass" / "train_1.png"
    write_mask(mask, np.full((32, 40), 21, np.uint8))

    with pytest.raises(DataError) as caught:
        read_splits(tmp_path, VocMaskData(), None)

    assert str(caught.value) == (
        f"{mask}: expected the values 0 to 20 (the 21 classes of the protocol) and 255 (ignored), found 21 "
        "in 1,280 pixels, one more than the value of a class: values are off by one, or a class is missing; "
        "replace the file, or give the classes it was drawn with (data.classes of the protocol)"
    )


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read_splits(tmp_path, VocMaskData(), None)

    assert str(caught.value) == (
        f"{tmp_path}: VOC masks need the folder VOCdevkit/VOC2012/SegmentationClass, which is not there; "
        "unpack VOCtrainval_11-May-2012.tar here, or give --data"
    )


def test_a_missing_list_is_told(tmp_path: Path) -> None:
    write_voc_masks(tmp_path)

    with pytest.raises(DataError, match=r"trainaug\.txt: expected the list of a split, found no such file"):
        read_splits(tmp_path, VocMaskData(train="trainaug"), None)


def test_a_list_that_is_no_text_is_told(tmp_path: Path) -> None:
    path = write_voc_masks(tmp_path) / "ImageSets" / "Segmentation" / "val.txt"
    path.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(
        DataError, match=r"val\.txt: expected the name of a picture a line, found a file that is"
    ):
        read_splits(tmp_path, VocMaskData(), None)


def test_names_in_a_list_of_what_is_not_there_are_told_together(tmp_path: Path) -> None:
    folder = write_voc_masks(tmp_path)
    path = folder / "ImageSets" / "Segmentation" / "val.txt"
    path.write_text("val_0\nghost\n")
    (folder / "SegmentationClass" / "val_0.png").unlink()

    with pytest.raises(DataError) as caught:
        read_splits(tmp_path, VocMaskData(), None)

    mask, picture = folder / "SegmentationClass" / "ghost.png", folder / "JPEGImages" / "ghost.jpg"
    first, second = str(caught.value).splitlines()
    assert "expected a picture and a mask of 'val_0', found no " in first
    assert second == (
        f"{path}: expected a picture and a mask of 'ghost', found no {picture} and no {mask}; copy the data "
        "set again, or take the name out"
    )


def test_a_name_that_is_listed_twice_is_told(tmp_path: Path) -> None:
    path = write_voc_masks(tmp_path) / "ImageSets" / "Segmentation" / "val.txt"
    path.write_text("val_0\nval_0\n")

    with pytest.raises(DataError) as caught:
        read_splits(tmp_path, VocMaskData(), None)

    assert str(caught.value) == f"{path}: expected each picture once, found 'val_0' twice; take it out"


def test_the_list_of_the_split_that_is_not_read_may_be_missing(tmp_path: Path) -> None:
    (write_voc_masks(tmp_path) / "ImageSets" / "Segmentation" / "train.txt").unlink()

    assert not read_splits(tmp_path, VocMaskData(), None, is_scored_only=True).train


def test_more_classes_than_a_byte_has_room_for_are_told(tmp_path: Path) -> None:
    write_voc_masks(tmp_path)

    with pytest.raises(DataError, match="expected at most 255 classes, found 256; use fewer, because"):
        read_splits(tmp_path, VocMaskData(classes=tuple(map(str, range(256)))), None)


def test_classes_have_the_colours_of_voc(tmp_path: Path) -> None:
    write_voc_masks(tmp_path)

    marks = read_splits(tmp_path, VocMaskData(), None).marks

    assert marks.values == tuple(range(21))
    assert [marks.colours[label] for label in (0, 1, 12, 15, 20)] == [
        *("#000000", "#800000", "#400080", "#c08080", "#004080")
    ]


def test_the_limit_takes_the_first_pictures_of_each_split(tmp_path: Path) -> None:
    write_voc_masks(tmp_path)

    found = read_splits(tmp_path, VocMaskData(), 1)

    assert [pair.mask.stem for pair in (*found.train, *found.score)] == ["train_0", "val_0"]


def test_the_real_masks_are_read() -> None:
    found = read_splits(real_data("voc_small"), VocMaskData(), None)

    assert (len(found.train), len(found.score)) == (352, 348)
