import math

import numpy as np
import pytest
from scipy import stats

from transferbench.reports.statistics import (
    mean,
    paired_difference,
    standard_deviation,
    student_quantile,
    student_share,
)

FREEDOMS = (1, 2, 3, 4, 5, 7, 10, 29, 30, 101)


@pytest.mark.parametrize("freedom", FREEDOMS)
def test_the_share_within_t_is_that_of_scipy(freedom: int) -> None:
    ts = [0.0, 1e-6, 0.3, 1.0, 2.5, 12.7, 300.0]

    shares = [student_share(t, freedom) for t in ts]

    np.testing.assert_allclose(shares, 1 - 2 * stats.t.sf(ts, freedom), rtol=0, atol=1e-9)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.95, 0.999])
@pytest.mark.parametrize("freedom", FREEDOMS)
def test_the_quantile_is_that_of_scipy(freedom: int, share: float) -> None:
    ours = student_quantile(share, freedom)

    assert ours == pytest.approx(stats.t.ppf((1 + share) / 2, freedom), rel=1e-9, abs=1e-9)


def test_the_quantiles_are_those_of_the_printed_table() -> None:
    assert [round(student_quantile(0.95, n), 3) for n in (1, 2, 4, 9)] == [12.706, 4.303, 2.776, 2.262]


@pytest.mark.parametrize("n", [2, 3, 5, 12])
def test_interval_and_p_are_those_of_the_paired_test_of_scipy(n: int) -> None:
    rng = np.random.default_rng(n)
    a, b = rng.normal(0.6, 0.01, n), rng.normal(0.59, 0.01, n)
    reference = stats.ttest_rel(a, b)

    ours = paired_difference(a.tolist(), b.tolist())

    interval = reference.confidence_interval(0.95)
    assert ours.p == pytest.approx(reference.pvalue, abs=1e-9)
    assert (ours.low, ours.high) == pytest.approx((interval.low, interval.high), abs=1e-9)


def test_a_difference_by_hand() -> None:
    ours = paired_difference([3.0, 6.0], [1.0, 2.0])

    assert (ours.mean, ours.n) == (3.0, 2)
    assert (ours.low, ours.high) == pytest.approx((3 - 12.7062, 3 + 12.7062), abs=1e-4)
    assert ours.p == pytest.approx(2 / math.pi * math.atan(1 / 3), abs=1e-12)
    assert not ours.excludes_zero


def test_an_interval_on_one_side_of_zero_excludes_it() -> None:
    assert paired_difference([0.5, 0.51, 0.5], [0.1, 0.1, 0.1]).excludes_zero
    assert paired_difference([0.1, 0.1, 0.1], [0.5, 0.51, 0.5]).excludes_zero


def test_one_pair_has_a_difference_and_no_interval() -> None:
    ours = paired_difference([0.75], [0.5])

    assert (ours.mean, ours.low, ours.high, ours.p, ours.n) == (0.25, None, None, None, 1)


@pytest.mark.parametrize("gain", [0.0, 0.1])
def test_equal_differences_have_no_interval(gain: float) -> None:
    baseline = [0.1, 0.7, 0.33]

    ours = paired_difference([value + gain for value in baseline], baseline)

    assert ours.mean == pytest.approx(gain)
    assert (ours.low, ours.high, ours.p, ours.n) == (None, None, None, 3)


def test_swapping_the_two_turns_the_sign_and_keeps_p() -> None:
    a, b = [0.5, 0.61, 0.55], [0.4, 0.42, 0.5]

    forth, back = paired_difference(a, b), paired_difference(b, a)

    assert (back.mean, back.p) == (-forth.mean, forth.p)
    assert forth.low is not None and back.high == -forth.low


def test_a_far_difference_has_a_p_that_is_small_and_not_negative() -> None:
    ours = paired_difference([1.0, 1.0 + 1e-9, 1.0] * 10, [0.0] * 30)

    assert ours.p is not None and 0 <= ours.p < 1e-12


def test_pairs_must_match_and_be_there() -> None:
    with pytest.raises(ValueError, match="at least one pair"):
        paired_difference([], [])
    with pytest.raises(ValueError, match="shorter"):
        paired_difference([1.0, 2.0], [1.0])


def test_mean_and_spread_by_hand() -> None:
    assert mean([1.0, 2.0, 6.0]) == 3.0
    assert standard_deviation([1.0, 2.0, 6.0]) == pytest.approx(math.sqrt(7))
    assert standard_deviation([1.0]) is None


def test_transfers_of_one_backbone_count_as_one() -> None:
    a, b = [0.50, 0.54, 0.60, 0.62], [0.40, 0.40, 0.50, 0.50]
    backbones = [0, 0, 1, 1]

    ours = paired_difference(a, b, backbones)

    assert ours == paired_difference([0.52, 0.61], [0.40, 0.50])
    assert ours.n == 2


def test_the_mean_of_a_group_counts_as_one_whatever_its_size() -> None:
    ours = paired_difference([1.0, 1.0, 1.0, 4.0], [0.0] * 4, ["a", "a", "a", "b"])

    assert (ours.mean, ours.n) == (2.5, 2)


def test_groups_of_one_change_nothing() -> None:
    a, b = [0.5, 0.61, 0.55], [0.4, 0.42, 0.5]

    assert paired_difference(a, b, [3, 1, 2]) == paired_difference(a, b)


def test_many_transfers_of_one_backbone_have_no_interval() -> None:
    ours = paired_difference([0.5, 0.6, 0.55], [0.4, 0.4, 0.4], [0, 0, 0])

    assert (ours.low, ours.high, ours.p, ours.n) == (None, None, None, 1)


def test_each_pair_has_its_group() -> None:
    with pytest.raises(ValueError, match="longer"):
        paired_difference([1.0, 2.0], [0.0, 0.0], [0])
