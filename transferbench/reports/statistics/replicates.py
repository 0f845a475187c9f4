"""What the choice of pictures leaves open: intervals from scores of resampled pictures."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

from transferbench.reports.statistics.paired import are_equal, standard_deviation

if TYPE_CHECKING:
    import numpy as np

# Dimension key: R resamples; the same place holds the same pictures in every array.


def interval_of_mean(runs_R: Sequence[np.ndarray]) -> tuple[float, float] | None:
    """Returns where the mean over runs lies with 95 % confidence, had other pictures been scored.

    None where all resamples are worth the same, as where every picture is right: that says nothing of
    their spread. Resamples without anything to score, nan, are left out.

    Args:
        runs_R: the score of each run, one at least, on every resample, centred on the score of all pictures.

    Source:
        Percentiles: Efron & Tibshirani 1993, "An introduction to the bootstrap", section 13.3.
    """
    import numpy as np

    mean_R = _mean(runs_R)
    known = mean_R[~np.isnan(mean_R)]
    if not len(known) or are_equal(known.tolist(), known.tolist()):
        return None
    low, high = np.percentile(known, (2.5, 97.5)).tolist()
    return low, high


def interval_of_difference(
    runs_a_R: Sequence[np.ndarray],
    runs_b_R: Sequence[np.ndarray],
    groups: Sequence[Hashable] | None = None,
) -> tuple[float, float] | None:
    """Returns where `a - b` lies with 95 % confidence, had other pictures been scored, the same for both.

    None as in `interval_of_mean`.

    Args:
        runs_a_R: the score of each run, one at least, on every resample.
        runs_b_R: that of the run it is paired with, in the same order, on the same resamples.
        groups: as of `paired_difference`, whose mean this is an interval of.
    """
    by_group: dict[Hashable, list[np.ndarray]] = {}
    owners = range(len(runs_a_R)) if groups is None else groups
    for group, a_R, b_R in zip(owners, runs_a_R, runs_b_R, strict=True):
        by_group.setdefault(group, []).append(a_R - b_R)
    return interval_of_mean([_mean(members) for members in by_group.values()])


def total_error(scores: Sequence[float], runs_R: Sequence[np.ndarray]) -> float | None:
    """Returns the standard error of the mean over seeds, had both seeds and pictures been others.

    None below two seeds; never below the error that other pictures alone make. With n seeds of spread
    s, V the variance over resamples of their mean and V1 the mean of the variances of each:
    total^2 = s^2 / n + V - (V1 - V) / (n - 1). The last term is what a picture does to one seed and not
    to another, which the first two both hold.

    Args:
        scores: of each seed on all pictures, or its difference to the baseline.
        runs_R: the same on every resample, in the same order.

    Source:
        Two crossed random effects with one value a cell: Searle, Casella & McCulloch 1992, "Variance
        components", section 4.3.
    """
    import numpy as np

    n, spread = len(scores), standard_deviation(scores)
    if spread is None:
        return None
    together = float(np.nanvar(_mean(runs_R), ddof=1))
    apart = float(np.mean([np.nanvar(run, ddof=1) for run in runs_R]))
    shared = max(0.0, (apart - together) / (n - 1))
    return math.sqrt(max(spread**2 / n + together - shared, together))


def _mean(runs_R: Sequence[np.ndarray]) -> np.ndarray:
    import numpy as np

    return np.asarray(np.mean(np.asarray(runs_R, np.float64), axis=0))
