"""Works off the runs of a suite: what is needed first, first. Imports no torch."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from transferbench.engine.report import Scored, Step
from transferbench.runs.cell import Cell, Machine
from transferbench.runs.failure import Failure, forget_failure, recall_failure, remember_failure
from transferbench.runs.index import Finished
from transferbench.runs.pool import Message, Pool
from transferbench.runs.record import Record
from transferbench.runs.reuse import NOWHERE
from transferbench.runs.unchanged import NONE, unchanged

_POLL_SECONDS = 0.5


@dataclass
class Progress:
    """Where a suite stands."""

    waiting: list[Cell]
    working: dict[Cell, Step | Scored | None] = field(default_factory=dict)
    """What was last heard of each cell that is being done."""
    records: list[Record] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    """Label of a cell to what went wrong."""
    began: dict[Cell, float] = field(default_factory=dict)
    """When each cell was begun, in seconds of the monotonic clock."""
    took: list[float] = field(default_factory=list)
    """Seconds that each of the records was waited for, whatever was done before."""
    found: int = 0
    """Of the records, those of runs that were finished before and went to no process; they come first."""


def run_cells(
    cells: Sequence[Cell],
    machine: Machine,
    *,
    jobs: int,
    report: Callable[[Progress], None],
    elsewhere: Mapping[str, Path] = NOWHERE,
    finished: Mapping[Path, Finished] = NONE,
    is_retried: bool = False,
) -> Progress:
    """Does every run that is not done; a failed one stops only what needs it.

    Finished runs are recognised by their records and not done again; interrupted ones are gone on with; what
    failed before stays failed unless its settings are others.

    Args:
        cells: what to do, in order.
        machine: where.
        jobs: processes at work at a time; the scores do not depend on it.
        report: told of every change, and twice a second.
        elsewhere: folders of finished runs by identity, from which one that is the same is taken over.
        finished: finished runs by folder; those that nothing has changed for are given to no process.
        is_retried: whether what failed before is tried again.

    Raises:
        KeyboardInterrupt: passed on, after the processes have saved their state.
    """
    progress, done = Progress(list(cells)), set[Path]()
    _take_finished(progress, unchanged(cells, machine, finished), done)
    if not is_retried:
        _leave_out_failed(progress)
    _drop_orphans(progress, done)
    at_once = min(jobs, len(progress.waiting))
    pool = Pool(replace(machine, runs_at_once=at_once), at_once, elsewhere)
    try:
        while progress.waiting or progress.working:
            while pool.idle_count and (cell := _next_ready(progress, done)):
                progress.waiting.remove(cell)
                progress.working[cell] = None
                progress.began[cell] = time.monotonic()
                pool.give(cell)
            report(progress)
            for message in pool.messages(_POLL_SECONDS):
                _note(progress, message, done)
    finally:
        pool.stop()
    report(progress)
    return progress


def _take_finished(progress: Progress, records: Mapping[Cell, Record], done: set[Path]) -> None:
    progress.waiting = [cell for cell in progress.waiting if cell not in records]
    progress.records += records.values()
    progress.took += [0.0] * len(records)
    progress.found = len(records)
    for cell in records:
        done.add(cell.folder)
        forget_failure(cell)


def _leave_out_failed(progress: Progress) -> None:
    for cell in list(progress.waiting):
        failure = recall_failure(cell)
        if failure is not None:
            progress.waiting.remove(cell)
            progress.failures[cell.label] = (
                f"{failure.message} (it failed on {failure.when}; --retry-failed tries again)"
            )


def _next_ready(progress: Progress, done: set[Path]) -> Cell | None:
    return next((cell for cell in progress.waiting if done.issuperset(cell.needs)), None)


def _drop_orphans(progress: Progress, done: set[Path]) -> None:
    """Fails what needs a run that failed, and what needs that one."""
    while True:
        coming = {cell.folder for cell in (*progress.waiting, *progress.working)} | done
        lost = [cell for cell in progress.waiting if not coming.issuperset(cell.needs)]
        if not lost:
            return
        for cell in lost:
            need = next(need for need in cell.needs if need not in coming)
            progress.waiting.remove(cell)
            progress.failures[cell.label] = f"{need}: the run that this one needs did not finish"


def _note(progress: Progress, message: Message, done: set[Path]) -> None:
    cell = message.cell
    if isinstance(message.content, Record):
        progress.records.append(message.content)
        progress.took.append(time.monotonic() - progress.began[cell])
        done.add(cell.folder)
        del progress.working[cell]
        forget_failure(cell)
    elif isinstance(message.content, Failure):
        progress.failures[cell.label] = message.content.message
        del progress.working[cell]
        remember_failure(cell, message.content)
        _drop_orphans(progress, done)
    else:
        progress.working[cell] = message.content
