"""Recipes side by side: what tables, pages and files are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from transferbench.reports.statistics import Difference, mean, standard_deviation
from transferbench.runs.record import SCORES


@dataclass(frozen=True)
class Cell:
    """One score of one recipe, in fractions."""

    values: Mapping[int, float]
    """By seed, in the order of seeds; never empty."""
    delta: Difference | None
    """To the baseline, over the seeds that both have; None where there is nothing to compare."""
    paper: float | None
    paper_sd: float | None = None
    """The paper's spread, where it prints one."""

    @property
    def mean(self) -> float:
        """Of all seeds, whether the baseline has them or not."""
        return mean(list(self.values.values()))

    @property
    def sd(self) -> float | None:
        """Standard deviation of the sample; None below two seeds."""
        return standard_deviation(list(self.values.values()))


@dataclass(frozen=True)
class Cost:
    """What a run of one task took."""

    wall_seconds: float
    """Mean over seeds."""
    peak_memory_bytes: int
    """Greatest over seeds."""
    teaching_seconds: float | None = None
    """Of the wall seconds, those of a teacher's forward passes; None without one."""
    teacher_seconds: float | None = None
    """That training the teacher took, on top; None where nothing tells."""


@dataclass(frozen=True)
class Row:
    """One recipe."""

    recipe: str
    baseline: str
    """Recipe that its differences are to."""
    cells: Mapping[str, Cell]
    """By name of score; a recipe without runs of a task has none of its scores."""
    protocols: Mapping[str, str]
    """By task."""
    costs: Mapping[str, Cost]
    """By task."""
    departures: Mapping[str, str]
    """By task, why its numbers do not compare with the baseline's; mostly empty."""


@dataclass(frozen=True)
class Comparison:
    """Recipes side by side."""

    suite: str
    baseline: str
    """The first one, where recipes are compared with several."""
    rows: tuple[Row, ...]
    """Baseline first."""
    columns: tuple[str, ...]
    """Names of the scores that occur, in the order of `SCORES`."""
    notes: tuple[str, ...]
    """What a reader must know beside the numbers."""

    def without_details(self) -> Comparison:
        """Returns the comparison with the scores alone that answer the question at a glance."""
        return replace(self, columns=tuple(name for name in self.columns if not SCORES[name].is_detail))

    @property
    def tasks(self) -> tuple[str, ...]:
        """In the order of columns."""
        return tuple(dict.fromkeys(name.partition("/")[0] for name in self.columns))

    def columns_of(self, task: str) -> tuple[str, ...]:
        """Returns the names of the scores of one task."""
        return tuple(name for name in self.columns if name.partition("/")[0] == task)

    def rows_of(self, task: str) -> tuple[Row, ...]:
        """Returns the rows that have runs of a task."""
        return tuple(row for row in self.rows if task in row.protocols)

    def groups_of(self, task: str) -> tuple[tuple[Row, ...], ...]:
        """Returns the same, those of one baseline together; the first one's protocol is its table's."""
        rows = self.rows_of(task)
        baselines = dict.fromkeys(row.baseline for row in rows)
        return tuple(tuple(row for row in rows if row.baseline == name) for name in baselines)
