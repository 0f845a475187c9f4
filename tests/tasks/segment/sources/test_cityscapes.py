from __future__ import annotations

from pathlib import Path
from shutil import rmtree

import numpy as np
import pytest
from PIL import Image

from tests.fabricate.cityscapes import scene, write_cityscapes, write_scene
from transferbench.errors import DataError
from transferbench.tasks.segment.settings import CityscapesData
from transferbench.tasks.segment.sources.masks import read_labels
from transferbench.tasks.segment.sources.read import read_splits


def test_pictures_of_all_cities_have_their_masks(tmp_path: Path) -> None:
    write_cityscapes(tmp_path)

    found = read_splits(tmp_path, CityscapesData(), None)

    assert [pair.name for pair in found.train] == [
        "aachen/aachen_000000_000019_leftImg8bit.png",
        "bochum/bochum_000001_000019_leftImg8bit.png",
    ]
    assert [pair.mask.name for pair in found.score] == [
        *("frankfurt_000000_000019_gtFine_labelIds.png", "frankfurt_000001_000019_gtFine_labelIds.png")
    ]


def test_other_files_beside_the_pictures_are_left_alone(tmp_path: Path) -> None:
    write_cityscapes(tmp_path)
    (tmp_path / "leftImg8bit" / "val" / "frankfurt" / "Thumbs.db").touch()

    assert len(read_splits(tmp_path, CityscapesData(), None).score) == 2


def test_nineteen_ids_count_and_the_others_are_ignored(tmp_path: Path) -> None:
    write_cityscapes(tmp_path)
    write_scene(tmp_path, "val", "frankfurt", 0, np.array([[*range(34), 255]], np.uint8))

    found = read_splits(tmp_path, CityscapesData(), None)

    (labels,) = read_labels(found.score[0], found.code).tolist()
    assert [i for i, label in enumerate(labels) if label == 255] == [
        *(0, 1, 2, 3, 4, 5, 6, 9, 10, 14, 15, 16, 18, 29, 30, 34)
    ]
    assert [label for label in labels if label != 255] == list(range(19))


def test_names_and_colours_are_the_official_ones(tmp_path: Path) -> None:
    write_cityscapes(tmp_path)

    found = read_splits(tmp_path, CityscapesData(), None)

    told = dict(zip(found.classes, zip(found.marks.values, found.marks.colours, strict=True), strict=True))
    assert told["road"] == (7, "#804080")
    assert told["bicycle"] == (33, "#770b20")
    assert list(told)[10] == "sky" and len(told) == 19


def test_an_id_over_thirty_three_is_told(tmp_path: Path) -> None:
    mask = write_scene(write_cityscapes(tmp_path), "val", "frankfurt", 0, np.array([[7, 40]], np.uint8))

    with pytest.raises(DataError) as caught:
        read_splits(tmp_path, CityscapesData(), None)

    assert str(caught.value) == (
        f"{mask}: expected the values 0 to 6, 9, 10, 14 to 16, 18, 29, 30, 255 (ignored) and 7, 8, 11 to 13, "
        "17, 19 to 28, 31 to 33 (the 19 classes of Cityscapes), found 40 in 1 pixel; replace the file by the "
        "official *_gtFine_labelIds.png"
    )


def test_a_mask_of_colours_is_told(tmp_path: Path) -> None:
    mask = write_scene(write_cityscapes(tmp_path), "train", "aachen", 0, scene((40, 32)))
    Image.new("RGBA", (40, 32)).save(mask)

    with pytest.raises(DataError, match="found mode RGBA: colours; write the number of each pixel's class"):
        read_splits(tmp_path, CityscapesData(), None)


def test_a_missing_mask_is_told(tmp_path: Path) -> None:
    mask = write_scene(write_cityscapes(tmp_path), "train", "aachen", 0, scene((40, 32)))
    mask.unlink()

    with pytest.raises(
        DataError, match=r"aachen_000000_000019_gtFine_labelIds\.png: expected a mask, found no"
    ):
        read_splits(tmp_path, CityscapesData(), None)


def test_masks_of_the_test_split_are_refused_because_all_of_it_is_ignored(tmp_path: Path) -> None:
    write_cityscapes(tmp_path)
    write_scene(tmp_path, "test", "berlin", 0, np.ones((32, 40), np.uint8))

    with pytest.raises(DataError, match="expected masks with labelled pixels, found 1 in which every pixel"):
        read_splits(tmp_path, CityscapesData(score="test"), None)


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    rmtree(write_cityscapes(tmp_path) / "gtFine" / "val")

    with pytest.raises(DataError) as caught:
        read_splits(tmp_path, CityscapesData(), None)

    assert str(caught.value) == (
        f"{tmp_path}: Cityscapes needs the folder gtFine/val, which is not there; unpack "
        "leftImg8bit_trainvaltest.zip and gtFine_trainvaltest.zip here, or give --data"
    )


def test_the_folders_of_the_split_that_is_not_read_may_be_missing(tmp_path: Path) -> None:
    rmtree(write_cityscapes(tmp_path) / "leftImg8bit" / "train")

    found = read_splits(tmp_path, CityscapesData(), None, is_scored_only=True)

    assert (len(found.train), len(found.score)) == (0, 2)
