"""Predicted labels as they are kept."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from transferbench.tasks.segment.stored import masks_of, restored, stored


@pytest.mark.parametrize("shape", [(1, 1), (7, 3), (100, 2000)])
def test_labels_come_back_as_they_were(shape: tuple[int, int]) -> None:
    labels_HW = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)

    again = restored(stored(labels_HW))

    assert again.dtype == np.uint8
    assert (again == labels_HW).all()


def test_what_is_kept_is_a_grey_png_whose_greys_are_the_labels() -> None:
    labels_HW = np.array([[0, 149, 255]], np.uint8)

    with Image.open(BytesIO(stored(labels_HW))) as file:
        assert (file.format, file.mode) == ("PNG", "L")
        assert np.asarray(file).tolist() == [[0, 149, 255]]


def test_each_picture_has_its_own_labels_whatever_their_sizes() -> None:
    labels = [np.full((2 + number, 5 - number), number, np.uint8) for number in range(4)]
    contents = [stored(each) for each in labels]
    predictions = {
        "masks": np.frombuffer(b"".join(contents), np.uint8),
        "mask_bytes": np.array([len(content) for content in contents]),
    }

    masks = masks_of(predictions)

    assert len(masks) == 4
    assert all((mask == each).all() for mask, each in zip(masks, labels, strict=True))
    assert masks[2].shape == (4, 3)


def test_there_is_no_picture_before_the_first_or_after_the_last() -> None:
    masks = masks_of({"masks": np.zeros(0, np.uint8), "mask_bytes": np.zeros(0, np.int64)})

    assert list(masks) == []
    for picture in (-1, 0):
        with pytest.raises(IndexError):
            masks[picture]
