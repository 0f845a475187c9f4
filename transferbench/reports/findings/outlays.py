"""What rows cost from the first step of pretraining on, beside what they gained."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from transferbench.reports.findings.kinds import Outlay
from transferbench.reports.findings.main_scores import main_score
from transferbench.reports.rows import Cost, Row, Table
from transferbench.runs.record import SCORES

_HOUR = 3600.0
HOURS, MACS = "device-hours", "GMACs"


def with_outlays(tables: Sequence[Table], untrained: Collection[str]) -> list[Table]:
    """Returns tables with what each row cost altogether and whether others gave more for less.

    Args:
        tables: of all tasks.
        untrained: recipes whose backbones were never trained, as a random one: pretraining took no time.
    """
    pretrained = {
        row.recipe: row.cost
        for table in tables
        if table.task == "classify"
        for row in table.rows
        if row.cost is not None
    }
    return [_with_fronts(_with_outlay(table, pretrained, untrained)) for table in tables]


def _with_outlay(table: Table, pretrained: Mapping[str, Cost], untrained: Collection[str]) -> Table:
    def spent(row: Row) -> Row:
        if row.cost is None:
            return row
        pretraining = row.cost if table.task == "classify" else pretrained.get(row.recipe)
        seconds = _device_seconds(row, table.task, pretraining, is_untrained=row.recipe in untrained)
        return replace(
            row,
            outlay=Outlay(
                pretraining_seconds=0.0
                if pretraining is None and row.recipe in untrained
                else None
                if pretraining is None
                else pretraining.wall_seconds,
                device_seconds=seconds,
                gains_per_device_hour=_gains(row, seconds),
            ),
        )

    return replace(table, rows=tuple(map(spent, table.rows)))


def _device_seconds(row: Row, task: str, pretraining: Cost | None, *, is_untrained: bool) -> float | None:
    assert row.cost is not None
    own = 0.0 if task == "classify" else row.cost.device_seconds
    if pretraining is None:
        return own if is_untrained else None
    return own + pretraining.device_seconds + (pretraining.teacher_seconds or 0.0)


def _gains(row: Row, seconds: float | None) -> dict[str, float]:
    if not seconds:
        return {}
    return {
        name: cell.delta.mean / (seconds / _HOUR)
        for name, cell in row.cells.items()
        if cell.delta is not None
    }


def _with_fronts(table: Table) -> Table:
    name = main_score(table)
    if name is None:
        return table
    sign = 1 if SCORES[name].is_better_higher else -1
    priced = {
        HOURS: {row.recipe: row.outlay.device_seconds for row in table.rows if row.outlay is not None},
        MACS: {row.recipe: row.cost.backbone_macs for row in table.rows if row.cost is not None},
    }
    gains = {
        row.recipe: sign * row.cells[name].mean
        for row in table.rows
        if name in row.cells and not row.is_foreign and (row.mark is None or row.mark.is_comparable)
    }
    known = {
        kind: {recipe: price for recipe, price in prices.items() if price is not None and recipe in gains}
        for kind, prices in priced.items()
    }
    fronts = {kind: (_front(gains, prices), len(prices)) for kind, prices in known.items()}
    return replace(table, rows=tuple(_on_fronts(row, fronts) for row in table.rows))


def _on_fronts(row: Row, fronts: Mapping[str, tuple[Collection[str], int]]) -> Row:
    """Returns a row with the fronts that it is on, each given as who is on it and of how many."""
    if row.outlay is None:
        return row
    own = {kind: count for kind, (front, count) in fronts.items() if row.recipe in front}
    shared, alone = (tuple(k for k, count in own.items() if (count == 1) == one) for one in (False, True))
    return replace(row, outlay=replace(row.outlay, fronts=shared, alone=alone))


def _front(gains: Mapping[str, float], known: Mapping[str, float]) -> set[str]:
    """Returns whom nobody beats in one of score and price without losing in the other.

    Args:
        gains: by recipe, the more the better.
        known: prices of those that have one.
    """
    return {
        recipe
        for recipe, price in known.items()
        if not any(
            gains[other] >= gains[recipe]
            and known[other] <= price
            and (gains[other], known[other]) != (gains[recipe], price)
            for other in known
        )
    }
