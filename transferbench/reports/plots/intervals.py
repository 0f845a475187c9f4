"""Differences as dots with their intervals: a forest with numbers, or groups of several dots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transferbench.reports.plots.drawing import Drawing, drawn
from transferbench.reports.plots.looks import FAINT, INK, Look, shortened, with_minus
from transferbench.reports.plots.parts import legend_below, rows_of_legend
from transferbench.reports.rows import Interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LONGEST_NAME, _LONGEST_GROUP = 38, 22
_LINE_INCHES, _FRAME_INCHES = 0.42, 0.75


@dataclass(frozen=True)
class Dot:
    """A difference of one recipe, in percentage points."""

    recipe: str
    value: float
    over_seeds: Interval | None = None
    over_pictures: Interval | None = None


@dataclass(frozen=True)
class Group:
    """Dots on one line, as those of a class."""

    label: str
    dots: tuple[Dot, ...]


def interval_words(dot: Dot) -> str:
    """Returns `+54.2 [51.0, 57.4]`, or the difference alone."""
    if dot.over_seeds is None:
        return with_minus(f"{dot.value:+z.1f}")
    return with_minus(f"{dot.value:+z.1f} [{dot.over_seeds.low:z.1f}, {dot.over_seeds.high:z.1f}]")


def forest(
    name: str, dots: Sequence[Dot], looks: Mapping[str, Look], *, title: str, axis: str, zero: str
) -> Drawing:
    """Returns a line for each recipe: its name, its number and its interval against a line at zero.

    Args:
        name: of the files.
        dots: from the top down.
        looks: of the recipes.
        title: of the plot.
        axis: what the numbers are, with their unit.
        zero: what a difference of nothing means, as the baseline's name.
    """

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        axes.grid(visible=False, axis="y")
        for place, dot in enumerate(dots):
            # A whole line would run through the names.
            axes.plot([0, 0], [-place - 0.3, -place + 0.22], color=FAINT, linewidth=1.0, zorder=1)
            _draw_dot(axes, dot, looks[dot.recipe], -place, with_pictures=True)
            _over(axes, -place, shortened(dot.recipe, _LONGEST_NAME), interval_words(dot))
        axes.set(ylim=(-len(dots) + 0.55, 0.8), yticks=[], xlabel=axis)
        axes.spines["left"].set_visible(False)
        _with_room(axes)

    told = "; ".join(f"{dot.recipe} {interval_words(dot)}" for dot in dots)
    return drawn(
        name,
        paint,
        title=title,
        description=f"{axis}, against {zero}: {told}.",
        height_inches=_FRAME_INCHES + _LINE_INCHES * len(dots),
    )


def grouped(
    name: str, groups: Sequence[Group], looks: Mapping[str, Look], *, title: str, axis: str
) -> Drawing:
    """Returns a line for each group with one dot for each recipe.

    Args:
        name: of the files.
        groups: from the top down.
        looks: of the recipes that occur, in the order of the legend.
        title: of the plot.
        axis: what the numbers are, with their unit.
    """
    recipes = [recipe for recipe in looks if any(d.recipe == recipe for g in groups for d in g.dots)]
    step = 0.8 / max(1, len(recipes))

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        axes.axvline(0, color=FAINT, linewidth=1.0, zorder=1)
        axes.grid(visible=False, axis="y")
        for place, group in enumerate(groups):
            for dot in group.dots:
                offset = step * (recipes.index(dot.recipe) - (len(recipes) - 1) / 2)
                _draw_dot(axes, dot, looks[dot.recipe], -place - offset, with_pictures=False)
        labels = [shortened(group.label, _LONGEST_GROUP) for group in groups]
        axes.set(ylim=(-len(groups) + 0.4, 0.6), xlabel=axis)
        axes.set_yticks(range(0, -len(groups), -1), labels)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        _with_room(axes)
        legend_below(figure, {recipe: looks[recipe] for recipe in recipes})

    height = len(groups) * max(0.19, 0.1 * len(recipes)) + 0.17 * rows_of_legend(recipes)
    return drawn(
        name,
        paint,
        title=title,
        description=f"{axis}. " + " ".join(f"{group.label}: {_told(group)}." for group in groups),
        height_inches=_FRAME_INCHES + height,
    )


def _told(group: Group) -> str:
    return "; ".join(f"{dot.recipe} {interval_words(dot)}" for dot in group.dots)


def _draw_dot(axes: Axes, dot: Dot, look: Look, y: float, *, with_pictures: bool) -> None:
    if dot.over_seeds is not None:
        axes.plot([dot.over_seeds.low, dot.over_seeds.high], [y, y], color=look.colour, linewidth=1.8)
    if with_pictures and dot.over_pictures is not None:
        below, ends = y - 0.17, (dot.over_pictures.low, dot.over_pictures.high)
        axes.plot(ends, [below, below], color=FAINT, linewidth=1.0, marker="|", markersize=4)
    axes.plot([dot.value], [y], color=look.colour, marker=look.mark, linestyle="none", zorder=3)


def _over(axes: Axes, y: float, left: str, right: str) -> None:
    place = axes.get_yaxis_transform()
    axes.text(0.0, y + 0.27, left, transform=place, va="bottom", color=INK)
    axes.text(1.0, y + 0.27, right, transform=place, va="bottom", ha="right", color=INK)


def _with_room(axes: Axes) -> None:
    low, high = axes.get_xlim()
    room = 0.02 * (high - low)
    axes.set_xlim(min(low, -room), max(high, room))
