"""Pictures on which one run is right and another wrong. Torch is imported where they are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from transferbench.errors import RunError
from transferbench.runs.resample import Replicates, replicates_of

if TYPE_CHECKING:
    import numpy as np

    from transferbench.tasks.base import Predictions, Task
    from transferbench.tasks.classify.task import ClassifyTask
    from transferbench.tasks.detect.task import DetectTask
    from transferbench.tasks.segment.task import SegmentTask

LEAST_GAP = 0.1
"""Below it, neither run is right where the other is wrong."""


@dataclass(frozen=True)
class Drawn:
    """A picture as it is, as one run saw it, and as another did."""

    name: str
    truth: bytes
    """A PNG, as the next two."""
    by_right: bytes
    by_wrong: bytes
    worth_right: float
    """How right, in [0, 1]: see `Replicates.of_picture_N`."""
    worth_wrong: float


def drawn_contrasts(right: Path, wrong: Path, count: int) -> list[Drawn]:
    """Returns the pictures on which one run does most better than another, greatest gap first.

    Args:
        right: folder of the run that does better on them.
        wrong: folder of the other run, on the same split.
        count: of pictures, at most.

    Raises:
        RunError: a run is not finished, kept nothing of each picture, or was scored on other pictures.
        DataError: the data are not there, or not those of the run.
    """
    ours, theirs = _kept(right), _kept(wrong)
    if ours.pictures != theirs.pictures:
        raise RunError(
            f"{wrong}: expected a run on the {len(ours.pictures)} pictures of {right}, found one on others; "
            "give two runs on one split"
        )
    chosen = most_apart(ours.of_picture_N, theirs.of_picture_N, count)
    if not chosen:
        return []
    views = _drawn(right, wrong, chosen)
    return [
        Drawn(ours.pictures[index], *view, float(ours.of_picture_N[index]), float(theirs.of_picture_N[index]))
        for index, view in zip(chosen, views, strict=True)
    ]


def most_apart(right_N: np.ndarray, wrong_N: np.ndarray, count: int) -> list[int]:
    """Returns the pictures on which the first is better by most, and by a tenth at least.

    Of equal gaps the picture that the first does better comes first, then the earlier one. Pictures of
    which nothing can be said, nan, are left out.

    Args:
        right_N: how well each picture went, in [0, 1].
        wrong_N: the same of the other.
        count: of pictures, at most.
    """
    gaps = {
        i: float(a - b) for i, (a, b) in enumerate(zip(right_N, wrong_N, strict=True)) if a - b >= LEAST_GAP
    }
    return sorted(gaps, key=lambda i: (-gaps[i], -float(right_N[i]), i))[:count]


def _kept(folder: Path) -> Replicates:
    found = replicates_of(folder)
    if found is None:
        raise RunError(
            f"{folder}: expected what is kept of each picture, found a run of an older version; do it again "
            "with --overwrite"
        )
    return found


def _drawn(right: Path, wrong: Path, chosen: Sequence[int]) -> list[tuple[bytes, bytes, bytes]]:
    from transferbench.runs.outcome import PREDICTIONS_FILE
    from transferbench.runs.record import finished_record
    from transferbench.runs.rescore import opened, read_predictions

    task = opened(finished_record(right), data=None)
    views: list[list[bytes]] = []
    for folder in (right, wrong):
        with TemporaryDirectory() as name:
            _draw(task, read_predictions(folder / PREDICTIONS_FILE), chosen, Path(name))
            kinds = ("truth", "predicted") if not views else ("predicted",)
            for kind in kinds:
                files = (Path(name) / f"{kind}_{place}.png" for place in range(len(chosen)))
                views.append([file.read_bytes() for file in files])
    truth, by_right, by_wrong = views
    return list(zip(truth, by_right, by_wrong, strict=True))


def _draw(task: Task, predictions: Predictions, chosen: Sequence[int], folder: Path) -> None:
    """Writes `truth_0.png`, `predicted_0.png`, ... of some pictures of the split."""
    from transferbench.tasks.classify.task import ClassifyTask
    from transferbench.tasks.detect.task import DetectTask
    from transferbench.tasks.segment.task import SegmentTask

    if isinstance(task, ClassifyTask):
        _draw_guesses(task, predictions, chosen, folder)
    elif isinstance(task, DetectTask):
        _draw_boxes(task, predictions, chosen, folder)
    elif isinstance(task, SegmentTask):
        _draw_masks(task, predictions, chosen, folder)
    else:
        raise TypeError(f"no pictures of {type(task).__name__}")


def _draw_guesses(task: ClassifyTask, predictions: Predictions, chosen: Sequence[int], folder: Path) -> None:
    from transferbench.tasks.base import Outcome
    from transferbench.tasks.classify.pictures import draw_guesses

    outcome = Outcome({}, {}, predictions)
    draw_guesses(task.score_examples.source, chosen, outcome, task.data.classes, folder)


def _draw_boxes(task: DetectTask, predictions: Predictions, chosen: Sequence[int], folder: Path) -> None:
    import numpy as np

    from transferbench.tasks.detect.gallery import Gallery
    from transferbench.tasks.detect.metric.truth import Found, Truth

    pictures, truth = task.score_examples.pictures, task.score_examples.truth()
    places = np.full(len(pictures), -1)
    places[list(chosen)] = range(len(chosen))
    objects, detections = places[truth.picture_T], places[predictions["picture"]]
    gallery = Gallery(
        [pictures[index] for index in chosen],
        Truth(objects, truth.boxes_T4, truth.label_T, truth.is_difficult_T),
        Found(detections, *(predictions[name] for name in ("boxes", "label", "score"))),
        task.data.classes,
    )
    gallery.draw_first(folder, len(chosen))


def _draw_masks(task: SegmentTask, predictions: Predictions, chosen: Sequence[int], folder: Path) -> None:
    from transferbench.tasks.segment.pictures import Palette, overlay
    from transferbench.tasks.segment.stored import masks_of

    palette, masks = Palette.of(task.data.classes, task.data.marks), masks_of(predictions)
    for place, index in enumerate(chosen):
        picture_HW3, truth_HW = task.score_examples.example(index, None)
        for kind, labels_HW in (("truth", truth_HW), ("predicted", masks[index])):
            overlay(picture_HW3, labels_HW, palette).save(folder / f"{kind}_{place}.png")
