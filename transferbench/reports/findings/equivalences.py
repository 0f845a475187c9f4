"""Which differences of a comparison are too small to matter."""

from __future__ import annotations

from dataclasses import replace

from transferbench.reports.rows import Cell, Comparison
from transferbench.reports.statistics.equivalence import equivalence


def with_equivalence(comparison: Comparison, margin: float) -> Comparison:
    """Returns the comparison with an equivalence test of every difference that has an interval.

    Args:
        comparison: with differences.
        margin: above 0, as a fraction; what lies within does not matter.
    """

    def tested(cell: Cell) -> Cell:
        return cell if cell.delta is None else replace(cell, equivalence=equivalence(cell.delta, margin))

    tables = (
        replace(
            table,
            rows=tuple(
                replace(row, cells={name: tested(cell) for name, cell in row.cells.items()})
                for row in table.rows
            ),
        )
        for table in comparison.tables
    )
    return replace(comparison, tables=tuple(tables))
