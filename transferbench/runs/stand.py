"""How far each run of a suite is, from its folder alone. Imports no torch."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pydantic_core import from_json

from transferbench.runs.asked import asked_of
from transferbench.runs.cell import Cell
from transferbench.runs.failure import recall_failure
from transferbench.runs.index import Finished

State = Literal["finished", "other", "failed", "lost", "interrupted", "elsewhere", "new"]
_WITHOUT: tuple[State, ...] = ("other", "failed", "lost")
"""Of runs that another cannot be done with."""
_CHECKPOINT, _METRICS = "last.ckpt", "metrics.jsonl"
_TAIL_BYTES = 4096


@dataclass(frozen=True)
class Stand:
    """How far a run is."""

    cell: Cell
    state: State
    share: float = 0.0
    """Of its training that is saved or logged, in [0, 1]."""
    note: str = ""
    """What failed, which failed run is needed, or where a run of the same settings is finished."""


def stands_of(
    cells: Sequence[Cell], finished: Mapping[Path, Finished], beside: Mapping[Path, Finished]
) -> list[Stand]:
    """Returns how far the runs are, in their order; nothing is opened but what is not finished.

    Args:
        cells: of a suite.
        finished: finished runs of the suite, by folder.
        beside: finished runs of other suites, of which one with the same settings will be taken if data and
            weights turn out to be the same too.
    """
    alike = {entry.asked: folder for folder, entry in beside.items()}
    return [
        _finished(cell, finished[cell.folder]) if cell.folder in finished else _unfinished(cell, alike)
        for cell in cells
    ]


def with_lost(stands: Sequence[Stand]) -> list[Stand]:
    """Returns the same, with those marked that need a run which fails, or one that needs such a run."""
    gone = {stand.cell.folder for stand in stands if stand.state in _WITHOUT}
    marked = [
        replace(stand, state="lost", note=f"needs {next(need for need in stand.cell.needs if need in gone)}")
        if stand.state not in ("finished", *_WITHOUT) and not gone.isdisjoint(stand.cell.needs)
        else stand
        for stand in stands
    ]
    return marked if marked == list(stands) else with_lost(marked)


def _finished(cell: Cell, entry: Finished) -> Stand:
    if entry.asked == asked_of(cell):
        return Stand(cell, "finished", 1.0)
    return Stand(
        cell,
        "other",
        1.0,
        "finished by other settings, or weights of another name; move its folder away, or give another --out",
    )


def _unfinished(cell: Cell, alike: Mapping[str, Path]) -> Stand:
    failure = recall_failure(cell)
    if failure is not None:
        return Stand(cell, "failed", note=failure.message)
    twin = alike.get(asked_of(cell)) if alike else None
    if twin is not None:
        return Stand(cell, "elsewhere", note=str(twin))
    if (cell.folder / _CHECKPOINT).is_file():
        return Stand(cell, "interrupted", _share_done(cell.folder / _METRICS))
    return Stand(cell, "new")


def _share_done(path: Path) -> float:
    """Returns how much of a training its log tells of; 0 where it tells nothing."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _TAIL_BYTES), os.SEEK_SET)
            lines = [line for line in file.read().splitlines() if line.endswith(b"}")]
        last = from_json(lines[-1])
        return min(1.0, (int(last["step"]) + 1) / int(last["steps"]))
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        return 0.0
