"""All scores of a detector, by every rule, side by side.

Dimension key: T true objects, D detections, both over all pictures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from transferbench.tasks.detect.metric.coco import ByClass, coco_scores
from transferbench.tasks.detect.metric.tide import tide_errors
from transferbench.tasks.detect.metric.truth import Found, Truth
from transferbench.tasks.detect.metric.voc import mean_ap, voc_curves
from transferbench.tasks.detect.settings import Overlap


@dataclass(frozen=True)
class DetectScores:
    """What detections are worth; finite numbers, none of them rounded."""

    scores: Mapping[str, float]
    """Name, as `detect/map_voc07`, to the mean over the classes that have a value; a score that no class has,
    as that of small objects where there are none, is left out."""
    per_class: Mapping[str, Mapping[str, float | None]]
    """The same by class; None where a class has no object that counts. And `detect/objects`, the number of
    objects that count, and `detect/difficult`, of those that do not."""
    errors: Mapping[str, float]
    """Name, as `detect/lost_missed`, to what that kind of error costs, see `TideErrors`."""
    without_objects: tuple[str, ...]
    """Classes that are in none of the means for want of objects that count."""


def score_detections(
    truth: Truth, found: Found, *, pictures: int, classes: Sequence[str], overlap: Overlap
) -> DetectScores:
    """Returns all scores of detections.

    Detections in pictures without objects are wrong ones, by every rule. Those of classes without objects
    cost nothing, as such a class has no score. Without any detection, all scores are 0. Of equal scores, the
    first given is the better.

    Args:
        truth: the objects of all pictures.
        found: the detections.
        pictures: number of pictures, with those that have no objects.
        classes: names in the order of labels.
        overlap: how VOC's rules measure sides; COCO's and the kinds of errors take exclusive edges.

    Raises:
        ValueError: an index is out of range, or a score or an edge of a box is not a finite number.
    """
    _require_sound(truth, found, pictures, len(classes))
    curves = voc_curves(truth, found, len(classes), overlap=overlap)
    by_rule: dict[str, ByClass] = {
        "map_voc07": [curve.ap(11) for curve in curves],
        "map_area": [curve.ap() for curve in curves],
        **coco_scores(truth, found, pictures, len(classes)),
    }
    counts: dict[str, ByClass] = {
        "objects": [curve.objects for curve in curves],
        "difficult": [curve.difficult for curve in curves],
    }
    errors = asdict(tide_errors(truth, found, len(classes)))
    return DetectScores(
        scores={
            f"detect/{name}": mean_ap(values)
            for name, values in by_rule.items()
            if any(value is not None for value in values)
        },
        per_class={
            f"detect/{name}": dict(zip(classes, values, strict=True))
            for name, values in (by_rule | counts).items()
        },
        errors={f"detect/lost_{name}": value for name, value in errors.items()},
        without_objects=tuple(name for name, curve in zip(classes, curves, strict=True) if not curve.objects),
    )


def _require_sound(truth: Truth, found: Found, pictures: int, classes: int) -> None:
    for name, index_R, count in (
        ("pictures of objects", truth.picture_T, pictures),
        ("pictures of detections", found.picture_D, pictures),
        ("labels of objects", truth.label_T, classes),
        ("labels of detections", found.label_D, classes),
    ):
        if len(index_R) and not 0 <= index_R.min() <= index_R.max() < count:
            raise ValueError(f"expected {name} from 0 to {count - 1}, got {index_R.min()} to {index_R.max()}")
    for name, values in (("scores", found.score_D), ("boxes", found.boxes_D4), ("objects", truth.boxes_T4)):
        if not np.isfinite(values).all():
            raise ValueError(f"expected finite {name}, got {np.sum(~np.isfinite(values))} that are not")
