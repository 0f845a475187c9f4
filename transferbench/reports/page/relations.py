"""Plots of one number against another: top-1 and a transfer's score, cost and a transfer's score."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from transferbench.reports.findings.kinds import Claim
from transferbench.reports.findings.kinds import Point as ClaimPoint
from transferbench.reports.findings.main_scores import main_score
from transferbench.reports.findings.outlays import HOURS, MACS
from transferbench.reports.page.story import TRANSFERS, key_of, label_of, title_of
from transferbench.reports.plots.drawing import Drawing
from transferbench.reports.plots.looks import Look, with_minus
from transferbench.reports.plots.scatter import Axis, Point, scatter
from transferbench.reports.rows import Comparison, Interval, Row, Table
from transferbench.reports.statistics.correlation import Correlation
from transferbench.reports.statistics.paired import INTERVAL, mean, standard_deviation
from transferbench.reports.statistics.student import student_quantile

_FEWEST_FOR_INTERVAL = 3
_LOG_FROM = 8.0
"""Costs that differ by this factor stand on a logarithmic scale."""
_COSTS = {HOURS: "{} of pretraining and transfer", MACS: "{} of the backbone"}
_UNITS = {
    HOURS: (("device-hours", 3600.0), ("device-minutes", 60.0), ("device-seconds", 1.0)),
    MACS: (("GMACs", 1e9), ("MMACs", 1e6)),
}
"""Greatest first: one is taken in which the greatest cost is above 1."""


def top1_plots(comparison: Comparison, looks: Mapping[str, Look]) -> list[Drawing]:
    """Returns top-1 against each transfer's main score, and the paper's rows in a plot of their own."""
    mains = {main_score(table) for table in comparison.tables}
    plots: list[Drawing] = []
    for place, claim in enumerate(claim for claim in comparison.claims if claim.score in mains):
        plots.append(_top1(f"top1-{place + 1}", claim, looks, claim.protocol))
        if claim.paper_points:
            paper = Claim(
                claim.score, "the paper", claim.paper_points, claim.paper_pearson, claim.paper_kendall
            )
            plots.append(_top1(f"top1-{place + 1}-paper", paper, looks, "the paper"))
    return plots


def cost_plots(comparison: Comparison, looks: Mapping[str, Look]) -> list[Drawing]:
    """Returns device-hours and multiply-adds against each transfer's main score, with the Pareto front."""
    return [
        _cost(kind, table, name, looks=looks, comparison=comparison)
        for table in comparison.tables
        for kind in _COSTS
        if table.task in TRANSFERS
        and (name := main_score(table)) is not None
        and len({point.x for point in _priced(kind, table, name)}) > 1
    ]


def spread_of(values: Collection[float]) -> Interval | None:
    """Returns the 95 % interval of a mean over seeds, in percent; of two seeds their range; of one None.

    With two seeds the interval is twelve times as wide as what it is made from, and tells nothing.

    Args:
        values: fractions, one a seed.
    """
    seen = list(values)
    sd = standard_deviation(seen)
    if sd is None:
        return None
    if len(seen) < _FEWEST_FOR_INTERVAL:
        return Interval(100 * min(seen), 100 * max(seen))
    half = student_quantile(INTERVAL, len(seen) - 1) * sd / math.sqrt(len(seen))
    return Interval(100 * (mean(seen) - half), 100 * (mean(seen) + half))


def _top1(file: str, claim: Claim, looks: Mapping[str, Look], where: str) -> Drawing:
    words = ", ".join(_words(found) for found in (claim.pearson, claim.kendall) if found is not None)
    return scatter(
        file,
        [_point(point) for point in claim.points],
        looks,
        title=f"{title_of(claim.score)} over top-1, {where}" + (f": {words}" if words else ""),
        x=Axis("top-1, %"),
        y=Axis(f"{title_of(claim.score)}, %"),
    )


def _words(found: Correlation) -> str:
    name = {"pearson": "r", "kendall": "\u03c4"}[found.kind]
    interval = "" if found.low is None or found.high is None else f" [{found.low:.2f}, {found.high:.2f}]"
    return with_minus(f"{name} = {found.value:z.2f}{interval}")


def _point(point: ClaimPoint) -> Point:
    top1, score = list(point.top1.values()), list(point.score.values())
    return Point(
        point.recipe,
        100 * mean(top1),
        100 * mean(score),
        spread_of(top1),
        spread_of(score),
        is_hollow=point.is_claimed,
    )


def _cost(
    kind: str, table: Table, name: str, *, looks: Mapping[str, Look], comparison: Comparison
) -> Drawing:
    prices = _priced(kind, table, name)
    unit, size = _unit(kind, [point.x for point in prices])
    points = [replace(point, x=point.x / size) for point in prices]
    xs = [point.x for point in points]
    return scatter(
        f"cost-{key_of(table, comparison)}-{kind.lower()}",
        points,
        looks,
        title=f"{title_of(name)} over {unit}, {label_of(table, comparison)}",
        x=Axis(_COSTS[kind].format(unit), is_log=min(xs) > 0 and max(xs) / min(xs) > _LOG_FROM),
        y=Axis(f"{title_of(name)}, %"),
        front=_front(kind, table, points),
    )


def _unit(kind: str, prices: Collection[float]) -> tuple[str, float]:
    """Returns name and size of the unit in which costs are read without many zeros."""
    known = [unit for unit in _UNITS[kind] if max(prices) >= unit[1]]
    return known[0] if known else _UNITS[kind][-1]


def _priced(kind: str, table: Table, name: str) -> list[Point]:
    return [
        Point(row.recipe, price, 100 * cell.mean, y_range=spread_of(cell.values.values()))
        for row in table.rows
        if row.is_compared
        and (cell := row.cells.get(name)) is not None
        and (price := _price(kind, row)) is not None
    ]


def _price(kind: str, row: Row) -> float | None:
    if row.cost is None or row.outlay is None:
        return None
    return row.cost.backbone_macs if kind == MACS else row.outlay.device_seconds


def _front(kind: str, table: Table, points: Sequence[Point]) -> list[Point]:
    unbeaten = {row.recipe for row in table.rows if row.outlay is not None and kind in row.outlay.fronts}
    return sorted((point for point in points if point.recipe in unbeaten), key=lambda point: point.x)
