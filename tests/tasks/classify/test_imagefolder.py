from pathlib import Path

import numpy as np
import pytest

from tests.fabricate.imagefolder import CLASSES, imagefolder
from transferbench.errors import DataError
from transferbench.tasks.classify.imagefolder import FolderExamples, read_split
from transferbench.tasks.classify.protocols import ClassifyProtocol
from transferbench.tricks.bag import Bag

PROTOCOL = ClassifyProtocol(name="tiny", about="", source="", input_size=16)


def test_files_come_in_order_with_the_number_of_their_folder(tmp_path: Path) -> None:
    files, labels, classes = read_split(imagefolder(tmp_path), "train", None)

    assert classes == list(CLASSES)
    assert labels == [0] * 4 + [1] * 4 + [2] * 4
    assert files == sorted(files)


def test_a_batch_holds_bytes_and_labels(tmp_path: Path) -> None:
    files, labels, _ = read_split(imagefolder(tmp_path), "val", CLASSES)
    examples = FolderExamples(files, labels, PROTOCOL, Bag())

    batch = examples.collate([examples.example(i, np.random.default_rng(i)) for i in range(len(examples))])

    assert batch.images_NCHW.shape == (6, 3, 16, 16)
    assert str(batch.images_NCHW.dtype) == "torch.uint8"
    assert batch.labels_N.tolist() == [0, 0, 1, 1, 2, 2]


def test_a_missing_split_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read_split(tmp_path, "train", None)

    assert str(caught.value) == (
        f"{tmp_path}: expected the folder train/ with one folder a class, which is not there; "
        "unpack the pictures here, or give --data"
    )


def test_a_class_that_was_not_trained_on_is_refused(tmp_path: Path) -> None:
    root = imagefolder(tmp_path)

    with pytest.raises(DataError, match="found 1 more, the first is 'n03'"):
        read_split(root, "val", CLASSES[:2])


def test_a_split_without_pictures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "train" / "n01").mkdir(parents=True)

    with pytest.raises(DataError, match=r"expected pictures \(\.jpg"):
        read_split(tmp_path, "train", None)
