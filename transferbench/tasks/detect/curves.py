"""Precision-recall curves as a picture."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from transferbench.tasks.detect.metric.voc import Curve
from transferbench.tasks.drawing import plain, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PANEL_INCHES = (2.3, 2.1)
_DOTS_AN_INCH = 120
_LONGEST_NAME = 20
_TICKS = (0.0, 0.5, 1.0)


def draw_curves(curves: Mapping[str, Curve], path: Path, *, title: str = "") -> None:
    """Writes a PNG with a panel for each class: its curve, its area AP and its number of objects.

    The line is precision as it was, the shade below it what the area is taken of.

    Args:
        curves: of each class by name, see `voc_curves`.
        path: of the file.
        title: of the whole, as the protocol's name.
    """
    from matplotlib.figure import Figure

    columns = max(1, min(len(curves), round(math.sqrt(len(curves) * 1.2))))
    rows = max(1, math.ceil(len(curves) / columns))
    heading = 0.45 if title else 0.0
    size = (columns * _PANEL_INCHES[0], rows * _PANEL_INCHES[1] + heading)
    figure = Figure(figsize=size, dpi=_DOTS_AN_INCH, layout="constrained")
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for panel, (name, curve) in zip(panels, curves.items(), strict=False):
        _draw_curve(panel, name, curve)
    for panel in panels[len(curves) :]:
        panel.set_axis_off()
    # The last row may be short; whoever stands lowest in a column has the numbers.
    for panel in panels[max(0, len(curves) - columns) : len(curves)]:
        panel.tick_params(labelbottom=True)
    figure.supxlabel("recall", fontsize=10)
    figure.supylabel("precision", fontsize=10)
    if title:
        figure.suptitle(plain(title), fontsize=11)
    figure.savefig(path, format="png")


def _draw_curve(panel: Axes, name: str, curve: Curve) -> None:
    short = shortened(name, _LONGEST_NAME)
    panel.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.05), xticks=_TICKS, yticks=_TICKS)
    panel.tick_params(labelsize=8)
    panel.grid(color="0.88", linewidth=0.6)
    ap = curve.ap()
    if ap is None:
        panel.set_title(f"{plain(short)}\nno objects", fontsize=9)
        return
    counted = f"{curve.objects:,} object{'s' if curve.objects != 1 else ''}"
    panel.set_title(f"{plain(short)}\nAP {100 * ap:.1f}, {counted}", fontsize=9)
    if not len(curve.recall_D):
        panel.text(0.5, 0.5, "no detections", ha="center", va="center", fontsize=9)
        return
    ceiling_D = np.maximum.accumulate(curve.precision_D[::-1])[::-1]
    recall_D = np.concatenate(([0.0], curve.recall_D))
    panel.fill_between(
        recall_D,
        np.concatenate((ceiling_D[:1], ceiling_D)),
        step="pre",
        color="#56B4E9",
        alpha=0.35,
        linewidth=0,
    )
    panel.plot(curve.recall_D, curve.precision_D, color="#0072B2", linewidth=1.2)
