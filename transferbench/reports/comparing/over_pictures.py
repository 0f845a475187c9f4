"""What the choice of pictures leaves open in every cell of a comparison."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, Self

from transferbench.reports.comparing.notes import HELD
from transferbench.reports.rows import Cell, Comparison, Interval, Row, Table
from transferbench.reports.statistics.replicates import interval_of_difference, interval_of_mean

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

Replicates = Mapping[str, Resampled]
"""By identity of a run."""


def with_pictures(comparison: Comparison, replicates: Replicates) -> Comparison:
    """Returns the comparison with intervals over pictures, where every run of a cell has kept replicates.

    Args:
        comparison: of the runs.
        replicates: of as many of them as have any.
    """
    tables = (
        replace(table, rows=tuple(_with_intervals(row, table, replicates) for row in table.rows))
        for table in comparison.tables
    )
    if not replicates:
        return comparison
    notes = (VARIED if note == HELD else note for note in comparison.notes)
    return replace(comparison, tables=tuple(tables), notes=tuple(notes))


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
    interval = interval_of_difference(both[: len(common)], both[len(common) :])
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
