"""Many faults of a data set, told at once."""

from __future__ import annotations

from collections.abc import Sequence

from transferbench.errors import DataError

_MOST_FAULTS = 10


def raise_together(faults: Sequence[str]) -> None:
    """Raises one DataError that tells all faults, ten at most; nothing if there are none."""
    if faults:
        more = len(faults) - _MOST_FAULTS
        rest = [f"... and {more} more faults like these"] if more > 0 else []
        raise DataError("\n".join([*faults[:_MOST_FAULTS], *rest]))
