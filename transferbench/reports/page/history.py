"""Learning curves of every recipe, thinned and put together over seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from transferbench.reports.page.story import Story, key_of, label_of
from transferbench.reports.plots.curves import Curve, learning_curves
from transferbench.reports.plots.drawing import Drawing
from transferbench.reports.plots.looks import Look
from transferbench.reports.statistics.paired import mean

_BINS = 100
Points = Sequence[tuple[float, float]]


def curve_plots(story: Story, looks: Mapping[str, Look]) -> list[Drawing]:
    """Returns the learning curves of each table whose runs kept their losses."""
    plots = []
    for table in story.comparison.tables:
        curves = []
        for row in table.rows:
            runs = [story.losses[key] for key in row.identities.values() if story.losses.get(key)]
            if runs:
                curves.append(curve_of(row.recipe, runs))
        if curves:
            key, label = key_of(table, story.comparison), label_of(table, story.comparison)
            title = f"Learning curves, {label}"
            plots.append(learning_curves(f"curves-{key}", curves, looks, title=title))
    return plots


def curve_of(recipe: str, runs: Sequence[Points]) -> Curve:
    """Returns the mean, the least and the greatest loss over runs, moment by moment.

    Args:
        recipe: that ran.
        runs: epochs and losses, none of them empty; of the longer ones the end is left out.
    """
    shortest = min(map(len, runs))
    moments = list(zip(*(thinned(run[:shortest]) for run in runs), strict=True))
    losses = [[loss for _, loss in moment] for moment in moments]
    return Curve(
        recipe=recipe,
        epochs=tuple(mean([epoch for epoch, _ in moment]) for moment in moments),
        losses=tuple(map(mean, losses)),
        lows=tuple(map(min, losses)),
        highs=tuple(map(max, losses)),
    )


def thinned(points: Points, bins: int = _BINS) -> list[tuple[float, float]]:
    """Returns the means of `bins` stretches of a curve, or the curve itself where it is no longer.

    Args:
        points: epochs and losses, in order.
        bins: at least 1.
    """
    if len(points) <= bins:
        return list(points)
    edges = [len(points) * place // bins for place in range(bins + 1)]
    stretches = [points[low:high] for low, high in pairwise(edges)]
    return [(mean([x for x, _ in part]), mean([y for _, y in part])) for part in stretches]
