"""Our own form of saved detections, and what is said of broken ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from transferbench.errors import DataError
from transferbench.tasks.detect.foreign.saved import read_saved

ARRAYS = {
    "picture": np.array([1, 0], np.int32),
    "boxes": np.array([[0, 0, 2, 3], [1, 1, 5, 5]], np.float32),
    "label": np.array([0, 1], np.int32),
    "score": np.array([0.75, 0.5], np.float32),
    "picture_names": np.array(["VOC2007/000005", "VOC2007/000007"]),
    "classes": np.array(["dog", "cat"]),
}


def write(folder: Path, **changes: np.ndarray) -> Path:
    path = folder / "predictions.npz"
    np.savez(path, allow_pickle=False, **(ARRAYS | changes))
    return path


def message(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        read_saved(path, ("cat", "dog"))
    return str(caught.value).replace(str(path), "FILE")


def test_pictures_and_classes_are_known_by_their_names(tmp_path: Path) -> None:
    rows = read_saved(write(tmp_path), ("cat", "dog"))

    assert list(rows.pictures) == ["VOC2007/000007", "VOC2007/000005"]
    assert rows.label_D.tolist() == [1, 0]
    assert (rows.score_D.tolist(), rows.boxes_D4[0].tolist()) == ([0.75, 0.5], [0, 0, 2, 3])


def test_a_class_that_the_data_set_has_not_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, classes=np.array(["dog", "cats"]))

    assert message(path) == "FILE: expected the classes of the data set, found 'cats'; the nearest is 'cat'"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"boxes": np.zeros((2, 3))},
            "expected 'boxes' of shape (2, 4), as many as there are scores, found (2, 3)",
        ),
        (
            {"label": np.zeros(1, int)},
            "expected 'label' of shape (2,), as many as there are scores, found (1,)",
        ),
        ({"label": np.array([0, 2])}, "places in 'classes', found int64 from 0 to 2; count from 0"),
        ({"picture": np.array([-1, 0])}, "places in 'picture_names', found int64 from -1 to 0; count from 0"),
        ({"label": np.array([0.0, 1.0])}, "places in 'classes', found float64 from 0.0 to 1.0"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(
    tmp_path: Path, changes: dict[str, np.ndarray], words: str
) -> None:
    assert words in message(write(tmp_path, **changes))


def test_arrays_that_are_missing_are_named(tmp_path: Path) -> None:
    path = tmp_path / "predictions.npz"
    np.savez(path, allow_pickle=False, picture=ARRAYS["picture"], boxes=ARRAYS["boxes"])

    assert message(path) == (
        "FILE: expected the arrays picture, boxes, label, score, picture_names, classes, found no label, "
        "score, picture_names, classes; write them all"
    )


def test_a_broken_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "predictions.npz"
    path.write_bytes(b"PK\x03\x04 cut off")

    assert message(path).startswith("FILE: expected arrays saved by NumPy, found a file that cannot be read")
