"""One value of every recipe against another: top-1 and a transfer's score, cost and gain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transferbench.reports.plots.drawing import Drawing, drawn
from transferbench.reports.plots.looks import FAINT, Look
from transferbench.reports.plots.parts import legend_below, rows_of_legend
from transferbench.reports.rows import Interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_HEIGHT_INCHES, _LEGEND_INCHES = 2.9, 0.17


@dataclass(frozen=True)
class Point:
    """A recipe in two numbers."""

    recipe: str
    x: float
    y: float
    x_range: Interval | None = None
    y_range: Interval | None = None
    is_hollow: bool = False
    """Whether one of the numbers is not what those of the others are, as where a cost is not known whole."""


@dataclass(frozen=True)
class Axis:
    """What is read along a side."""

    label: str
    is_log: bool = False


def scatter(
    name: str,
    points: Sequence[Point],
    looks: Mapping[str, Look],
    *,
    title: str,
    x: Axis,
    y: Axis,
    front: Sequence[Point] = (),
) -> Drawing:
    """Returns every recipe as a point with its ranges.

    Args:
        name: of the files.
        points: one a recipe.
        looks: of the recipes, in the order of the legend.
        title: of the plot.
        x: from left to right.
        y: from below.
        front: points that no other one beats in both numbers, in order of `x`; a line joins them in steps.
    """
    seen = {recipe: look for recipe, look in looks.items() if any(p.recipe == recipe for p in points)}

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        if x.is_log:
            _log_scale(axes)
        if len(front) > 1:
            across, up = [p.x for p in front], [p.y for p in front]
            axes.step(across, up, where="post", color=FAINT, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
        for point in points:
            _draw_point(axes, point, looks[point.recipe])
        axes.margins(0.08)
        axes.set(xlabel=x.label, ylabel=y.label)
        legend_below(figure, seen)

    told = "; ".join(f"{p.recipe} {p.x:.4g}, {p.y:.1f}" for p in points)
    best = f" Not beaten in both: {', '.join(p.recipe for p in front)}." if front else ""
    return drawn(
        name,
        paint,
        title=title,
        description=f"{y.label} against {x.label}: {told}.{best}",
        height_inches=_HEIGHT_INCHES + _LEGEND_INCHES * rows_of_legend(seen),
    )


def _draw_point(axes: Axes, point: Point, look: Look) -> None:
    for ends, is_across in ((point.x_range, True), (point.y_range, False)):
        if ends is not None:
            span = [ends.low, ends.high]
            xs, ys = (span, [point.y] * 2) if is_across else ([point.x] * 2, span)
            axes.plot(xs, ys, color=look.colour, linewidth=1.2)
    axes.plot(
        [point.x],
        [point.y],
        color=look.colour,
        marker=look.mark,
        markersize=6.5,
        markerfacecolor="none" if point.is_hollow else look.colour,
        linestyle="none",
        zorder=3,
    )


def _log_scale(axes: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
