from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.fabricate.mask_folders import folder_data, write_masked
from transferbench.errors import DataError
from transferbench.tasks.segment.sources.read import read_splits

_ALL = [[0, 1, 2, 255]]


def _remarks(root: Path, *train: list[list[int]], score: list[list[int]] = _ALL) -> list[str]:
    """Returns what is said of masks of three classes, of which 255 is ignored."""
    for number, values in enumerate(train):
        write_masked(root, f"train/{number}.jpg", np.array(values, np.uint8))
    write_masked(root, "val/0.jpg", np.array(score, np.uint8))
    return list(read_splits(root, folder_data(classes=["a", "b", "c"]), None).remarks)


def test_nothing_is_said_of_ordinary_masks(tmp_path: Path) -> None:
    assert _remarks(tmp_path, _ALL, [[0, 0, 0, 0]]) == []


def test_an_ignored_value_that_never_occurs_is_told(tmp_path: Path) -> None:
    assert _remarks(tmp_path, [[0, 1, 2, 2]]) == ["train: no pixel is ignored: 255 never occurs"]


def test_more_ignored_than_labelled_pixels_are_told_with_their_share(tmp_path: Path) -> None:
    remarks = _remarks(tmp_path, _ALL, score=[[0, 1, 2, 255, 255, 255, 255]])

    assert remarks == ["score: 57.1% of the pixels are ignored, more than half: those of value 255"]


def test_half_of_the_pixels_ignored_is_nothing_out_of_the_ordinary(tmp_path: Path) -> None:
    assert _remarks(tmp_path, [[0, 1, 2, 255, 255, 255]]) == []


def test_classes_without_a_pixel_are_told(tmp_path: Path) -> None:
    assert _remarks(tmp_path, _ALL, score=[[1, 1, 255]]) == ["score: 2 of 3 classes (a, c) without a pixel"]


def test_pictures_without_a_labelled_pixel_are_told(tmp_path: Path) -> None:
    remarks = _remarks(tmp_path, [*_ALL, *_ALL], [[255]], [[255]])

    assert remarks == ["train: 2 pictures without a labelled pixel: first 1.jpg"]


def test_a_split_without_a_labelled_pixel_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match="expected masks with labelled pixels, found 1 in which every pixel is"
    ):
        _remarks(tmp_path, _ALL, score=[[255, 255]])


def test_masks_of_zeros_alone_are_told(tmp_path: Path) -> None:
    assert _remarks(tmp_path, [[0, 0]], [[0, 0]]) == [
        "train: no pixel is ignored: 255 never occurs",
        "train: 2 of 3 classes (b, c) without a pixel",
    ]


def test_masks_in_black_and_white_are_told(tmp_path: Path) -> None:
    remarks = _remarks(tmp_path, [[0, 0, 255]])

    assert remarks[0] == (
        "train: the masks hold 0 and 255 alone, as black-and-white pictures do, but 255 is ignored here: "
        "write 1 for it if it is a class"
    )


def test_pictures_of_both_splits_are_told(tmp_path: Path) -> None:
    write_masked(tmp_path, "val/0.jpg", np.array(_ALL, np.uint8))
    both = {"pictures": "images/val", "masks": "masks/val"}

    found = read_splits(tmp_path, folder_data(classes=["a", "b", "c"], train=both, score=both), None)

    assert found.remarks == (
        "1 of 1 scored pictures are trained on too, so that the scores are too good: first 0.jpg",
    )


def test_of_many_classes_eight_are_named(tmp_path: Path) -> None:
    for split in ("train", "val"):
        write_masked(tmp_path, f"{split}/0.jpg", np.array([[0, 0, 1, 255]], np.uint8))

    found = read_splits(tmp_path, folder_data(classes=[f"c{n}" for n in range(20)]), None)

    assert found.remarks[0] == (
        "train: 18 of 20 classes (c2, c3, c4, c5, c6, c7, c8, c9, ...) without a pixel"
    )


def test_nothing_is_said_of_a_split_that_is_not_read(tmp_path: Path) -> None:
    write_masked(tmp_path, "val/0.jpg", np.array([[0, 1]], np.uint8))

    found = read_splits(tmp_path, folder_data(classes=["a", "b"]), None, is_scored_only=True)

    assert found.remarks == ("score: no pixel is ignored: 255 never occurs",)
