"""By how much a picture is scaled. Imports no torch."""

from __future__ import annotations

from transferbench.tasks.segment.settings import Side


def factor_to(size: tuple[int, int], side: Side, length: float, longest: float | None) -> float:
    """Returns the factor that brings a side of a picture to a length, or the long one to its limit.

    Args:
        size: height and width in pixels.
        side: which one.
        length: in pixels.
        longest: in pixels; None for no limit.
    """
    factor = length / (max(size) if side == "long" else min(size))
    return factor if longest is None else min(factor, longest / max(size))
