"""Works off the runs of a suite: what is needed first, first. Imports no torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from transferbench.engine.report import Scored, Step
from transferbench.runs.cell import Cell, Machine
from transferbench.runs.pool import Message, Pool
from transferbench.runs.record import Record

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


def run_cells(
    cells: Sequence[Cell], machine: Machine, *, jobs: int, report: Callable[[Progress], None]
) -> Progress:
    """Does every run that is not done; a failed one stops only what needs it.

    Finished runs are recognised by their records and not done again; interrupted ones are gone on with.

    Args:
        cells: what to do, in order.
        machine: where.
        jobs: processes at work at a time; the scores do not depend on it.
        report: told of every change, and twice a second.

    Raises:
        KeyboardInterrupt: passed on, after the processes have saved their state.
    """
    progress = Progress(list(cells))
    done: set[Path] = set()
    at_once = min(jobs, len(cells))
    pool = Pool(replace(machine, runs_at_once=at_once), at_once)
    try:
        while progress.waiting or progress.working:
            _drop_orphans(progress, done)
            while pool.idle_count and (cell := _next_ready(progress, done)):
                progress.waiting.remove(cell)
                progress.working[cell] = None
                pool.give(cell)
            report(progress)
            for message in pool.messages(_POLL_SECONDS):
                _note(progress, message, done)
    finally:
        pool.stop()
    report(progress)
    return progress


def _next_ready(progress: Progress, done: set[Path]) -> Cell | None:
    return next((cell for cell in progress.waiting if done.issuperset(cell.needs)), None)


def _drop_orphans(progress: Progress, done: set[Path]) -> None:
    """Fails what needs a run that failed."""
    coming = {cell.folder for cell in (*progress.waiting, *progress.working)} | done
    for cell in list(progress.waiting):
        lost = next((need for need in cell.needs if need not in coming), None)
        if lost is not None:
            progress.waiting.remove(cell)
            progress.failures[cell.label] = f"{lost}: the run that this one needs did not finish"


def _note(progress: Progress, message: Message, done: set[Path]) -> None:
    cell = message.cell
    if isinstance(message.content, Record):
        progress.records.append(message.content)
        done.add(cell.folder)
        del progress.working[cell]
    elif isinstance(message.content, str):
        progress.failures[cell.label] = message.content
        del progress.working[cell]
    else:
        progress.working[cell] = message.content
