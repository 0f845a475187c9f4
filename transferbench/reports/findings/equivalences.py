"""Which differences of a comparison are too small to matter."""

from __future__ import annotations

from dataclasses import replace

from transferbench.reports.rows import Cell, Comparison, Row
from transferbench.reports.statistics.equivalence import equivalence


def with_equivalence(comparison: Comparison, margin: float) -> Comparison:
    """Returns the comparison with an equivalence test of every difference that has an interval.

    Args:
        comparison: with differences.
        margin: above 0, as a fraction; what lies within does not matter.
    """

    def tested(cell: Cell) -> Cell:
        return cell if cell.delta is None else replace(cell, equivalence=equivalence(cell.delta, margin))

    tables = tuple(
        replace(
            table,
            rows=tuple(
                replace(row, cells={name: tested(cell) for name, cell in row.cells.items()})
                for row in table.rows
            ),
        )
        for table in comparison.tables
    )
    bare = dict.fromkeys(table.task for table in tables if not any(map(_is_tested, table.rows)))
    told = [
        f"{task}: nothing to test for equivalence, as no difference there has an interval" for task in bare
    ]
    return replace(comparison, tables=tables, notes=(*comparison.notes, *told))


def _is_tested(row: Row) -> bool:
    return any(cell.equivalence is not None for cell in row.cells.values())
