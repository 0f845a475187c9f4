"""What a design and repeated transfers tell beside the differences of a table."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace

from transferbench.reports.rows import Comparison, Row, Table
from transferbench.reports.statistics.components import Components, components
from transferbench.reports.statistics.effects import Design, Effect, Levels, effects


def with_effects(comparison: Comparison, design: Design, levels: Levels) -> Comparison:
    """Returns the comparison with the effects of a design on every score of every table.

    Args:
        comparison: with rows that a design built, and perhaps others.
        design: how it did.
        levels: recipe to factor to whether it is on.
    """
    tables = (replace(table, effects=_effects(table, design, levels)) for table in comparison.tables)
    return replace(comparison, tables=tuple(tables))


def with_components(table: Table) -> Table:
    """Returns the table with the variance of pretraining and of transfer, where backbones were reused."""
    found = {name: _components(table, name) for name in table.columns}
    return replace(table, components={name: known for name, known in found.items() if known is not None})


def _effects(table: Table, design: Design, levels: Levels) -> dict[str, tuple[Effect, ...]]:
    rows = [row for row in table.rows if row.recipe in levels and row.is_compared]
    is_only_transfer = all(row.has_one_backbone for row in rows)
    groups: dict[int, Hashable] = {
        seed: seed if is_only_transfer else own for row in rows for seed, own in row.pretraining_seeds.items()
    }
    return {
        name: tuple(found)
        for name in table.columns
        if (found := effects(design, levels, _values(rows, name), groups))
    }


def _values(rows: list[Row], name: str) -> dict[str, Mapping[int, float]]:
    return {row.recipe: row.cells[name].values for row in rows if name in row.cells}


def _components(table: Table, name: str) -> Components | None:
    nested = []
    for row in table.rows:
        by_backbone: dict[int, list[float]] = {}
        values = row.cells[name].values if name in row.cells and not row.is_foreign else {}
        for seed, value in values.items():
            backbone = 0 if row.has_one_backbone else row.pretraining_seeds[seed]
            by_backbone.setdefault(backbone, []).append(value)
        if by_backbone:
            nested.append(by_backbone)
    return components(nested) if nested else None
