"""Means, spreads and paired differences with intervals, without scipy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

INTERVAL = 0.95
"""Share of the two-sided intervals."""


@dataclass(frozen=True)
class Difference:
    """The mean of paired differences and what is known of it, in the unit of the values."""

    mean: float
    low: float | None
    """Lower end of the 95 % interval; None where there is none."""
    high: float | None
    p: float | None
    """Two-sided, of Student's t test against a difference of zero; None where there is no interval."""
    n: int
    """Number of pairs."""

    @property
    def excludes_zero(self) -> bool:
        """The interval is there and zero lies outside of it."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high


def mean(values: Sequence[float]) -> float:
    """Returns the arithmetic mean of one value or more."""
    return math.fsum(values) / len(values)


def standard_deviation(values: Sequence[float]) -> float | None:
    """Returns the spread of a sample (n - 1 in the denominator); None below two values."""
    if len(values) < 2:
        return None
    centre = mean(values)
    return math.sqrt(math.fsum((value - centre) ** 2 for value in values) / (len(values) - 1))


def paired_difference(values_a: Sequence[float], values_b: Sequence[float]) -> Difference:
    """Returns how far `a` lies above `b` on average, with its 95 % interval by Student's t.

    There is no interval for one pair, nor where all differences are equal to within rounding: a
    sample without spread says nothing about the spread, and an interval of no width would be read
    as certainty. Coarse scores on few pictures meet this by chance.

    Args:
        values_a: one value a pair, in any unit.
        values_b: the other value of the same pairs, in the same order.

    Raises:
        ValueError: there is no pair, or the two differ in length.

    Source:
        Student 1908; two-sided, n - 1 degrees of freedom.
    """
    differences = [a - b for a, b in zip(values_a, values_b, strict=True)]
    if not differences:
        raise ValueError("a difference needs at least one pair")
    n, centre = len(differences), mean(differences)
    rounding = 1e-12 * max(map(abs, (*values_a, *values_b)))
    if max(differences) - min(differences) <= rounding:
        return Difference(mean=centre, low=None, high=None, p=None, n=n)
    spread = standard_deviation(differences)
    assert spread is not None
    error = spread / math.sqrt(n)
    half = student_quantile(INTERVAL, n - 1) * error
    p = 1 - student_share(abs(centre) / error, n - 1)
    return Difference(mean=centre, low=centre - half, high=centre + half, p=max(0.0, p), n=n)


def student_share(t: float, freedom: int) -> float:
    """Returns the probability that Student's variable lies within -t .. t.

    The finite series in the angle whose tangent is t / sqrt(freedom): exact but for rounding.

    Args:
        t: at least 0.
        freedom: degrees of freedom, at least 1.

    Source:
        Abramowitz & Stegun 1964, 26.7.3 for odd and 26.7.4 for even degrees of freedom.
    """
    angle = math.atan2(t, math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    is_odd = freedom % 2 == 1
    term = cosine if is_odd else 1.0
    terms = []
    for k in range(3 if is_odd else 2, freedom + 1, 2):
        terms.append(term)
        term *= cosine * cosine * (k - 1) / k
    series = sine * math.fsum(terms)
    return 2 / math.pi * (angle + series) if is_odd else series


@cache
def student_quantile(share: float, freedom: int) -> float:
    """Returns the t for which Student's variable lies within -t .. t with probability `share`.

    Args:
        share: in [0, 1).
        freedom: degrees of freedom, at least 1.
    """
    low, high = 0.0, 1.0
    while student_share(high, freedom) < share:
        low, high = high, 2 * high
    while low < (middle := (low + high) / 2) < high:
        if student_share(middle, freedom) < share:
            low = middle
        else:
            high = middle
    return high
