"""Means, spreads and paired differences with intervals."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from transferbench.reports.statistics.student import student_quantile, student_share

INTERVAL = 0.95
"""Share of the two-sided intervals."""
_ROUNDING = 1e-12
"""Of the largest value; differences that lie closer than this are equal."""


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
    """Number of pairs; of groups, where several pairs share what they start from."""
    p_holm: float | None = None
    """`p` corrected for all differences of a table; None where it was not, or where there is no p."""

    @property
    def excludes_zero(self) -> bool:
        """The interval is there and zero lies outside of it."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high

    @property
    def error(self) -> float | None:
        """Standard error of the mean; None where there is no interval."""
        if self.low is None or self.high is None:
            return None
        return (self.high - self.low) / 2 / student_quantile(INTERVAL, self.n - 1)

    @property
    def spread(self) -> float | None:
        """Standard deviation of the paired differences; None where there is no interval."""
        return None if self.error is None else self.error * math.sqrt(self.n)


def mean(values: Sequence[float]) -> float:
    """Returns the arithmetic mean of one value or more."""
    return math.fsum(values) / len(values)


def standard_deviation(values: Sequence[float]) -> float | None:
    """Returns the spread of a sample (n - 1 in the denominator); None below two values."""
    if len(values) < 2:
        return None
    centre = mean(values)
    return math.sqrt(math.fsum((value - centre) ** 2 for value in values) / (len(values) - 1))


def paired_difference(
    values_a: Sequence[float], values_b: Sequence[float], groups: Sequence[Hashable] | None = None
) -> Difference:
    """Returns how far `a` lies above `b` on average, with its 95 % interval by Student's t.

    There is no interval for one pair, nor where all differences are equal to within rounding: a
    sample without spread says nothing about the spread, and an interval of no width would be read
    as certainty. Coarse scores on few pictures meet this by chance.

    Args:
        values_a: one value a pair, in any unit.
        values_b: the other value of the same pairs, in the same order.
        groups: what each pair starts from, as the seed of the backbone that several transfers share.
            Such pairs are no independent witnesses, so the mean of a group counts as one, whatever its
            size. None for pairs that share nothing.

    Raises:
        ValueError: there is no pair, or the lengths differ.

    Source:
        Student 1908; two-sided, n - 1 degrees of freedom. Group means as units: Lazic 2010, "The problem
        of pseudoreplication", section on averaging.
    """
    differences = paired(values_a, values_b, groups)
    if not differences:
        raise ValueError("a difference needs at least one pair")
    n, centre = len(differences), mean(differences)
    if are_equal(differences, (*values_a, *values_b)):
        return Difference(mean=centre, low=None, high=None, p=None, n=n)
    spread = standard_deviation(differences)
    assert spread is not None
    error = spread / math.sqrt(n)
    half = student_quantile(INTERVAL, n - 1) * error
    p = 1 - student_share(abs(centre) / error, n - 1)
    return Difference(mean=centre, low=centre - half, high=centre + half, p=max(0.0, p), n=n)


def paired(
    values_a: Sequence[float], values_b: Sequence[float], groups: Sequence[Hashable] | None = None
) -> list[float]:
    """Returns `a - b` of each pair, or its mean over each group, groups as they first appear.

    Raises:
        ValueError: the lengths differ.
    """
    differences = [a - b for a, b in zip(values_a, values_b, strict=True)]
    if groups is None:
        return differences
    by_group: dict[Hashable, list[float]] = {}
    for group, difference in zip(groups, differences, strict=True):
        by_group.setdefault(group, []).append(difference)
    return [mean(members) for members in by_group.values()]


def are_equal(differences: Sequence[float], values: Sequence[float]) -> bool:
    """Returns whether differences are equal to within the rounding of the values they came from."""
    return max(differences) - min(differences) <= _ROUNDING * max(map(abs, values))
