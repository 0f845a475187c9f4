"""A comparison as what scripts read."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from transferbench.reports.rows import Cell, Comparison, Interval, Row, Table


def to_json(comparison: Comparison) -> dict[str, Any]:
    """Returns what `compare --format json` prints; fractions, None where there is no value."""
    return {
        "suite": comparison.suite,
        "baseline": comparison.baseline,
        "tables": [_table_json(table) for table in comparison.tables],
        "claims": [asdict(claim) for claim in comparison.claims],
        "gates": [{**asdict(gate), "holds": gate.holds} for gate in comparison.gates],
        "failures": dict(comparison.failures),
        "notes": list(comparison.notes),
    }


def _table_json(table: Table) -> dict[str, Any]:
    return {
        "task": table.task,
        "protocol": table.protocol,
        "baseline": table.baseline,
        "rows": [_row_json(row, table) for row in table.rows],
        "components": {name: asdict(known) for name, known in table.components.items()},
        "effects": {name: [asdict(effect) for effect in found] for name, found in table.effects.items()},
        "powers": {name: asdict(power) for name, power in table.powers.items()},
    }


def _row_json(row: Row, table: Table) -> dict[str, Any]:
    return {
        "recipe": row.recipe,
        "is_foreign": row.is_foreign,
        "mark": None if row.mark is None else asdict(row.mark),
        "scores": {name: _cell_json(row.cells[name]) for name in table.columns if name in row.cells},
        "cost": None if row.cost is None else asdict(row.cost),
        "outlay": None if row.outlay is None else asdict(row.outlay),
    }


def _cell_json(cell: Cell) -> dict[str, Any]:
    return {
        "mean": cell.mean,
        "sd": cell.sd,
        "n": len(cell.values),
        "values": list(cell.values.values()),
        "seeds": list(cell.values),
        "over_pictures": _interval_json(cell.over_pictures),
        "delta": None if cell.delta is None else asdict(cell.delta),
        "delta_over_pictures": _interval_json(cell.delta_over_pictures),
        "equivalence": None if cell.equivalence is None else asdict(cell.equivalence),
        "paper": cell.paper,
        "paper_sd": cell.paper_sd,
    }


def _interval_json(interval: Interval | None) -> dict[str, float] | None:
    return None if interval is None else asdict(interval)
