"""Whether the numbers of categories are off by one."""

from __future__ import annotations

from pathlib import Path

from transferbench.errors import DataError
from transferbench.tasks.detect.metric.truth import Found, Truth
from transferbench.tasks.detect.metric.voc import mean_ap, voc_ap

_TIMES, _MORE = 3.0, 0.02
"""Another reading must have more than so many times the mAP, and more than so much more."""


def require_unshifted(path: Path, truth: Truth, found: Found, classes: int) -> None:
    """Checks that reading every category as its neighbour does not give far better detections.

    Args:
        path: of the detections.
        truth: the objects.
        found: the detections as they are read.
        classes: number of classes.

    Raises:
        DataError: it does: more than 3 times the mAP, and more than 0.02 more.
    """
    given = mean_ap(voc_ap(truth, found, classes))
    for step, words in ((-1, "one lower"), (1, "one higher")):
        moved = Found(found.picture_D, found.boxes_D4, found.label_D + step, found.score_D)
        moved = moved.where((moved.label_D >= 0) & (moved.label_D < classes))
        shifted = mean_ap(voc_ap(truth, moved, classes))
        if shifted > _TIMES * given and shifted > given + _MORE:
            raise DataError(
                f"{path}: expected detections of the classes in their order, found an mAP of {given:.3f} as "
                f"written and of {shifted:.3f} with each class {words}; labels are off by one: where classes "
                "are numbers, the first is 1; or write the names of the classes"
            )
