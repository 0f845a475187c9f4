"""What runs cost, in words: time and memory at a glance, or everything beside the gain."""

from __future__ import annotations

from transferbench.reports.findings.kinds import Outlay, Sheet
from transferbench.reports.findings.main_scores import main_score
from transferbench.reports.rows import Comparison, Cost, Row, Table
from transferbench.reports.words.cells import cost_words, signed, title
from transferbench.reports.words.durations import duration
from transferbench.runs.record import SCORES


def brief_costs(comparison: Comparison) -> list[Sheet]:
    """Returns time and memory of a run, a row a recipe and a column a task and protocol, where told."""
    protocols = {(table.task, table.protocol) for table in comparison.tables}
    columns: dict[str, dict[str, Cost]] = {}
    for table in comparison.tables:
        is_alone = sum(task == table.task for task, _ in protocols) == 1
        header = table.task if is_alone else title(table)
        costs = {row.recipe: row.cost for row in table.rows if row.cost is not None}
        if costs:
            columns.setdefault(header, {}).update(costs)
    rows = (
        (recipe, *(" ".join(cost_words(own.get(recipe))) for own in columns.values()))
        for recipe in comparison.recipes
    )
    sheet = Sheet("cost of a run: mean time, greatest memory", ("recipe", *columns), tuple(rows))
    return [sheet] if columns else []


def cost_sheets(comparison: Comparison) -> list[Sheet]:
    """Returns everything that the rows of each table cost, beside what they gained."""
    return [_cost_sheet(table) for table in comparison.tables if any(row.cost for row in table.rows)]


def _cost_sheet(table: Table) -> Sheet:
    name = main_score(table)
    gain = "gain" if name is None else f"{SCORES[name].title} vs {table.baseline}"
    header = (
        *("recipe", "parameters", "GMACs", "images/s", "memory"),
        *("pretraining", "transfer", "device-hours", gain, "points per device-hour (whole cost)", "front"),
    )
    return Sheet(
        f"{title(table)}: cost of a seed",
        header if table.task != "classify" else tuple(word for word in header if word != "transfer"),
        tuple(_line(row, table, name) for row in table.rows if row.cost is not None),
        (
            "device-hours: of pretraining, of its teacher's and of the transfer; front: no other row is "
            "as good for less; alone: that of no other row is known",
        ),
    )


def _line(row: Row, table: Table, name: str | None) -> tuple[str, ...]:
    cost, outlay = row.cost, row.outlay
    assert cost is not None and outlay is not None
    cell = row.cells.get(name or "")
    rate = outlay.gains_per_device_hour.get(name or "")
    transfer = () if table.task == "classify" else (duration(cost.wall_seconds),)
    return (
        row.recipe,
        "" if cost.parameters is None else f"{cost.parameters / 1e6:.2f} M",
        "" if cost.backbone_macs is None else f"{cost.backbone_macs / 1e9:.3g}",
        "" if cost.images_per_second is None else f"{cost.images_per_second:.3g}",
        f"{cost.peak_memory_bytes / 2**30:.1f} GiB",
        _pretraining(outlay.pretraining_seconds),
        *transfer,
        "" if outlay.device_seconds is None else f"{outlay.device_seconds / 3600:.3g}",
        signed(cell.delta.mean) if cell and cell.delta else "",
        "" if rate is None else f"{100 * rate:+.3g}",
        fronts_words(outlay),
    )


def fronts_words(outlay: Outlay) -> str:
    """Returns the fronts that a row is on, and the costs that are known of it alone."""
    return ", ".join((*outlay.fronts, *(f"{kind}: alone" for kind in outlay.alone)))


def _pretraining(seconds: float | None) -> str:
    if seconds is None:
        return "elsewhere"
    return duration(seconds) if seconds else "none"
