"""What the choice of pictures leaves open in every cell of a comparison."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, Self

from transferbench.reports.comparing.notes import HELD, SEE
from transferbench.reports.rows import Cell, Comparison, Interval, Row, Table
from transferbench.reports.statistics.replicates import interval_of_difference, interval_of_mean
from transferbench.reports.words.cells import few
from transferbench.runs.record import SCORES

if TYPE_CHECKING:
    import numpy as np

# Dimension key: R resamples; the same place holds the same pictures in every array.


class Resampled(Protocol):
    """The scores of a run on resampled pictures."""

    @property
    def scores(self) -> Mapping[str, np.ndarray]:
        """By name, (R,), fractions."""

    def is_paired_with(self, other: Self) -> bool:
        """Returns whether the same place holds the same pictures in both."""


VARIED = (
    "intervals over pictures: percentiles of resamples of those that are scored, the same for both sides of "
    "a difference; seeds are held"
)

KEPT_BY_NONE = (
    "the pictures that are scored are held: no run here kept what each of them does to its scores; "
    "`transferbench evaluate RUN` adds it"
)
KEPT_BY_SOME = (
    "no interval over pictures for {} in {}: not all runs kept what each picture does to their scores; "
    "`transferbench evaluate RUN` adds it"
)

SAME = "no interval over pictures for some scores of {} in {}: other pictures would have given the same"

Replicates = Mapping[str, Resampled]
"""By identity of a run."""


def with_pictures(comparison: Comparison, replicates: Replicates) -> Comparison:
    """Returns the comparison with intervals over pictures, where every run of a cell has kept replicates.

    Args:
        comparison: of the runs.
        replicates: of as many of them as have any.
    """
    tables = tuple(
        replace(table, rows=tuple(_with_intervals(row, table, replicates) for row in table.rows))
        for table in comparison.tables
    )
    has_any = any(c.over_pictures for table in tables for row in table.rows for c in row.cells.values())
    held = HELD.removesuffix(SEE) if replicates else KEPT_BY_NONE
    told = VARIED if has_any else held
    notes = [told if note == HELD else note for note in comparison.notes]
    told_of_rows = (*_lacking(tables, replicates), *_without_spread(tables, replicates))
    return replace(comparison, tables=tables, notes=(*notes, *told_of_rows))


def without_pictures(comparison: Comparison) -> Comparison:
    """Returns the comparison as a table tells it that shows no interval over pictures."""
    notes = (HELD if note == VARIED else note for note in comparison.notes)
    return replace(comparison, notes=tuple(notes))


def _without_spread(tables: Sequence[Table], replicates: Replicates) -> list[str]:
    """Returns notes on cells whose runs kept replicates, all of them worth the same."""
    same: dict[str, dict[str, None]] = {}
    for table in tables:
        for row in table.rows:
            runs = [(row, seed) for seed in row.identities]
            flat = (
                not SCORES[name].is_detail and not cell.over_pictures and _paired(name, runs, replicates)
                for name, cell in row.cells.items()
            )
            if not row.is_foreign and any(flat):
                same.setdefault(table.task, {})[row.recipe] = None
    return [SAME.format(few(list(rows)), task) for task, rows in same.items()]


def _lacking(tables: Sequence[Table], replicates: Replicates) -> list[str]:
    """Returns notes on rows of which a run kept nothing, where others did."""
    lacking: dict[str, dict[str, None]] = {}
    for table in tables:
        for row in table.rows if replicates else ():
            if not all(key in replicates for key in row.identities.values()):
                lacking.setdefault(table.task, {})[row.recipe] = None
    return [KEPT_BY_SOME.format(few(list(rows)), task) for task, rows in lacking.items()]


def _with_intervals(row: Row, table: Table, replicates: Replicates) -> Row:
    if row.is_foreign:
        return row
    baseline = table.row(table.baseline)
    return replace(
        row,
        cells={name: _resampled(name, row, baseline, replicates) for name in row.cells},
    )


def _resampled(name: str, row: Row, baseline: Row | None, replicates: Replicates) -> Cell:
    cell = row.cells[name]
    own = _paired(name, [(row, seed) for seed in cell.values], replicates)
    if own is None:
        return cell
    cell = replace(cell, over_pictures=_interval(interval_of_mean(own)))
    if cell.delta is None or baseline is None:
        return cell
    common = [seed for seed in cell.values if seed in baseline.cells[name].values]
    both = _paired(name, [(side, seed) for side in (row, baseline) for seed in common], replicates)
    if both is None:
        return cell
    groups = row.groups(baseline, common)
    interval = interval_of_difference(both[: len(common)], both[len(common) :], groups)
    return replace(cell, delta_over_pictures=_interval(interval))


def _paired(
    name: str, runs: Iterable[tuple[Row, int]], replicates: Replicates
) -> Sequence[np.ndarray] | None:
    """Returns a score of runs on each resample (R,); None unless all kept it, on the same pictures."""
    found = [replicates.get(row.identities[seed]) for row, seed in runs]
    known = [one for one in found if one is not None and name in one.scores]
    if len(known) < len(found) or not all(one.is_paired_with(known[0]) for one in known):
        return None
    return [one.scores[name] for one in known]


def _interval(ends: tuple[float, float] | None) -> Interval | None:
    return None if ends is None else Interval(*ends)
