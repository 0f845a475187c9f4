"""Records to a comparison: per recipe and score the mean, the spread and the paired difference."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from transferbench.errors import ConfigError, RunError
from transferbench.reports.notes import Runs, departure, notes, taught
from transferbench.reports.rows import Cell, Comparison, Cost, Row
from transferbench.reports.statistics import mean, paired_difference
from transferbench.runs.record import SCORES, PaperScore, Record

Papers = Mapping[str, Mapping[str, PaperScore]]
"""Recipe to name of score to the paper's number."""


def compare(
    records: Sequence[Record],
    *,
    suite: str,
    baseline: str,
    order: Sequence[str] = (),
    further_baselines: Collection[str] = (),
    teachers: Collection[str] = (),
    paper: Papers | None = None,
) -> Comparison:
    """Compares every recipe with its baseline, paired by seed.

    Args:
        records: finished runs, in any order.
        suite: name to print.
        baseline: recipe that the differences are to.
        order: recipes of the suite as they should stand, finished or not; others follow as they appear.
        further_baselines: recipes that the differences of those after them in `order` are to instead.
        teachers: recipes that only teach: no row.
        paper: numbers that stand in for all that the records have of a recipe.

    Raises:
        ConfigError: no recipe is called like the baseline, or two different runs claim one place.
        RunError: there is no record of a row.
    """
    records = [record for record in records if record.recipe not in teachers]
    if not records:
        raise RunError(
            f"{suite}: expected finished runs to compare, found none; start them with `transferbench run`"
        )
    runs = _sorted_runs(records, suite)
    expected = tuple(dict.fromkeys((baseline, *order, *runs)))
    if baseline not in runs and baseline not in order:
        raise ConfigError(_unknown_baseline(suite, baseline, expected[1:]))
    runs = {recipe: runs[recipe] for recipe in expected if recipe in runs}
    baselines = _baselines(expected, order, further_baselines)
    papers = {recipe: (paper or {}).get(recipe) or _paper_of(runs[recipe]) for recipe in runs}
    groups = {name: {r: runs[r] for r in runs if baselines[r] == name} for name in baselines.values()}
    rows = tuple(_row(r, groups[baselines[r]], baselines[r], papers[r]) for r in runs)
    return Comparison(
        suite=suite,
        baseline=baseline,
        rows=rows,
        columns=tuple(name for name in SCORES if any(name in row.cells for row in rows)),
        notes=(
            *notes(
                runs,
                expected=expected,
                departures={row.recipe: row.departures for row in rows},
                differences=[cell.delta for row in rows for cell in row.cells.values() if cell.delta],
            ),
            *taught(rows),
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
                **({} if row.baseline == comparison.baseline else {"baseline": row.baseline}),
                "scores": {
                    name: _cell_json(row.cells[name]) for name in comparison.columns if name in row.cells
                },
                **_teacher_json(row),
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


def _baselines(recipes: Sequence[str], order: Sequence[str], further: Collection[str]) -> dict[str, str]:
    """Returns the baseline of each recipe; it is the first one for those that have no place in the order."""
    baselines, current = {}, recipes[0]
    for recipe in recipes:
        current = recipe if recipe in further else current
        baselines[recipe] = current if recipe in order else recipes[0]
    return baselines


def _paper_of(tasks: Mapping[str, Mapping[int, Record]]) -> Mapping[str, PaperScore]:
    papers = [record.paper for by_seed in tasks.values() for record in by_seed.values()]
    return {name: score for paper in reversed(papers) for name, score in paper.items()}


def _row(recipe: str, runs: Runs, baseline: str, paper: Mapping[str, PaperScore]) -> Row:
    tasks = runs[recipe]
    departures = {}
    for task in tasks:
        # Where the baseline has no runs of a task, the first recipe that has some sets the protocol.
        reference = baseline if task in runs.get(baseline, {}) else next(r for r in runs if task in runs[r])
        if reason := departure(tasks[task], runs[reference][task], reference):
            departures[task] = reason
    against = {
        task: by_seed
        for task, by_seed in runs.get(baseline, {}).items()
        if recipe != baseline and task not in departures
    }
    return Row(
        recipe=recipe,
        baseline=baseline,
        cells={
            name: _cell(values, _values(name, against), paper.get(name))
            for name in SCORES
            if (values := _values(name, tasks))
        },
        protocols={
            task: " and ".join(sorted({record.protocol for record in by_seed.values()}))
            for task, by_seed in tasks.items()
        },
        costs={task: _cost(list(by_seed.values())) for task, by_seed in tasks.items()},
        departures=departures,
    )


def _cell(values: Mapping[int, float], against: Mapping[int, float], paper: PaperScore | None) -> Cell:
    common = [seed for seed in values if seed in against]
    return Cell(
        values=values,
        delta=paired_difference([values[s] for s in common], [against[s] for s in common])
        if common
        else None,
        paper=None if paper is None else paper.mean,
        paper_sd=None if paper is None else paper.sd,
    )


def _values(name: str, tasks: Mapping[str, Mapping[int, Record]]) -> dict[int, float]:
    by_seed = tasks.get(name.partition("/")[0], {})
    return {seed: record.scores[name] for seed, record in by_seed.items() if name in record.scores}


def _cost(records: Sequence[Record]) -> Cost:
    teachers = [record.teacher for record in records if record.teacher is not None]
    pretrainings = [t.pretraining_seconds for t in teachers if t.pretraining_seconds is not None]
    return Cost(
        wall_seconds=mean([record.wall_seconds for record in records]),
        peak_memory_bytes=max(record.peak_memory_bytes for record in records),
        teaching_seconds=mean([teacher.forward_seconds for teacher in teachers]) if teachers else None,
        teacher_seconds=mean(pretrainings) if pretrainings else None,
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
        **({} if cell.paper_sd is None else {"paper_sd": cell.paper_sd}),
    }


def _teacher_json(row: Row) -> dict[str, Any]:
    cost = row.costs.get("classify")
    if cost is None or cost.teaching_seconds is None:
        return {}
    seconds = {"forward_seconds": cost.teaching_seconds, "pretraining_seconds": cost.teacher_seconds}
    return {"teacher": seconds}


def _unknown_baseline(suite: str, baseline: str, names: Sequence[str]) -> str:
    from difflib import get_close_matches

    nearest = get_close_matches(baseline, names, n=1, cutoff=0) or names
    known = ", ".join(map(repr, names))
    return (
        f"{suite}: expected the baseline to be one of the recipes {known}; found {baseline!r}; "
        f"did you mean {nearest[0]!r}?"
    )
