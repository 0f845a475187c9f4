"""Some of the runs of a suite, and what these need. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from transferbench.errors import ConfigError, nearest
from transferbench.runs.cell import Cell
from transferbench.tasks.catalog import TaskName


@dataclass(frozen=True)
class Selection:
    """Runs that are to be done."""

    cells: tuple[Cell, ...]
    """Those asked for and those they need, in the suite's order."""
    needed: tuple[Cell, ...] = ()
    """Those that nobody asked for."""

    def with_data(self, data: Mapping[TaskName, Path]) -> Selection:
        """Returns the same runs on the data of each task."""
        found = {cell: replace(cell, data=data[cell.task]) for cell in self.cells}
        return Selection(tuple(found.values()), tuple(found[cell] for cell in self.needed))


def selected(cells: Sequence[Cell], patterns: Sequence[str]) -> Selection:
    """Returns the runs whose labels match, and the pretrainings that these need.

    Args:
        cells: of a suite.
        patterns: of `RECIPE/TASK/seedN`, as `*/detect/*` or `mini_b/*`; one is enough; none selects all.

    Raises:
        ConfigError: a pattern matches nothing.
    """
    if not patterns:
        return Selection(tuple(cells))
    labels = [cell.label for cell in cells]
    for pattern in patterns:
        if not any(fnmatchcase(label, pattern) for label in labels):
            near = nearest(pattern, labels) if len(labels) < 9 else f"one is {labels[0]!r}"
            raise ConfigError(
                f"--only {pattern!r}: expected a pattern of runs, as 'RECIPE/*' or '*/detect/seed0', found "
                f"none that it matches; {near}"
            )
    asked = [cell for cell in cells if any(fnmatchcase(cell.label, pattern) for pattern in patterns)]
    folders = _with_needs(cells, {cell.folder for cell in asked})
    chosen = tuple(cell for cell in cells if cell.folder in folders)
    wanted = set(asked)
    return Selection(chosen, tuple(cell for cell in chosen if cell not in wanted))


def _with_needs(cells: Sequence[Cell], folders: set[Path]) -> set[Path]:
    needs = {need for cell in cells if cell.folder in folders for need in cell.needs}
    return folders if needs <= folders else _with_needs(cells, folders | needs)
