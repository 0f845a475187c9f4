"""Scores once more what a run, or another tool, has predicted; no network is run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from transferbench.errors import DataError, RunError
from transferbench.files import read_arrays
from transferbench.recipes.faults import validated
from transferbench.runs.outcome import PREDICTIONS_FILE
from transferbench.runs.record import SCORES, Record, finished_record
from transferbench.runs.resample import replicates_of, write_replicates
from transferbench.tasks.base import Outcome, Predictions, Task, TaskProtocol
from transferbench.tasks.catalog import PROTOCOL_TYPES, TaskName, open_task
from transferbench.tricks.bag import Bag

_EQUAL = 1e-9
"""Difference of scores that rounding makes."""


@dataclass(frozen=True)
class Rescored:
    """What predictions are worth."""

    task: Task
    outcome: Outcome
    protocol: str
    """Name and version, and what departed from it."""
    record: Record | None = None
    """Of the run; None for predictions of another tool."""
    remarks: tuple[str, ...] = ()
    """What a reader of the scores should know of the data and of the predictions."""


def rescore_run(folder: Path, data: Path | None = None) -> Rescored:
    """Returns the scores of a finished run, from its saved predictions.

    A run of an older version gets the scores on resampled pictures that every run is kept with now, where the
    data are proved to be its own.

    Args:
        folder: of the run.
        data: data folder; None for where the run found it.

    Raises:
        RunError: the run is not finished, or its predictions are missing or broken.
        DataError: the data are not there, or not those of the run.
    """
    record = finished_record(folder)
    task = opened(record, data)
    outcome = task.outcome([read_predictions(folder / PREDICTIONS_FILE)])
    if replicates_of(folder) is None and _is_its_own(record, task, outcome):
        write_replicates(folder, task.evidence(outcome))
    return Rescored(task, outcome, record.protocol, record, task.data.remarks)


def _is_its_own(record: Record, task: Task, outcome: Outcome) -> bool:
    """Whether the data are proved to be those of the run: by their fingerprint, which is of both splits.

    Those of an older version were made otherwise; then by scores that are the same to the last digit, on
    pictures of the same names. Scores of nothing prove nothing, and those of classification need no data.
    """
    fingerprint = record.data.get("fingerprint")
    if task.data.fingerprint == fingerprint:
        return True
    heads = [name for name in record.scores if name in SCORES and not SCORES[name].is_detail]
    are_equal = all(abs(outcome.scores.get(name, -1) - record.scores[name]) < _EQUAL for name in heads)
    if record.task != "classify" and are_equal and any(record.scores[name] for name in heads):
        return True
    try:
        limit = record.resolved.get("limit")
        whole = open_task(protocol_of(record), Path(task.data.root), limit=limit, bag=Bag())
    except DataError:
        return False
    return whole.data.fingerprint == fingerprint


def rescore_foreign(protocol: TaskProtocol, data: Path, predictions: Path) -> Rescored:
    """Returns the scores of what another tool has predicted.

    Args:
        protocol: by which it is scored; only its split to be scored is read.
        data: data folder.
        predictions: a file or a folder, in a form that the task takes.

    Raises:
        ConfigError: the task takes no predictions of other tools.
        DataError: the data or the predictions are missing or malformed, or do not fit each other.
    """
    task = open_task(protocol, data, limit=None, bag=Bag(), is_scored_only=True)
    read = task.read_predictions(predictions)
    outcome = task.outcome([read.predictions])
    return Rescored(task, outcome, protocol.key, remarks=(*task.data.remarks, *read.remarks))


def protocol_of(record: Record) -> TaskProtocol:
    """Returns the protocol that a run obeyed."""
    task: TaskName = record.task  # type: ignore[assignment]
    return validated(PROTOCOL_TYPES[task], record.resolved["protocol"], f"the record of {record.recipe}")


def opened(record: Record, data: Path | None) -> Task:
    """Returns the task of a run on its data.

    Raises:
        DataError: the data are not there, or not those of the run.
    """
    root = data or Path(record.data["root"])
    if not root.is_dir():
        raise DataError(
            f"{root}: expected the data that the run was scored on, found no such folder; give --data DIR"
        )
    task = open_task(
        protocol_of(record), root, limit=record.resolved.get("limit"), bag=Bag(), is_scored_only=True
    )
    expected = record.pictures.get("score", 0), record.classes
    if (task.data.pictures["score"], task.data.classes) != expected:
        raise DataError(
            f"{root}: expected the {expected[0]} pictures and the {len(expected[1])} classes that the run "
            f"was scored on, in their order, found {task.data.pictures['score']} and {len(task.data.classes)}"
            f"{first_difference(task.data.classes, expected[1])}; give --data with the folder of the run"
        )
    return task


def read_predictions(path: Path) -> Predictions:
    """Returns the arrays of a run's predictions.

    Raises:
        RunError: the file is missing or broken.
    """
    try:
        return read_arrays(path)
    except FileNotFoundError as error:
        raise RunError(
            f"{path}: expected the predictions of a run, found no such file; do the run again with "
            "--overwrite"
        ) from error
    except (OSError, ValueError) as error:
        raise RunError(
            f"{path}: expected the predictions of a run, found a file that cannot be read ({error}); do the "
            "run again with --overwrite"
        ) from error


def first_difference(found: Sequence[str], expected: Sequence[str]) -> str:
    """Returns in words the first class of another name or place; nothing where there is none."""
    for place, (theirs, ours) in enumerate(zip(found, expected, strict=False)):
        if theirs != ours:
            return f", where class {place} is {theirs!r} and not {ours!r}"
    return ""
