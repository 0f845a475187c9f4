"""Plots of differences to the baseline: over all, by class, and by kind of error."""

from __future__ import annotations

from collections.abc import Mapping

from transferbench.reports.findings.main_scores import main_score
from transferbench.reports.page.story import Story, key_of, label_of, title_of
from transferbench.reports.plots.drawing import Drawing
from transferbench.reports.plots.intervals import Dot, Group, forest, grouped
from transferbench.reports.plots.looks import Look
from transferbench.reports.rows import Comparison, Interval, Row, Table
from transferbench.reports.statistics.paired import Difference, mean
from transferbench.runs.record import SCORES

_CLASSES, _RECIPES = 24, 3
LOST = "detect/lost_"
Values = Mapping[int, float]
"""By seed."""


def forests(comparison: Comparison, looks: Mapping[str, Look]) -> tuple[list[Drawing], list[Drawing]]:
    """Returns the differences of the main score of each table, and those of the others but for details."""
    of_main: list[Drawing] = []
    of_others: list[Drawing] = []
    for table in comparison.tables:
        main = main_score(table)
        for name in table.columns:
            dots = [] if SCORES[name].is_detail else _dots(table, name)
            if dots:
                plots = of_main if name == main else of_others
                plots.append(_forest(table, name, dots, looks=looks, comparison=comparison))
    return of_main, of_others


def effect_plots(comparison: Comparison, looks: Mapping[str, Look]) -> list[Drawing]:
    """Returns, for each table of a design, what each factor brings in the main score."""
    plots = []
    for table in comparison.tables:
        name = main_score(table)
        dots = [_dot(effect.name, effect.difference, None) for effect in table.effects.get(name or "", ())]
        if dots and name is not None:
            file = f"effects-{key_of(table, comparison)}-{_stem(name)}"
            title = f"{title_of(name)}: effects, {label_of(table, comparison)}"
            of_effects = {dot.recipe: looks[comparison.baseline] for dot in dots}
            axis = f"effect on {title_of(name)}, points"
            plots.append(forest(file, dots, of_effects, title=title, axis=axis, zero="no effect"))
    return plots


def by_class(story: Story, looks: Mapping[str, Look]) -> list[Drawing]:
    """Returns, for each table, the classes that gained and lost most in its main score.

    The recipes are those with the greatest means, the classes those on which the first of them differs most.
    """
    plots = []
    for table in story.comparison.tables:
        name = main_score(table)
        baseline = table.row(table.baseline)
        if name is None or baseline is None:
            continue
        ours = _per_class(story, baseline, name)
        rows = _leading(table, name)
        groups = _class_groups([(row.recipe, _per_class(story, row, name)) for row in rows], ours)
        if groups:
            title = f"{title_of(name)} by class, against {table.baseline}"
            axis = f"difference in {title_of(name)}, points"
            file = f"classes-{key_of(table, story.comparison)}-{_stem(name)}"
            plots.append(grouped(file, groups, looks, title=title, axis=axis))
    return plots


def by_error(comparison: Comparison, looks: Mapping[str, Look]) -> list[Drawing]:
    """Returns, for each table of detection, what each kind of error costs more than at the baseline."""
    plots = []
    for table in comparison.tables:
        baseline = table.row(table.baseline)
        kinds = [name for name in table.columns if name.startswith(LOST)]
        rows = [row for row in table.rows if row.recipe != table.baseline and row.is_compared]
        if baseline is None or not kinds or not rows:
            continue
        groups = []
        for kind in kinds:
            pairs = [(row.recipe, row.cells[kind].values) for row in rows if kind in row.cells]
            dots = _paired_dots(pairs, baseline.cells[kind].values if kind in baseline.cells else {})
            groups.append(Group(kind.removeprefix(LOST).replace("_", " "), tuple(dots)))
        title = f"AP lost to each kind of error, against {table.baseline}"
        axis = "AP lost beyond the baseline's, points"
        plots.append(grouped(f"errors-{key_of(table, comparison)}", groups, looks, title=title, axis=axis))
    return plots


def _forest(
    table: Table, name: str, dots: list[Dot], *, looks: Mapping[str, Look], comparison: Comparison
) -> Drawing:
    label = label_of(table, comparison)
    return forest(
        f"difference-{key_of(table, comparison)}-{_stem(name)}",
        dots,
        looks,
        title=f"{title_of(name)}: difference to {table.baseline}, {label}",
        axis=f"difference in {title_of(name)}, points",
        zero=table.baseline,
    )


def _stem(name: str) -> str:
    return name.partition("/")[2].replace("_", "-")


def _dots(table: Table, name: str) -> list[Dot]:
    cells = ((row.recipe, row.cells[name]) for row in table.rows if name in row.cells)
    return [_dot(recipe, cell.delta, cell.delta_over_pictures) for recipe, cell in cells if cell.delta]


def _dot(label: str, delta: Difference, over_pictures: Interval | None) -> Dot:
    ends = delta.low, delta.high
    over_seeds = None if ends[0] is None or ends[1] is None else Interval(ends[0], ends[1])
    return Dot(label, 100 * delta.mean, _percent(over_seeds), _percent(over_pictures))


def _percent(interval: Interval | None) -> Interval | None:
    return None if interval is None else Interval(100 * interval.low, 100 * interval.high)


def _leading(table: Table, name: str) -> list[Row]:
    rows = [row for row in table.rows if row.recipe != table.baseline and row.is_compared]
    return sorted((r for r in rows if name in r.cells), key=lambda r: -r.cells[name].mean)[:_RECIPES]


def _per_class(story: Story, row: Row, name: str) -> dict[str, dict[int, float]]:
    """Returns the value of each class by seed."""
    values: dict[str, dict[int, float]] = {}
    for seed, record in story.records_of(row).items():
        for label, value in record.per_class.get(name, {}).items():
            if value is not None:
                values.setdefault(label, {})[seed] = value
    return values


def _class_groups(
    rows: list[tuple[str, dict[str, dict[int, float]]]], baseline: Mapping[str, Values]
) -> list[Group]:
    groups = []
    for label, values in baseline.items():
        dots = _paired_dots([(recipe, own.get(label, {})) for recipe, own in rows], values)
        if dots and dots[0].recipe == rows[0][0]:
            groups.append(Group(label, tuple(dots)))
    groups.sort(key=lambda group: (-group.dots[0].value, group.label))
    half = _CLASSES // 2
    return groups if len(groups) <= _CLASSES else groups[:half] + groups[-half:]


def _paired_dots(rows: list[tuple[str, Values]], baseline: Values) -> list[Dot]:
    """Returns the mean difference of each recipe that shares a seed with the baseline, and its range."""
    dots = []
    for recipe, values in rows:
        deltas = [100 * (values[seed] - baseline[seed]) for seed in values if seed in baseline]
        if deltas:
            spread = Interval(min(deltas), max(deltas)) if len(deltas) > 1 else None
            dots.append(Dot(recipe, mean(deltas), spread))
    return dots
