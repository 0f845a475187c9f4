"""Whether a difference is too small to matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from transferbench.reports.statistics.paired import Difference
from transferbench.reports.statistics.student import student_quantile, student_share

ALPHA = 0.05
"""Of each of the two one-sided tests."""

Verdict = Literal["equivalent", "different", "open"]
"""`different`: beyond the margin, not merely away from zero."""


@dataclass(frozen=True)
class Equivalence:
    """What two one-sided tests say of a difference."""

    margin: float
    """Above 0; what lies within does not matter, in the unit of the difference."""
    low: float
    """Lower end of the 90 % interval, which belongs to two one-sided tests at 5 %."""
    high: float
    p: float
    """Of the hypothesis that the difference is the margin or more, on either side."""
    verdict: Verdict


def equivalence(difference: Difference, margin: float) -> Equivalence | None:
    """Returns whether a paired difference lies within a margin; None where it has no interval.

    `equivalent` where the whole 90 % interval lies within the margin, `different` where none of it does,
    `open` where the seeds at hand cannot tell.

    Args:
        difference: with its interval.
        margin: above 0, in the unit of the difference.

    Raises:
        ValueError: the margin is not above 0.

    Source:
        Two one-sided t tests: Schuirmann 1987; Lakens 2017, "Equivalence tests".
    """
    if not margin > 0:
        raise ValueError(f"a margin lies above 0, found {margin}")
    if (error := difference.error) is None:
        return None
    freedom = difference.n - 1
    half = student_quantile(1 - 2 * ALPHA, freedom) * error
    low, high = difference.mean - half, difference.mean + half
    p = max(
        _share_above((difference.mean + margin) / error, freedom),
        _share_above((margin - difference.mean) / error, freedom),
    )
    verdict: Verdict = "open"
    if p < ALPHA:
        verdict = "equivalent"
    elif low >= margin or high <= -margin:
        verdict = "different"
    return Equivalence(margin=margin, low=low, high=high, p=p, verdict=verdict)


def _share_above(t: float, freedom: int) -> float:
    """Returns the probability that Student's variable exceeds `t`."""
    within = student_share(abs(t), freedom)
    return (1 - within) / 2 if t > 0 else (1 + within) / 2
