"""Detections that are already there, in whatever form a tool has saved them.

Dimension key: D detections over all pictures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from transferbench.errors import DataError
from transferbench.tasks.detect.foreign.devkit import read_devkit
from transferbench.tasks.detect.foreign.results import Category, read_results
from transferbench.tasks.detect.foreign.rows import found_in, silent_pictures
from transferbench.tasks.detect.foreign.saved import read_saved
from transferbench.tasks.detect.foreign.shift import require_unshifted
from transferbench.tasks.detect.metric.truth import Found, Truth
from transferbench.tasks.detect.sources.picture import Picture


@dataclass(frozen=True)
class Foreign:
    """Detections of another tool, in the terms of the split."""

    found: Found
    remarks: tuple[str, ...]
    """What a reader of the scores should know of them."""


def read_predictions(
    path: Path,
    *,
    pictures: Sequence[Picture],
    truth: Truth,
    classes: Sequence[str],
    categories: Mapping[Category, str] | None = None,
) -> Foreign:
    """Returns saved detections of a split.

    Args:
        path: COCO's results in JSON, a folder of the development kit's `comp4_det_test_CLASS.txt`, or a
            `predictions.npz` of ours.
        pictures: of the split, in order.
        truth: the objects of the pictures, by which labels are checked.
        classes: names in the order of labels.
        categories: name of each category of the data set, see `categories_of`; None where it numbers none.

    Raises:
        DataError: the files are missing or malformed, do not fit the split, or their labels are off by one.
    """
    remarks: tuple[str, ...] = ()
    if path.is_dir():
        rows, remarks = read_devkit(path, classes)
    elif not path.exists():
        raise DataError(f"{path}: expected predictions, found no such file or folder; give where they are")
    elif path.suffix == ".npz":
        rows = read_saved(path, classes)
    elif path.suffix == ".json":
        rows, remarks = read_results(path, classes, categories)
    else:
        raise DataError(
            f"{path}: expected COCO's results in JSON, a folder of the devkit's comp4_det_test_CLASS.txt or "
            f"a predictions.npz, found a {path.suffix or 'nameless'} file; give one of those"
        )
    found = found_in(path, rows, pictures)
    require_unshifted(path, truth, found, len(classes))
    return Foreign(found, (*remarks, *silent_pictures(found, len(pictures))))
