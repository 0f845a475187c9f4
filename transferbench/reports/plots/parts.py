"""What plots of several kinds have in common."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Literal

from transferbench.reports.plots.looks import Look, shortened

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LONGEST_NAME = 44
_LETTERS_A_LINE = 66


def legend_below(
    figure: Figure, looks: Mapping[str, Look], *, linestyle: Literal["none", "-"] = "none"
) -> None:
    """Adds a legend of recipes under everything.

    Args:
        figure: that is laid out by constraints.
        looks: of the recipes, in order.
        linestyle: of the line through the marks, as matplotlib calls it.
    """
    from matplotlib.lines import Line2D

    if not looks:
        return
    handles = [
        Line2D([], [], color=look.colour, marker=look.mark, linestyle=linestyle) for look in looks.values()
    ]
    names = [shortened(recipe, _LONGEST_NAME) for recipe in looks]
    figure.legend(handles, names, loc="outside lower left", ncols=_columns(looks))


def rows_of_legend(recipes: Collection[str]) -> int:
    """Returns how many lines a legend of the recipes takes."""
    return math.ceil(len(recipes) / _columns(recipes)) if recipes else 0


def _columns(recipes: Collection[str]) -> int:
    longest = max(len(shortened(recipe, _LONGEST_NAME)) for recipe in recipes)
    return max(1, min(len(recipes), _LETTERS_A_LINE // (longest + 7)))
