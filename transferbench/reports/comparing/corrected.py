"""The correction for many differences in one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from transferbench.reports.rows import Cell, Table
from transferbench.reports.statistics.holm import holm
from transferbench.runs.record import SCORES


def corrected(table: Table) -> Table:
    """Returns the table with each difference's p-value corrected by Holm's rule for all that it prints.

    What is printed at a glance is one family: asking for details does not weaken it. A detail is corrected
    for all differences of the table.
    """
    every = {
        (row.recipe, name): cell.delta.p
        for row in table.rows
        for name, cell in row.cells.items()
        if cell.delta
    }
    at_a_glance = {key: p for key, p in every.items() if not SCORES[key[1]].is_detail}
    holms = _holm(every) | _holm(at_a_glance)
    return replace(
        table,
        rows=tuple(
            replace(
                row,
                cells={
                    name: _with_p(cell, holms.get((row.recipe, name))) for name, cell in row.cells.items()
                },
            )
            for row in table.rows
        ),
    )


def family_size(table: Table) -> int:
    """Returns how many differences of a table are tested at a glance, the number that Holm's rule takes."""
    return sum(
        cell.delta is not None and cell.delta.p is not None and not SCORES[name].is_detail
        for row in table.rows
        for name, cell in row.cells.items()
    )


def _holm(ps: Mapping[tuple[str, str], float | None]) -> dict[tuple[str, str], float | None]:
    return dict(zip(ps, holm(list(ps.values())), strict=True))


def _with_p(cell: Cell, p_holm: float | None) -> Cell:
    return cell if cell.delta is None else replace(cell, delta=replace(cell.delta, p_holm=p_holm))
