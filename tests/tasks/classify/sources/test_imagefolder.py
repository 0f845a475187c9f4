import os
from pathlib import Path

import pytest
from torchvision.datasets.folder import IMG_EXTENSIONS

from tests.fabricate.imagefolder import CLASSES, imagefolder
from transferbench.errors import DataError
from transferbench.tasks.classify.sources.imagefolder import EXTENSIONS, read_folder


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


def test_pictures_are_those_of_torchvisions_reader() -> None:
    assert sorted(EXTENSIONS) == sorted(IMG_EXTENSIONS)


def test_hidden_files_and_folders_are_neither_pictures_nor_classes(tmp_path: Path) -> None:
    root = imagefolder(tmp_path)
    (root / "train" / "n01" / "._0.jpg").write_bytes(b"a copy's leftover")
    (root / "train" / ".ipynb_checkpoints").mkdir()

    found = read_folder(root, "train", None)

    assert found.classes == CLASSES
    assert len(found) == 12


def test_a_class_without_pictures_is_refused(tmp_path: Path) -> None:
    root = imagefolder(tmp_path)
    (root / "train" / "__MACOSX").mkdir()

    with pytest.raises(DataError) as caught:
        read_folder(root, "train", None)

    assert str(caught.value) == (
        f"{root}/train: expected pictures ({', '.join(EXTENSIONS)}) in the folder of each class, found none "
        "in 1, the first is '__MACOSX'; add them, or remove the folder"
    )


def test_links_to_folders_are_followed_at_any_depth(tmp_path: Path) -> None:
    root = imagefolder(tmp_path)
    (root / "train" / "n01").rename(tmp_path / "elsewhere")
    (root / "train" / "n01").mkdir()
    (root / "train" / "n01" / "more").symlink_to(tmp_path / "elsewhere")

    found = read_folder(root, "train", None)

    assert found.labels.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert found.name(0) == f"{root}/train/n01/more/0.jpg"


def test_links_that_lead_round_in_a_circle_are_told(tmp_path: Path) -> None:
    root = imagefolder(tmp_path)
    for name, other in (("n01", "n02"), ("n02", "n01")):
        (root / "train" / name / "x").symlink_to(root / "train" / other)

    with pytest.raises(
        DataError, match=r"expected a folder of pictures, found a link to .*n0\d, which holds"
    ):
        read_folder(root, "train", None)


def test_a_class_whose_name_is_no_text_is_told(tmp_path: Path) -> None:
    root = imagefolder(tmp_path)
    os.rename(root / "train" / "n02", os.fsencode(root / "train") + b"/caf\xe9")

    with pytest.raises(
        DataError, match=r"expected folders with names in UTF-8, found b'caf\\xe9'; rename it"
    ):
        read_folder(root, "train", None)
