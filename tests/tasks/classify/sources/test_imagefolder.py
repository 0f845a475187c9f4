from pathlib import Path

import pytest

from tests.fabricate.imagefolder import CLASSES, imagefolder
from transferbench.errors import DataError
from transferbench.tasks.classify.sources.imagefolder import read_folder


def test_files_come_in_order_with_the_number_of_their_folder(tmp_path: Path) -> None:
    found = read_folder(imagefolder(tmp_path), "train", None)

    assert found.classes == CLASSES
    assert found.labels.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert list(found.files) == sorted(found.files)


def test_a_missing_split_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read_folder(tmp_path, "train", None)

    assert str(caught.value) == (
        f"{tmp_path}: expected the folder train/ with one folder a class, which is not there; "
        "unpack the pictures here, or give --data"
    )


def test_a_class_that_was_not_trained_on_is_refused(tmp_path: Path) -> None:
    root = imagefolder(tmp_path)

    with pytest.raises(DataError, match="found 1 more, the first is 'n03'"):
        read_folder(root, "val", CLASSES[:2])


def test_a_split_without_pictures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "train" / "n01").mkdir(parents=True)

    with pytest.raises(DataError, match=r"expected pictures \(\.jpg"):
        read_folder(tmp_path, "train", None)
