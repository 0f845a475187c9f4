"""How closely two scores go together over recipes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from transferbench.reports.statistics.paired import are_equal, mean

if TYPE_CHECKING:
    import numpy as np

NORMAL = 1.959963984540054
"""Within this many standard deviations lies 95 % of a normal variable."""
DRAWS = 2000
"""Of seeds, for an interval's ends to stand to about a hundredth."""

Kind = Literal["pearson", "kendall"]
BySeed = Mapping[int, float]


@dataclass(frozen=True)
class Correlation:
    """Of the means of recipes, in [-1, 1]."""

    kind: Kind
    value: float
    low: float | None
    """Lower end of the 95 % interval, had other recipes of the same kind been tried; None where there are
    too few of them or where all lie on one line."""
    high: float | None
    seeds_low: float | None
    """Lower end of the 95 % interval, had the same recipes been run with other seeds; None where a recipe
    has one seed alone."""
    seeds_high: float | None
    n: int
    """Number of recipes."""


def correlation(kind: Kind, first: Sequence[BySeed], second: Sequence[BySeed]) -> Correlation | None:
    """Returns the correlation of two scores over recipes; None below three, or where one does not vary.

    Args:
        kind: `pearson` for how well a line fits, `kendall` (tau b) for how well the order does.
        first: of each recipe, one value a seed. A single value stands for a number that is known, as one
            that others measured: it is held when seeds are drawn.
        second: of the same recipes, in the same order; a single value alike.

    Source:
        Pearson: Fisher's z with standard error 1 / sqrt(n - 3), Fisher 1921. Kendall: the same transform
        with standard error sqrt(0.437 / (n - 4)), Fieller, Hartley & Pearson 1957 and Bonett & Wright 2000.
        Seeds: percentiles of a bootstrap within recipes, see `_drawn`.
    """
    import numpy as np

    means = [[mean(list(by_seed.values())) for by_seed in side] for side in (first, second)]
    n = len(first)
    if n < 3 or any(are_equal(side, side) for side in means):
        return None
    value = float(_VALUES[kind](*(np.array([side]) for side in means))[0])
    squared_error, freedom = (1.0, n - 3) if kind == "pearson" else (0.437, n - 4)
    low = high = seeds_low = seeds_high = None
    if freedom > 0 and abs(value) < 1 - 1e-12:
        half = NORMAL * math.sqrt(squared_error / freedom)
        low, high = (math.tanh(math.atanh(value) + side) for side in (-half, half))
    if (drawn := _drawn(first, second)) is not None:
        values = _VALUES[kind](*drawn)
        seeds_low, seeds_high = map(float, np.nanpercentile(values, (2.5, 97.5)))
    return Correlation(kind, value, low, high, seeds_low, seeds_high, n)


def _pearson(xs_DN: np.ndarray, ys_DN: np.ndarray) -> np.ndarray:
    """Returns r of each draw, nan where one side does not vary."""
    import numpy as np

    xs, ys = (side - side.mean(axis=1, keepdims=True) for side in (xs_DN, ys_DN))
    with np.errstate(invalid="ignore"):
        return np.asarray((xs * ys).sum(axis=1) / np.sqrt((xs**2).sum(axis=1) * (ys**2).sum(axis=1)))


def _kendall(xs_DN: np.ndarray, ys_DN: np.ndarray) -> np.ndarray:
    """Returns tau b of each draw, nan where one side does not vary."""
    import numpy as np

    xs, ys = (np.sign(side[:, :, None] - side[:, None, :]) for side in (xs_DN, ys_DN))
    with np.errstate(invalid="ignore"):
        return np.asarray(
            (xs * ys).sum(axis=(1, 2)) / np.sqrt((xs**2).sum(axis=(1, 2)) * (ys**2).sum(axis=(1, 2)))
        )


_VALUES = {"pearson": _pearson, "kendall": _kendall}


def _drawn(first: Sequence[BySeed], second: Sequence[BySeed]) -> tuple[np.ndarray, np.ndarray] | None:
    """Returns the means (D, N) of both scores, seeds drawn anew within each recipe; None where none can be.

    A seed's two scores are drawn together, for they descend from one backbone. Deviations are stretched
    by sqrt(n / (n - 1)): the mean of n draws from n values varies that much less than the mean of n seeds.

    Source:
        Rao & Wu 1988, "Resampling inference with complex survey data", for the stretching.
    """
    import numpy as np

    rng = np.random.default_rng(0)
    drawn: tuple[list[np.ndarray], list[np.ndarray]] = [], []
    for x, y in zip(first, second, strict=True):
        seeds = sorted(set(y) if len(x) == 1 else set(x) if len(y) == 1 else set(x) & set(y))
        if len(seeds) < 2:
            return None
        places_DS = rng.integers(len(seeds), size=(DRAWS, len(seeds)))
        stretch = math.sqrt(len(seeds) / (len(seeds) - 1))
        for means, by_seed in zip(drawn, (x, y), strict=True):
            known = mean(list(by_seed.values()))
            values_S = np.array([by_seed.get(seed, known) for seed in seeds])
            centre = values_S.mean()
            means.append(centre + stretch * (values_S[places_DS].mean(axis=1) - centre))
    xs_ND, ys_ND = map(np.array, drawn)
    return xs_ND.T, ys_ND.T
