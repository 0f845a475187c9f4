import math

import numpy as np
import pytest

from transferbench.reports.statistics.replicates import interval_of_difference, interval_of_mean, total_error


def test_the_interval_is_between_the_percentiles() -> None:
    assert interval_of_mean([np.arange(1001) / 1000]) == pytest.approx((0.025, 0.975))


def test_runs_are_averaged_on_the_same_pictures_first() -> None:
    up = np.linspace(0, 1, 1001)

    assert interval_of_mean([up, 1 - up + 0.1 * up]) == pytest.approx((0.50125, 0.54875))


def test_pictures_that_are_hard_for_both_cancel_in_the_difference() -> None:
    hard = np.random.default_rng(0).normal(0.5, 0.1, 1001)
    own = np.linspace(0, 0.01, 1001)

    interval = interval_of_difference([hard + own + 0.02, hard + 0.02], [hard, hard])

    assert interval == pytest.approx((0.02 + 0.000125, 0.02 + 0.004875))


def test_resamples_that_are_all_worth_the_same_have_no_interval() -> None:
    hard = np.random.default_rng(0).normal(0.5, 0.1, 1000)

    assert interval_of_mean([np.full(1000, 0.75)]) is None
    assert interval_of_difference([hard], [hard]) is None


def test_resamples_with_nothing_to_score_are_left_out() -> None:
    values = np.append(np.arange(1001) / 1000, [np.nan, np.nan])

    assert interval_of_mean([values]) == pytest.approx((0.025, 0.975))
    assert interval_of_mean([np.full(10, np.nan)]) is None
    assert total_error([0.4, 0.6], [values, values]) == total_error([0.4, 0.6], [values[:-2], values[:-2]])


def test_one_seed_has_no_total_error() -> None:
    assert total_error([0.5], [np.arange(10.0)]) is None


def test_seeds_alone_give_their_own_standard_error() -> None:
    assert total_error([0.4, 0.6], [np.full(100, 0.4), np.full(100, 0.6)]) == pytest.approx(0.1)


def test_pictures_alone_give_the_spread_of_the_mean() -> None:
    pictures = np.random.default_rng(0).normal(0.5, 0.1, 1000)

    assert total_error([0.5, 0.5], [pictures, pictures]) == pytest.approx(np.std(pictures, ddof=1))


def test_the_total_error_is_that_of_new_seeds_and_new_pictures() -> None:
    rng = np.random.default_rng(0)
    draws_RN = rng.multinomial(100, np.full(100, 1 / 100), size=400) / 100
    squares = []
    for _ in range(1000):
        values_SN = rng.normal(0, 0.4, (3, 1)) + rng.normal(0, 1, 100) + rng.normal(0, 1.5, (3, 100))
        error = total_error(values_SN.mean(axis=1).tolist(), list(values_SN @ draws_RN.T))
        squares.append((error or 0.0) ** 2)

    truth = 0.4**2 / 3 + 1 / 100 + 1.5**2 / 300
    assert math.sqrt(np.mean(squares)) == pytest.approx(math.sqrt(truth), rel=0.05)


def test_pairs_of_one_group_count_once_in_a_difference() -> None:
    up, flat = np.linspace(0, 1, 1001), np.zeros(1001)

    interval = interval_of_difference([up, flat, flat], [flat, flat, flat], [0, 1, 1])

    assert interval == pytest.approx((0.0125, 0.4875))
