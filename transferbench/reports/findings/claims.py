"""The paper's claim: who classifies ImageNet better transfers better."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from transferbench.reports.findings.kinds import Claim, Point
from transferbench.reports.rows import Comparison, Row, Table
from transferbench.reports.statistics.correlation import BySeed, Correlation, Kind, correlation
from transferbench.reports.statistics.paired import mean
from transferbench.runs.record import SCORES, PaperScore

TOP1 = "classify/top1"
_FEWEST = 3
_MOST_DRAWN = 40
"""Recipes whose seeds are drawn anew: of more, that takes seconds, and the other interval tells more."""


def with_claims(
    comparison: Comparison,
    *,
    claimed: Mapping[str, float],
    paper: Callable[[], Sequence[Mapping[str, Mapping[str, PaperScore]]]],
) -> Comparison:
    """Returns the comparison with how every downstream score at a glance goes with top-1 over recipes.

    Top-1 is that of the recipes' own pretraining runs, else what is claimed of the weights they loaded.
    Nothing is said of fewer than three recipes.

    Args:
        comparison: of pretraining and transfer.
        claimed: recipe to the top-1 that the publisher of its weights states, a fraction.
        paper: gives the tables of the paper, each by row and name of score; called if anything is said.
    """
    measured = {
        row.recipe: row.cells[TOP1].values
        for table in comparison.tables
        if table.task == "classify"
        for row in table.rows
        if TOP1 in row.cells and not row.is_foreign
    }
    claims = [
        claim
        for table in _whole(comparison.tables)
        for name in table.columns
        if table.task != "classify" and not SCORES[name].is_detail
        if (claim := _claim(table, name, measured, claimed)) is not None
    ]
    tables = paper() if claims else ()
    return replace(comparison, claims=tuple(_beside_paper(claim, tables) for claim in claims))


def _whole(tables: Sequence[Table]) -> list[Table]:
    """Returns one table a task and protocol: whom rows are compared with does not matter here."""
    joined: dict[tuple[str, str], Table] = {}
    for table in tables:
        key = (table.task, table.protocol)
        there = joined.get(key)
        joined[key] = (
            table
            if there is None
            else replace(
                there,
                rows=there.rows + table.rows,
                columns=tuple(name for name in SCORES if name in {*there.columns, *table.columns}),
            )
        )
    return list(joined.values())


def _claim(
    table: Table, name: str, measured: Mapping[str, BySeed], claimed: Mapping[str, float]
) -> Claim | None:
    points = []
    for row in table.rows:
        is_measured = row.recipe in measured
        if name in row.cells and row.is_compared and (is_measured or row.recipe in claimed):
            top1 = measured[row.recipe] if is_measured else {0: claimed[row.recipe]}
            points.append(Point(row.recipe, top1, _by_backbone(row, name), is_claimed=not is_measured))
    if len(points) < _FEWEST:
        return None
    pearson, kendall = (_correlation(kind, points) for kind in ("pearson", "kendall"))
    return Claim(name, table.protocol, tuple(points), pearson, kendall)


def _by_backbone(row: Row, name: str) -> BySeed:
    """Returns a score by the seed of the backbone that has a top-1, the mean over its transfers."""
    values: dict[int, list[float]] = {}
    for seed, value in row.cells[name].values.items():
        values.setdefault(row.pretraining_seeds[seed], []).append(value)
    return {seed: mean(own) for seed, own in values.items()}


def _beside_paper(claim: Claim, paper: Sequence[Mapping[str, Mapping[str, PaperScore]]]) -> Claim:
    """Returns a claim with the paper's rows, if a table of it has the score, at several scales if need be."""
    task, _, short = claim.score.partition("/")
    for name in (claim.score, f"{task}/ms_{short}"):
        for rows in paper:
            points = tuple(
                Point(recipe, {0: scores[TOP1].mean}, {0: scores[name].mean})
                for recipe, scores in rows.items()
                if TOP1 in scores and name in scores
            )
            if len(points) >= _FEWEST:
                return replace(
                    claim,
                    paper_points=points,
                    paper_pearson=_correlation("pearson", points),
                    paper_kendall=_correlation("kendall", points),
                )
    return claim


def _correlation(kind: Kind, points: Sequence[Point]) -> Correlation | None:
    top1, scores = [point.top1 for point in points], [point.score for point in points]
    if len(points) > _MOST_DRAWN:
        top1, scores = list(map(_as_known, top1)), list(map(_as_known, scores))
    return correlation(kind, top1, scores)


def _as_known(by_seed: BySeed) -> BySeed:
    return {0: mean(list(by_seed.values()))}
