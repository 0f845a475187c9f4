"""Student's distribution for whole degrees of freedom, without scipy, so that tables answer at once."""

from __future__ import annotations

import math
from functools import cache


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
