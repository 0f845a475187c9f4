"""How many seeds each column of a table needs."""

from __future__ import annotations

import math
from dataclasses import replace

from transferbench.reports.findings.kinds import Power
from transferbench.reports.rows import Comparison, Table
from transferbench.reports.statistics.paired import Difference
from transferbench.reports.statistics.power import seeds_needed, smallest_difference


def with_power(comparison: Comparison, difference: float) -> Comparison:
    """Returns the comparison with the seeds that each column needs to show a difference.

    Args:
        comparison: with differences.
        difference: that one wants to see, above 0, as a fraction.
    """
    tables = tuple(
        replace(
            table,
            powers={
                name: power
                for name in table.columns
                if (power := _power(table, name, difference)) is not None
            },
        )
        for table in comparison.tables
    )
    bare = dict.fromkeys(table.task for table in tables if not table.powers)
    told = [f"{task}: no seeds to plan from, as no difference there has an interval" for task in bare]
    return replace(comparison, tables=tables, notes=(*comparison.notes, *told))


def _power(table: Table, name: str, difference: float) -> Power | None:
    """Returns what the differences of a column tell; None where none of them has a spread.

    Their spreads are pooled: the square root of the mean variance, weighted by degrees of freedom.
    """
    known = [
        (cell.delta, spread)
        for row in table.rows
        if (cell := row.cells.get(name)) and cell.delta and (spread := _spread(cell.delta)) is not None
    ]
    if not known:
        return None
    freedom = sum(delta.n - 1 for delta, _ in known)
    pooled = math.sqrt(sum((delta.n - 1) * spread**2 for delta, spread in known) / freedom)
    seeds = min(delta.n for delta, _ in known)
    return Power(pooled, seeds, seeds_needed(difference, pooled), smallest_difference(pooled, seeds))


def _spread(delta: Difference) -> float | None:
    return None if delta.error is None else delta.error * math.sqrt(delta.n)
