from pathlib import Path

import numpy as np
import pytest

from tests.fabricate.encoded import jpeg
from tests.fabricate.places365 import places365
from transferbench.errors import DataError
from transferbench.tasks.classify.sources.places365 import read_places
from transferbench.tasks.classify.sources.synsets import imagenet_synsets

CLASSES = ("airfield", "apartment_building/outdoor", "yard")


@pytest.mark.parametrize("data", ["data_256", "data_256_standard", "data_large"])
def test_the_training_list_names_pictures_in_folders(tmp_path: Path, data: str) -> None:
    found = read_places(places365(tmp_path, data=data), "train", None)

    assert found.classes == CLASSES
    assert found.labels.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert found.name(4) == f"{tmp_path}/{data}/a/apartment_building/outdoor/00000002.jpg"
    assert found.read(4) == jpeg(1, 2)


def test_the_validation_list_names_pictures_in_one_folder(tmp_path: Path) -> None:
    found = read_places(places365(tmp_path), "score", CLASSES)

    assert found.labels.tolist() == [0, 1, 2, 0]
    assert found.name(3) == f"{tmp_path}/val_256/Places365_val_00000004.jpg"


def test_reduced_pictures_are_taken_before_large_ones(tmp_path: Path) -> None:
    places365(tmp_path)
    (tmp_path / "data_large").mkdir()

    assert "/data_256/" in read_places(tmp_path, "train", None).name(0)


def test_the_lists_stand_for_the_pictures(tmp_path: Path) -> None:
    found = read_places(places365(tmp_path), "train", None)

    assert [path.name for path in found.files] == [
        "categories_places365.txt",
        "places365_train_standard.txt",
        "00000001.jpg",
    ]
    assert found.take(np.array([3])).files == found.files


def test_a_missing_picture_is_told_when_it_is_read(tmp_path: Path) -> None:
    path = places365(tmp_path) / "data_256/y/yard/00000003.jpg"
    path.unlink()

    with pytest.raises(DataError) as caught:
        read_places(tmp_path, "train", None).read(8)

    assert str(caught.value) == f"{path}: expected a picture, found no such file; copy the data set again"


LIST = "unpack filelist_places365-standard.tar"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "places365_train_standard.txt",
            "/a/airfield/00000001.jpg 0\n/b/bar/00000001.jpg 3\n",
            f", line 2: expected a label from 0 to 2, found 3; {LIST} again",
        ),
        (
            "places365_train_standard.txt",
            "/a/airfield/00000001.jpg\n",
            f", line 1: expected a name and a number, found '/a/airfield/00000001.jpg'; {LIST} again",
        ),
        ("places365_train_standard.txt", "", f": expected lines, found none; {LIST} again"),
        (
            "categories_places365.txt",
            "/a/airfield 1\n",
            f": expected categories numbered 0, 1, ..., found [1] and so on; {LIST} again",
        ),
    ],
)
def test_a_list_at_fault_is_told(tmp_path: Path, name: str, content: str, message: str) -> None:
    (places365(tmp_path) / name).write_text(content)

    with pytest.raises(DataError) as caught:
        read_places(tmp_path, "train", None)

    assert str(caught.value) == f"{tmp_path / name}{message}"


@pytest.mark.parametrize(
    ("lost", "message"),
    [
        (
            "categories_places365.txt",
            f"expected a list of Places365, found No such file or directory; {LIST}",
        ),
        ("data_256/a/airfield/00000001.jpg", "found no such file; unpack the pictures again"),
    ],
)
def test_a_missing_file_is_told(tmp_path: Path, lost: str, message: str) -> None:
    (places365(tmp_path) / lost).unlink()

    with pytest.raises(DataError, match=message):
        read_places(tmp_path, "train", None)


def test_missing_folders_of_pictures_are_told_with_what_to_unpack(tmp_path: Path) -> None:
    (places365(tmp_path) / "data_256").rename(tmp_path / "elsewhere")

    with pytest.raises(DataError) as caught:
        read_places(tmp_path, "train", None)

    assert str(caught.value) == (
        f"{tmp_path}: expected one of the folders data_256_standard, data_256, data_large_standard, "
        "data_large, found none; unpack train_256_places365standard.tar here"
    )


def test_a_list_that_is_no_text_is_told(tmp_path: Path) -> None:
    (places365(tmp_path) / "places365_val.txt").write_bytes(b"\xff\xfe")

    with pytest.raises(DataError, match="found something that is no text"):
        read_places(tmp_path, "score", None)


def test_other_classes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match="expected the 1,000 classes 'n01440764' to 'n15075141', found 3, 'airf"
    ):
        read_places(places365(tmp_path), "train", imagenet_synsets())
