"""Learning curves: the loss of each recipe over its training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transferbench.reports.plots.drawing import Drawing, drawn
from transferbench.reports.plots.looks import Look
from transferbench.reports.plots.parts import legend_below, rows_of_legend

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HEIGHT_INCHES, _LEGEND_INCHES = 2.7, 0.17
_MOST_ON_ONE_SCALE = 20.0
"""How many times the smallest of the last losses the greatest may be; a distilled one is weighed by T^2."""


@dataclass(frozen=True)
class Curve:
    """The loss of a recipe at some moments of its training, over its seeds."""

    recipe: str
    epochs: tuple[float, ...]
    losses: tuple[float, ...]
    """Mean over seeds."""
    lows: tuple[float, ...]
    highs: tuple[float, ...]
    """Smallest and greatest over seeds."""


def learning_curves(name: str, curves: Sequence[Curve], looks: Mapping[str, Look], *, title: str) -> Drawing:
    """Returns a line for each recipe within the band of its seeds.

    Args:
        name: of the files.
        curves: one a recipe.
        looks: of the recipes, in the order of the legend.
        title: of the plot.
    """
    seen = {recipe: look for recipe, look in looks.items() if any(c.recipe == recipe for c in curves)}

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        for curve in curves:
            look = looks[curve.recipe]
            axes.fill_between(
                curve.epochs, curve.lows, curve.highs, color=look.colour, alpha=0.18, linewidth=0
            )
            axes.plot(
                curve.epochs,
                curve.losses,
                color=look.colour,
                linewidth=1.3,
                marker=look.mark,
                markersize=4,
                markevery=max(1, len(curve.epochs) // 5),
            )
        axes.margins(x=0.01)
        axes.set(xlabel="epoch", ylabel="training loss")
        if _is_wide(curves):
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter("{x:g}")
        legend_below(figure, seen, linestyle="-")

    told = "; ".join(f"{c.recipe} from {c.losses[0]:.3g} to {c.losses[-1]:.3g}" for c in curves)
    return drawn(
        name,
        paint,
        title=title,
        description=f"Training loss over epochs, mean over seeds in the band of all seeds: {told}.",
        height_inches=_HEIGHT_INCHES + _LEGEND_INCHES * rows_of_legend(seen),
    )


def _is_wide(curves: Sequence[Curve]) -> bool:
    """Returns whether one recipe's loss would press all others flat, as a teacher's term does."""
    ends = [curve.losses[-1] for curve in curves]
    is_positive = all(min(curve.lows) > 0 for curve in curves)
    return is_positive and max(ends, default=0.0) > _MOST_ON_ONE_SCALE * min(ends, default=0.0)
