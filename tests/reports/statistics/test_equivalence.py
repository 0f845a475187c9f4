import numpy as np
import pytest
from statsmodels.stats.weightstats import DescrStatsW

from transferbench.reports.statistics.equivalence import equivalence
from transferbench.reports.statistics.paired import Difference, paired_difference


def difference(mean: float, *, n: int = 5) -> Difference:
    """Returns differences of spread 0.1 about a mean."""
    noise = np.resize([0.1, -0.1], n) if n % 2 == 0 else np.append(np.resize([0.1, -0.1], n - 1), 0.0)
    return paired_difference((mean + noise).tolist(), [0.0] * n)


@pytest.mark.parametrize("margin", [0.05, 0.3, 1.0])
@pytest.mark.parametrize("n", [2, 3, 10])
def test_p_and_interval_are_those_of_statsmodels(n: int, margin: float) -> None:
    a, b = np.random.default_rng(n).normal((0.6, 0.5), 0.1, (n, 2)).T
    reference = DescrStatsW(a - b)

    ours = equivalence(paired_difference(a.tolist(), b.tolist()), margin)

    assert ours is not None
    assert ours.p == pytest.approx(reference.ttost_mean(-margin, margin)[0], abs=1e-9)
    assert (ours.low, ours.high) == pytest.approx(reference.tconfint_mean(alpha=0.1), abs=1e-9)


@pytest.mark.parametrize(
    ("mean", "verdict"),
    [
        (0.0, "equivalent"),
        (0.1, "equivalent"),
        (0.5, "open"),
        (-0.52, "open"),
        (1.0, "different"),
        (-1.0, "different"),
    ],
)
def test_a_verdict_is_by_where_the_interval_lies(mean: float, verdict: str) -> None:
    ours = equivalence(difference(mean), 0.5)

    assert ours is not None and ours.verdict == verdict


def test_a_difference_surely_other_than_zero_may_be_too_small_to_matter() -> None:
    small = difference(0.2)

    ours = equivalence(small, 0.5)

    assert small.excludes_zero
    assert ours is not None and ours.verdict == "equivalent"


def test_the_tests_agree_with_the_interval() -> None:
    for margin in np.linspace(0.01, 0.5, 40).tolist():
        ours = equivalence(difference(0.1), margin)

        assert ours is not None
        assert (ours.verdict == "equivalent") == (-margin < ours.low and ours.high < margin)


def test_one_pair_tells_nothing() -> None:
    assert equivalence(paired_difference([1.0], [1.0]), 0.5) is None


@pytest.mark.parametrize("margin", [0.0, -0.1, float("nan")])
def test_a_margin_lies_above_zero(margin: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        equivalence(difference(0.1), margin)
