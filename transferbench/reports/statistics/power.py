"""How many seeds a difference needs, and how small a difference some seeds can show."""

from __future__ import annotations

import math

from transferbench.reports.statistics.student import student_quantile

ALPHA = 0.05
"""Of the two-sided test."""
POWER = 0.8
"""Chance that the test finds a difference that is there."""
MOST_SEEDS = 1000
"""Nobody trains more."""


def power(difference: float, spread: float, seeds: int) -> float:
    """Returns the chance that a paired t test finds a true difference, in [0, 1].

    Args:
        difference: that is there, in any unit.
        spread: standard deviation of the paired differences over seeds, above 0, in the same unit.
        seeds: at least 2.

    Source:
        Noncentral t with n - 1 degrees of freedom and noncentrality difference / (spread / sqrt(n)), both
        tails: Cohen 1988, "Statistical power analysis", chapter 2.
    """
    from scipy.special import nctdtr

    freedom = seeds - 1
    threshold = student_quantile(1 - ALPHA, freedom)
    shift = abs(difference) / spread * math.sqrt(seeds)
    wrong_way = float(nctdtr(freedom, shift, -threshold))
    # Far out, where it is below 1e-15, scipy has no number for it.
    return float(1 - nctdtr(freedom, shift, threshold)) + (0.0 if math.isnan(wrong_way) else wrong_way)


def seeds_needed(difference: float, spread: float) -> int | None:
    """Returns the fewest seeds that show a difference with power .8 at the 5 % level; None above 1,000.

    Args:
        difference: that one wants to see, other than 0, in any unit.
        spread: standard deviation of the paired differences over seeds, above 0, in the same unit.
    """
    if power(difference, spread, MOST_SEEDS) < POWER:
        return None
    low, high = 1, MOST_SEEDS
    while high - low > 1:
        middle = (low + high) // 2
        if power(difference, spread, middle) < POWER:
            low = middle
        else:
            high = middle
    return high


def smallest_difference(spread: float, seeds: int) -> float:
    """Returns the least difference that some seeds show with power .8 at the 5 % level, in the spread's unit.

    Args:
        spread: standard deviation of the paired differences over seeds, above 0.
        seeds: at least 2.
    """
    low, high = 0.0, spread
    while power(high, spread, seeds) < POWER:
        low, high = high, 2 * high
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        if power(middle, spread, seeds) < POWER:
            low = middle
        else:
            high = middle
    return high


def spread_interval(spread: float, seeds: int) -> tuple[float, float]:
    """Returns where the true spread lies with 95 % confidence, for normal noise.

    Three seeds leave a factor of twelve between the ends: what is planned from few seeds is a guess.

    Args:
        spread: standard deviation of a sample, above 0, in any unit.
        seeds: size of the sample, at least 2.

    Source:
        Chi square with n - 1 degrees of freedom; Snedecor & Cochran 1989, section 5.11.
    """
    from scipy.special import chdtri

    freedom = seeds - 1
    low, high = (spread * math.sqrt(freedom / float(chdtri(freedom, tail))) for tail in (0.025, 0.975))
    return low, high
