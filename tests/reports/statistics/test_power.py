import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestPower

from transferbench.reports.statistics.power import power, seeds_needed, smallest_difference, spread_interval

REFERENCE = TTestPower()


@pytest.mark.parametrize("seeds", [2, 3, 5, 30])
@pytest.mark.parametrize("difference", [-0.5, 0.1, 1.0, 3.0])
def test_power_is_that_of_statsmodels(difference: float, seeds: int) -> None:
    ours = power(difference, 2.0, seeds)

    theirs = REFERENCE.power(effect_size=abs(difference) / 2.0, nobs=seeds, alpha=0.05)
    assert ours == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize("effect", [0.2, 0.5, 1.0, 5.0])
def test_seeds_are_the_number_of_statsmodels_rounded_up(effect: float) -> None:
    seeds = seeds_needed(effect, 1.0)

    assert seeds is not None
    assert REFERENCE.power(effect_size=effect, nobs=seeds, alpha=0.05) >= 0.8
    assert seeds == 2 or REFERENCE.power(effect_size=effect, nobs=seeds - 1, alpha=0.05) < 0.8


def test_the_seeds_for_half_a_spread_are_those_of_the_printed_table() -> None:
    assert seeds_needed(0.5, 1.0) == 34


def test_a_difference_far_below_the_spread_needs_more_seeds_than_anybody_trains() -> None:
    assert seeds_needed(0.01, 1.0) is None


@pytest.mark.parametrize("seeds", [2, 3, 10])
def test_the_smallest_difference_has_just_the_power_asked_for(seeds: int) -> None:
    least = smallest_difference(0.004, seeds)

    assert power(least, 0.004, seeds) == pytest.approx(0.8, abs=1e-7)
    assert power(0.999 * least, 0.004, seeds) < 0.8


def test_the_test_finds_a_difference_as_often_as_its_power_says() -> None:
    samples = np.random.default_rng(0).normal(1.5, 1.0, (20_000, 5))

    found = stats.ttest_1samp(samples, 0.0, axis=1).pvalue < 0.05

    assert found.mean() == pytest.approx(power(1.5, 1.0, 5), abs=0.01)


def test_the_spread_lies_where_chi_square_says() -> None:
    low, high = spread_interval(1.0, 3)

    assert (low, high) == pytest.approx((0.5207, 6.2847), abs=1e-4)
    assert low == pytest.approx(float(np.sqrt(2 / stats.chi2.ppf(0.975, 2))))
