"""What can be concluded from scores; numpy and scipy are loaded by the functions that need them alone."""

from transferbench.reports.statistics.paired import (
    INTERVAL,
    Difference,
    mean,
    paired_difference,
    standard_deviation,
)
from transferbench.reports.statistics.student import student_quantile, student_share

__all__ = [
    "INTERVAL",
    "Difference",
    "mean",
    "paired_difference",
    "standard_deviation",
    "student_quantile",
    "student_share",
]
