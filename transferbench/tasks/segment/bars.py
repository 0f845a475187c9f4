"""IoU of each class as a picture."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

from transferbench.tasks.drawing import plain, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROWS = 50
"""In a column, at most."""
_ROW_INCHES, _COLUMN_INCHES, _ONLY_COLUMN_INCHES = 0.2, 5.0, 7.5
_AXIS_INCHES, _EDGE_INCHES = 0.5, 0.09
_TITLE_INCHES, _TITLE_LETTERS_AN_INCH = 0.2, 10
_LINE_INCHES, _LETTERS_AN_INCH = 0.145, 16
"""Of the small print, at the least."""
_DOTS_AN_INCH = 110
_SWATCH_POINTS = 7.5
_LONGEST_NAME = 24
_BAR, _TICK = "#7FB3D5", "#A04000"
"""Light and dark: told apart without colour too."""
_FIGURES_AT = 102
"""Percent."""


@dataclass(frozen=True)
class Bar:
    """One class."""

    name: str
    colour: str
    """Of the data set's palette, as `#rrggbb`."""
    iou: float | None
    """At a single scale, in [0, 1]; None where the truth has no pixel of the class."""
    share: float = 0.0
    """Of the labelled pixels."""
    ms_iou: float | None = None
    """At several scales; None where there are none."""


def draw_bars(bars: Sequence[Bar], path: Path, *, title: str = "") -> None:
    """Writes a PNG of the IoU of each class, the best first; those that have no truth are named below.

    Args:
        bars: the classes, in any order; of equal ones the first comes first.
        path: of the file.
        title: of the whole, as the protocol's name.
    """
    from matplotlib.figure import Figure

    shown = sorted((bar for bar in bars if bar.iou is not None), key=lambda bar: -(bar.iou or 0))
    columns = max(1, math.ceil(len(shown) / _ROWS))
    rows = max(1, math.ceil(len(shown) / columns))
    width = _ONLY_COLUMN_INCHES if columns == 1 else columns * _COLUMN_INCHES
    titles = wrap(title, int(width * _TITLE_LETTERS_AN_INCH))
    notes = _notes(bars, int(width * _LETTERS_AN_INCH))
    above = len(titles) * _TITLE_INCHES + _EDGE_INCHES
    below = len(notes) * _LINE_INCHES + _EDGE_INCHES
    height = above + rows * _ROW_INCHES + _AXIS_INCHES + below
    figure = Figure(figsize=(width, height), dpi=_DOTS_AN_INCH)
    figure.set_layout_engine("constrained", rect=(0, below / height, 1, 1 - (below + above) / height))
    for number, panel in enumerate(figure.subplots(1, columns, squeeze=False).ravel()):
        _draw_column(figure, panel, shown[number * rows : (number + 1) * rows], rows)
    edge = _EDGE_INCHES / height
    figure.text(0.5, 1 - edge, plain("\n".join(titles)), ha="center", va="top", fontsize=11)
    figure.text(_EDGE_INCHES / width, edge, plain("\n".join(notes)), va="bottom", fontsize=8)
    with warnings.catch_warnings():
        # A name may be in letters that the font lacks; they are drawn as boxes.
        warnings.filterwarnings("ignore", message="Glyph .* missing", category=UserWarning)
        figure.savefig(path, format="png")


def _draw_column(figure: Figure, panel: Axes, bars: Sequence[Bar], rows: int) -> None:
    places = range(len(bars))
    ious = [100 * (bar.iou or 0) for bar in bars]
    panel.set(xlim=(0, 100), ylim=(rows - 0.4, -0.6), xticks=range(0, 101, 20))
    panel.set_xlabel("IoU in percent", fontsize=8)
    panel.set_yticks(places, [plain(shortened(bar.name, _LONGEST_NAME)) for bar in bars])
    panel.tick_params(axis="y", length=0, pad=15, labelsize=8)
    panel.tick_params(axis="x", labelsize=8)
    panel.grid(axis="x", color="0.85", linewidth=0.6)
    panel.set_axisbelow(True)
    panel.spines[["top", "right"]].set_visible(False)
    panel.barh(places, ious, height=0.72, color=_BAR)
    for place, (bar, iou) in enumerate(zip(bars, ious, strict=True)):
        more = "" if bar.ms_iou is None else f" | {100 * bar.ms_iou:.1f}"
        panel.text(_FIGURES_AT, place, f"{iou:.1f}{more}   ({_share(bar.share)})", va="center", fontsize=8)
    _draw_ticks(panel, {place: bar.ms_iou for place, bar in enumerate(bars) if bar.ms_iou is not None})
    _draw_swatches(figure, panel, [bar.colour for bar in bars])


def _draw_ticks(panel: Axes, ious: Mapping[int, float]) -> None:
    panel.vlines(
        [100 * iou for iou in ious.values()],
        [place - 0.42 for place in ious],
        [place + 0.42 for place in ious],
        color=_TICK,
        linewidth=2,
        clip_on=False,
    )


def _draw_swatches(figure: Figure, panel: Axes, colours: Sequence[str]) -> None:
    """Puts a small square of its colour beside each name."""
    from matplotlib.transforms import ScaledTranslation

    panel.scatter(
        [0] * len(colours),
        range(len(colours)),
        s=_SWATCH_POINTS**2,
        c=colours,
        marker="s",
        edgecolors="black",
        linewidths=0.5,
        transform=panel.get_yaxis_transform()
        + ScaledTranslation(-_SWATCH_POINTS / 72, 0, figure.dpi_scale_trans),
        clip_on=False,
    )


def _notes(bars: Sequence[Bar], letters: int) -> list[str]:
    """Returns the lines below: what is drawn, and which classes are not."""
    more = "; line: at several scales" if any(bar.ms_iou is not None for bar in bars) else ""
    absent = [bar.name for bar in bars if bar.iou is None]
    lines = wrap(f"bar: IoU at a single scale{more}; in brackets: share of the labelled pixels", letters)
    if absent:
        lines += wrap(f"without a pixel in the truth ({len(absent)}): {', '.join(absent)}", letters)
    return lines


def _share(share: float) -> str:
    percent = 100 * share
    return "<0.1 %" if 0 < percent < 0.1 else f"{percent:.1f} %"
