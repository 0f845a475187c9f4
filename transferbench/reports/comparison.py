"""Records to a comparison: per recipe and score the mean, the spread and the paired difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from transferbench.errors import ConfigError, RunError
from transferbench.reports.notes import Runs, departure, notes
from transferbench.reports.statistics import Difference, mean, paired_difference, standard_deviation
from transferbench.runs.record import SCORES, Record


@dataclass(frozen=True)
class Cell:
    """One score of one recipe, in fractions."""

    values: Mapping[int, float]
    """By seed, in the order of seeds; never empty."""
    delta: Difference | None
    """To the baseline, over the seeds that both have; None where there is nothing to compare."""
    paper: float | None

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


@dataclass(frozen=True)
class Row:
    """One recipe."""

    recipe: str
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
    rows: tuple[Row, ...]
    """Baseline first."""
    columns: tuple[str, ...]
    """Names of the scores that occur, in the order of `SCORES`."""
    notes: tuple[str, ...]
    """What a reader must know beside the numbers."""

    @property
    def tasks(self) -> tuple[str, ...]:
        """In the order of columns."""
        return tuple(dict.fromkeys(name.partition("/")[0] for name in self.columns))

    def columns_of(self, task: str) -> tuple[str, ...]:
        """Returns the names of the scores of one task."""
        return tuple(name for name in self.columns if name.partition("/")[0] == task)

    def rows_of(self, task: str) -> tuple[Row, ...]:
        """Returns the rows that have runs of a task; the first one's protocol is the table's."""
        return tuple(row for row in self.rows if task in row.protocols)


def compare(records: Sequence[Record], *, suite: str, baseline: str, order: Sequence[str] = ()) -> Comparison:
    """Compares every recipe with the baseline, paired by seed.

    Args:
        records: finished runs, in any order.
        suite: name to print.
        baseline: recipe that the differences are to.
        order: recipes of the suite as they should stand, finished or not; others follow as they appear.

    Raises:
        ConfigError: no recipe is called like the baseline, or two different runs claim one place.
        RunError: there is no record.
    """
    if not records:
        raise RunError(
            f"{suite}: expected finished runs to compare, found none; start them with `transferbench run`"
        )
    runs = _sorted_runs(records, suite)
    expected = tuple(dict.fromkeys((baseline, *order, *runs)))
    if baseline not in runs and baseline not in order:
        raise ConfigError(_unknown_baseline(suite, baseline, expected[1:]))
    runs = {recipe: runs[recipe] for recipe in expected if recipe in runs}
    rows = tuple(_row(recipe, runs, baseline) for recipe in runs)
    return Comparison(
        suite=suite,
        baseline=baseline,
        rows=rows,
        columns=tuple(name for name in SCORES if any(name in row.cells for row in rows)),
        notes=notes(
            runs,
            expected=expected,
            departures={row.recipe: row.departures for row in rows},
            differences=[cell.delta for row in rows for cell in row.cells.values() if cell.delta],
        ),
    )


def to_json(comparison: Comparison) -> dict[str, Any]:
    """Returns what `compare --format json` prints; fractions, None where there is no value."""
    return {
        "suite": comparison.suite,
        "baseline": comparison.baseline,
        "rows": [
            {
                "recipe": row.recipe,
                "scores": {
                    name: _cell_json(row.cells[name]) for name in comparison.columns if name in row.cells
                },
            }
            for row in comparison.rows
        ],
        "notes": list(comparison.notes),
    }


def _sorted_runs(records: Sequence[Record], suite: str) -> Runs:
    runs: dict[str, dict[str, dict[int, Record]]] = {}
    for record in records:
        by_seed = runs.setdefault(record.recipe, {}).setdefault(record.task, {})
        other = by_seed.setdefault(record.seed, record)
        if (other.identity, other.scores) != (record.identity, record.scores):
            raise ConfigError(
                f"{suite}: expected one run of {record.task} for recipe {record.recipe!r} and seed "
                f"{record.seed}, found two that differ ({other.protocol}, {other.identity[:12]} and "
                f"{record.protocol}, {record.identity[:12]}); compare them apart"
            )
    return {
        recipe: {task: dict(sorted(by_seed.items())) for task, by_seed in tasks.items()}
        for recipe, tasks in runs.items()
    }


def _row(recipe: str, runs: Runs, baseline: str) -> Row:
    tasks = runs[recipe]
    departures = {}
    for task in tasks:
        # Where the baseline has no runs of a task, the first recipe that has some sets the protocol.
        reference = baseline if task in runs.get(baseline, {}) else next(r for r in runs if task in runs[r])
        if reason := departure(tasks[task], runs[reference][task], reference):
            departures[task] = reason
    return Row(
        recipe=recipe,
        cells={
            name: cell
            for name in SCORES
            if (cell := _cell(name, recipe, runs=runs, baseline=baseline, departures=departures))
        },
        protocols={
            task: " and ".join(sorted({record.protocol for record in by_seed.values()}))
            for task, by_seed in tasks.items()
        },
        costs={task: _cost(list(by_seed.values())) for task, by_seed in tasks.items()},
        departures=departures,
    )


def _cell(name: str, recipe: str, *, runs: Runs, baseline: str, departures: Mapping[str, str]) -> Cell | None:
    values = _values(name, recipe, runs)
    if not values:
        return None
    against = _values(name, baseline, runs)
    common = [seed for seed in values if seed in against]
    comparable = recipe != baseline and name.partition("/")[0] not in departures and common
    papers = (record.paper for by_seed in runs[recipe].values() for record in by_seed.values())
    return Cell(
        values=values,
        delta=paired_difference([values[s] for s in common], [against[s] for s in common])
        if comparable
        else None,
        paper=next((paper[name] for paper in papers if name in paper), None),
    )


def _values(name: str, recipe: str, runs: Runs) -> dict[int, float]:
    by_seed = runs.get(recipe, {}).get(name.partition("/")[0], {})
    return {seed: record.scores[name] for seed, record in by_seed.items() if name in record.scores}


def _cost(records: Sequence[Record]) -> Cost:
    return Cost(
        wall_seconds=mean([record.wall_seconds for record in records]),
        peak_memory_bytes=max(record.peak_memory_bytes for record in records),
    )


def _cell_json(cell: Cell) -> dict[str, Any]:
    delta = cell.delta
    return {
        "mean": cell.mean,
        "sd": cell.sd,
        "n": len(cell.values),
        "values": list(cell.values.values()),
        "delta": None
        if delta is None
        else {"mean": delta.mean, "low": delta.low, "high": delta.high, "p": delta.p},
        "paper": cell.paper,
    }


def _unknown_baseline(suite: str, baseline: str, names: Sequence[str]) -> str:
    from difflib import get_close_matches

    nearest = get_close_matches(baseline, names, n=1, cutoff=0) or names
    known = ", ".join(map(repr, names))
    return (
        f"{suite}: expected the baseline to be one of the recipes {known}; found {baseline!r}; "
        f"did you mean {nearest[0]!r}?"
    )
