"""Rows that another tool measured, put where they belong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from transferbench.reports.comparing.foreign import ForeignRow, Teller
from transferbench.reports.rows import Cell, Mark, Row, Table
from transferbench.runs.record import SCORES

_TOLD: Mapping[Teller, str] = {
    "file": "which states {}",
    "flag": "said by --protocol to be {}",
    "scoring": "by the rules of {}",
}


def with_foreign(tables: Sequence[Table], foreign: Sequence[ForeignRow]) -> tuple[Table, ...]:
    """Returns tables with foreign rows below their own, and tables of foreign rows that fit nowhere else.

    A row that states its protocol stands in the tables of that protocol; one that states none stands in the
    first table of its task. Its seeds pair with nothing, so it has no difference.

    Args:
        tables: in order.
        foreign: in the order in which they should stand.
    """
    grown = list(tables)
    for row in foreign:
        places = [
            place
            for place, table in enumerate(grown)
            if table.task == row.task and row.protocol in ("", table.protocol)
        ]
        if not places:
            places = [len(grown)]
            protocol = row.protocol or "no protocol stated"
            grown.append(Table(row.task, protocol, baseline=row.name, rows=(), columns=()))
        # Several tables of one protocol have a baseline each; the first is that of the suite.
        grown[places[0]] = _with_row(grown[places[0]], row)
    return tuple(grown)


def _with_row(table: Table, foreign: ForeignRow) -> Table:
    row = Row(
        recipe=foreign.name,
        cells={
            name: Cell(values=dict(sorted(values.items())), delta=None, paper=None)
            for name, values in foreign.values.items()
        },
        mark=Mark(_reason(foreign), is_comparable=False),
        is_foreign=True,
    )
    occurring = {*table.columns, *row.cells}
    return replace(
        table,
        rows=(*table.rows, row),
        columns=tuple(name for name in SCORES if name in occurring),
    )


def _reason(foreign: ForeignRow) -> str:
    told = _TOLD[foreign.told_by] if foreign.protocol else "which states no protocol"
    remarks = "".join(f"; {remark}" for remark in foreign.remarks)
    return (
        f"measured elsewhere: {foreign.source} (sha256 {foreign.sha256[:12]}), "
        f"{told.format(foreign.protocol)}{remarks}"
    )
