"""Colours, marks and letters of every plot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

INK, FAINT, RULE, PAPER = "#1b1b1a", "#62625f", "#dcdcd8", "#fffffe"
"""Of no use elsewhere, so that a page can put its own in their place."""
SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Told apart by the colour-blind; the marks tell them apart without any colour."""
_MARKS = ("s", "^", "D", "v", "P", "X", "<", ">")

SETTINGS: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": FAINT,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.facecolor": PAPER,
    "font.family": ["DejaVu Sans"],
    "font.size": 8.5,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "legend.handletextpad": 0.4,
    "legend.labelcolor": INK,
    "lines.markersize": 5.0,
    "pdf.fonttype": 42,
    "savefig.facecolor": PAPER,
    "svg.fonttype": "none",
    "svg.hashsalt": "transferbench",
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": FAINT,
    "xtick.labelcolor": INK,
    "xtick.labelsize": 8,
    "ytick.color": FAINT,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 8,
}
"""For matplotlib. Names may hold a dollar or an underscore, which are no formula."""


@dataclass(frozen=True)
class Look:
    """Colour and mark of a recipe, the same in every plot."""

    colour: str
    mark: str


def looks(recipes: Sequence[str], baseline: str) -> dict[str, Look]:
    """Returns a look for every recipe; the baseline is the one in ink, with a circle.

    No two of the first 24 others are alike: six colours, eight marks.
    """
    others = [recipe for recipe in dict.fromkeys(recipes) if recipe != baseline]
    return {
        baseline: Look(INK, "o"),
        **{
            recipe: Look(SERIES[place % len(SERIES)], _MARKS[place % len(_MARKS)])
            for place, recipe in enumerate(others)
        },
    }


def shortened(name: str, longest: int) -> str:
    """Returns a name cut in its middle where it is longer than so many letters."""
    if len(name) <= longest:
        return name
    head = (longest - 1) // 2
    return f"{name[:head]}\u2026{name[len(name) - (longest - 1 - head) :]}"


def with_minus(numbers: str) -> str:
    """Returns numbers with a true minus in place of each hyphen."""
    return numbers.replace("-", "\u2212")
