"""Every protocol by task and name; opens a task without the others being imported."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from transferbench.errors import ConfigError, RunError, nearest
from transferbench.tasks.base import NO_CACHE, Cache, ClassMarks, Task, TaskProtocol
from transferbench.tasks.classify.protocols import PROTOCOLS as CLASSIFY
from transferbench.tasks.classify.protocols import ClassifyProtocol
from transferbench.tasks.detect.protocols import PROTOCOLS as DETECT
from transferbench.tasks.detect.settings import DetectProtocol
from transferbench.tasks.predicted import Predictor
from transferbench.tasks.segment.protocols import PROTOCOLS as SEGMENT
from transferbench.tasks.segment.settings import SegmentProtocol
from transferbench.tricks.bag import Bag

if TYPE_CHECKING:
    from torch import nn

    from transferbench.backbones.base import Backbone

TaskName = Literal["classify", "detect", "segment"]
TASKS: tuple[TaskName, ...] = get_args(TaskName)
TRANSFERS: tuple[TaskName, ...] = ("detect", "segment")

PROTOCOLS: dict[TaskName, dict[str, TaskProtocol]] = {
    "classify": dict(CLASSIFY),
    "detect": dict(DETECT),
    "segment": dict(SEGMENT),
}
PROTOCOL_TYPES: dict[TaskName, type[TaskProtocol]] = {
    "classify": ClassifyProtocol,
    "detect": DetectProtocol,
    "segment": SegmentProtocol,
}


def layouts_of(task: TaskName) -> set[str]:
    """Returns what `data.layout` may be in a protocol of a transfer."""
    kinds = get_args(PROTOCOL_TYPES[task].model_fields["data"].annotation)
    return {layout for kind in kinds for layout in get_args(kind.model_fields["layout"].annotation)}


def find_protocol(task: TaskName, key: str) -> TaskProtocol:
    """Returns the protocol called `name@version`.

    Raises:
        ConfigError: there is none of that name for the task.
    """
    known = PROTOCOLS[task]
    if key not in known:
        hint = nearest(key, list(known))
        raise ConfigError(f"protocol {key!r}: expected one for the task {task!r}, found none; {hint}")
    return known[key]


def open_task(
    protocol: TaskProtocol,
    root: Path,
    *,
    limit: int | None,
    bag: Bag,
    is_scored_only: bool = False,
    cache: Cache = NO_CACHE,
) -> Task:
    """Reads the data lists that a protocol needs.

    Args:
        protocol: of any task.
        root: data folder.
        limit: pictures of each split that are used; None for all.
        bag: tricks; they act in classification alone.
        is_scored_only: whether nothing is trained, so that a transfer needs no training split.
        cache: whether a transfer keeps its decoded training pictures in memory.

    Raises:
        DataError: the data are not there, incomplete or malformed.
    """
    if isinstance(protocol, ClassifyProtocol):
        from transferbench.tasks.classify.task import ClassifyTask

        return ClassifyTask(protocol, root, limit=limit, bag=bag)
    if isinstance(protocol, DetectProtocol):
        from transferbench.tasks.detect.task import DetectTask

        return DetectTask(protocol, root, limit=limit, is_scored_only=is_scored_only, cache=cache)
    if isinstance(protocol, SegmentProtocol):
        from transferbench.tasks.segment.task import SegmentTask

        return SegmentTask(protocol, root, limit=limit, is_scored_only=is_scored_only, cache=cache)
    raise TypeError(f"no task for {type(protocol).__name__}")


def build_network(protocol: TaskProtocol, backbone: Backbone, classes: Sequence[str]) -> nn.Module:
    """Returns the network of a transfer, to be filled with trained weights.

    Args:
        protocol: of the transfer.
        backbone: of the same kind as that which was trained.
        classes: that it tells apart.

    Raises:
        RunError: the protocol is of a pretraining.
    """
    if isinstance(protocol, DetectProtocol):
        from transferbench.tasks.detect.model.detector import Detector

        return Detector(backbone, len(classes), protocol).to(next(backbone.parameters()))
    if isinstance(protocol, SegmentProtocol):
        from transferbench.tasks.segment.model.fcn import Fcn

        return Fcn(backbone, len(classes), head=protocol.head, seed=0)
    raise RunError(
        f"{protocol.key}: expected a run of detect or segment, found a pretraining; its weights are in "
        "backbone.safetensors: see `transferbench weights check`"
    )


def predictor(
    protocol: TaskProtocol, network: nn.Module, classes: Sequence[str], marks: ClassMarks
) -> Predictor:
    """Returns what says of single pictures what a trained network finds in them.

    Args:
        protocol: of the transfer.
        network: in evaluation mode.
        classes: that it tells apart.
        marks: how they stand in masks; of segmentation.

    Raises:
        RunError: the protocol's task has nothing of that kind, or a segmentation lacks the marks.
    """
    if isinstance(protocol, DetectProtocol):
        from transferbench.tasks.detect.predict import DetectPredictor

        return DetectPredictor(network, tuple(classes))
    if isinstance(protocol, SegmentProtocol):
        from transferbench.tasks.segment.predict import SegmentPredictor

        if not len(marks.values) == len(marks.colours) == len(classes):
            raise RunError(
                f"{protocol.key}: expected a record that says how the {len(classes)} classes stand in masks, "
                f"found one of {len(marks.values)}; do the run again with --overwrite"
            )
        return SegmentPredictor(network, protocol, tuple(classes), marks)
    raise RunError(
        f"{protocol.key}: expected a run of detect or segment, found one of another task; give another run"
    )
