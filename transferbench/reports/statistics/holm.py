"""Holm's correction of a table of p-values."""

from __future__ import annotations

from collections.abc import Sequence


def holm(ps: Sequence[float | None]) -> list[float | None]:
    """Returns p-values corrected so that the chance of any false one among them stays what it says.

    The smallest is multiplied by their number m, the next by m - 1, and so on; none falls below one
    before it, none exceeds 1. It holds whatever the dependence between the tests.

    Args:
        ps: in [0, 1]; None, where a test could not be made, does not count and stays None.

    Source:
        Holm 1979, "A simple sequentially rejective multiple test procedure"; as adjusted p-values in
        Wright 1992.
    """
    tested = sorted((p, place) for place, p in enumerate(ps) if p is not None)
    corrected: list[float | None] = [None] * len(ps)
    least = 0.0
    for rank, (p, place) in enumerate(tested):
        least = max(least, min(1.0, (len(tested) - rank) * p))
        corrected[place] = least
    return corrected
