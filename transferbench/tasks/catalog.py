"""Every protocol by task and name; opens a task without the others being imported."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

from transferbench.errors import ConfigError, nearest
from transferbench.tasks.base import Task, TaskProtocol
from transferbench.tasks.classify.protocols import PROTOCOLS as CLASSIFY
from transferbench.tasks.classify.protocols import ClassifyProtocol
from transferbench.tasks.detect.protocols import PROTOCOLS as DETECT
from transferbench.tasks.detect.settings import DetectProtocol
from transferbench.tasks.segment.protocols import PROTOCOLS as SEGMENT
from transferbench.tasks.segment.protocols import SegmentProtocol
from transferbench.tricks.bag import Bag

TaskName = Literal["classify", "detect", "segment"]
TASKS: tuple[TaskName, ...] = get_args(TaskName)

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


def open_task(protocol: TaskProtocol, root: Path, *, limit: int | None, bag: Bag) -> Task:
    """Reads the data lists that a protocol needs.

    Args:
        protocol: of any task.
        root: data folder.
        limit: pictures of each split that are used; None for all.
        bag: tricks; they act in classification alone.

    Raises:
        DataError: the data are not there, incomplete or malformed.
    """
    if isinstance(protocol, ClassifyProtocol):
        from transferbench.tasks.classify.task import ClassifyTask

        return ClassifyTask(protocol, root, limit=limit, bag=bag)
    if isinstance(protocol, DetectProtocol):
        from transferbench.tasks.detect.task import DetectTask

        return DetectTask(protocol, root, limit=limit)
    if isinstance(protocol, SegmentProtocol):
        from transferbench.tasks.segment.task import SegmentTask

        return SegmentTask(protocol, root, limit=limit)
    raise TypeError(f"no task for {type(protocol).__name__}")
