"""Detections in our own form, the `predictions.npz` of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from transferbench.errors import DataError, nearest
from transferbench.files import read_arrays
from transferbench.tasks.detect.foreign.rows import Rows
from transferbench.tasks.faults import raise_together

_KEYS = ("picture", "boxes", "label", "score", "picture_names", "classes")


def read_saved(path: Path, classes: Sequence[str]) -> Rows:
    """Returns the detections of a file; pictures and classes are known by their names.

    Args:
        path: of the file.
        classes: names in the order of labels, which need not be that of the file.

    Raises:
        DataError: the file is broken, arrays are missing or do not fit each other, or a class is unknown.
    """
    arrays = _load(path)
    names, own = arrays["picture_names"].astype(str).tolist(), arrays["classes"].astype(str).tolist()
    raise_together(
        [
            f"{path}: expected the classes of the data set, found {name!r}; {nearest(name, classes)}"
            for name in own
            if name not in classes
        ]
    )
    label_of = np.array([list(classes).index(name) for name in own], dtype=np.int64)
    return Rows(
        place=lambda row: f"{path}: detection {row + 1}",
        pictures=[names[index] for index in arrays["picture"].tolist()],
        boxes_D4=arrays["boxes"].astype(np.float64),
        label_D=label_of[arrays["label"]] if len(label_of) else arrays["label"].astype(np.int64),
        score_D=arrays["score"].astype(np.float64),
    )


def _load(path: Path) -> Mapping[str, np.ndarray]:
    try:
        arrays = read_arrays(path)
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path}: expected arrays saved by NumPy, found a file that cannot be read ({error}); write it "
            "again"
        ) from error
    lacking = [key for key in _KEYS if key not in arrays]
    if lacking:
        raise DataError(
            f"{path}: expected the arrays {', '.join(_KEYS)}, found no {', '.join(lacking)}; write them all"
        )
    raise_together(list(_faults(path, arrays)))
    return arrays


def _faults(path: Path, arrays: Mapping[str, np.ndarray]) -> list[str]:
    count = len(arrays["score"]) if arrays["score"].ndim else 0
    shapes = {"picture": (count,), "boxes": (count, 4), "label": (count,), "score": (count,)}
    faults = [
        f"{path}: expected {key!r} of shape {shape}, as many as there are scores, found {arrays[key].shape}; "
        "write one a detection"
        for key, shape in shapes.items()
        if arrays[key].shape != shape
    ]
    for key, named in (("picture", "picture_names"), ("label", "classes")):
        index, size = arrays[key], arrays[named].size
        if index.size and (index.dtype.kind not in "iu" or index.min() < 0 or index.max() >= size):
            faults.append(
                f"{path}: expected {key!r} to be whole numbers from 0 to {size - 1}, places in {named!r}, "
                f"found {index.dtype} from {index.min()} to {index.max()}; count from 0"
            )
    return faults
