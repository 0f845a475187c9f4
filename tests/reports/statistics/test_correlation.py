from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats

from transferbench.reports.statistics.correlation import BySeed, Correlation, Kind, correlation

PAPER = ([76.4, 77.2, 77.9, 78.3, 78.5, 78.8, 79.2], [77.5, 78.3, 78.1, 78.2, 79.1, 79.7, 81.3])
KINDS: tuple[Kind, ...] = ("pearson", "kendall")


def known(values: list[float]) -> list[BySeed]:
    """Returns recipes with one value each."""
    return [{0: value} for value in values]


def noisy(values: list[float], *, spread: float, seeds: int = 3, draw: int = 3) -> list[BySeed]:
    rng = np.random.default_rng(draw)
    return [dict(enumerate(rng.normal(value, spread, seeds).tolist())) for value in values]


def found(kind: Kind, first: Sequence[BySeed], second: Sequence[BySeed]) -> Correlation:
    ours = correlation(kind, first, second)
    assert ours is not None
    return ours


def test_pearson_and_its_interval_are_those_of_scipy() -> None:
    reference = stats.pearsonr(*PAPER)

    ours = found("pearson", *map(known, PAPER))

    interval = reference.confidence_interval(0.95)
    assert ours.value == pytest.approx(reference.statistic)
    assert (ours.low, ours.high) == pytest.approx((interval.low, interval.high))


@pytest.mark.parametrize("second", [PAPER[1], [1.0, 2.0, 2.0, 3.0, 3.0, 3.0, 1.0]])
def test_kendall_is_that_of_scipy_with_and_without_ties(second: list[float]) -> None:
    ours = found("kendall", known(PAPER[0]), known(second))

    assert ours.value == pytest.approx(stats.kendalltau(PAPER[0], second).statistic)


def test_three_recipes_by_hand() -> None:
    ours = found("kendall", known([1.0, 2.0, 3.0]), known([1.0, 3.0, 2.0]))

    assert ours.value == pytest.approx(1 / 3)
    assert (ours.low, ours.high, ours.n) == (None, None, 3)


def test_the_interval_of_kendall_by_hand() -> None:
    ours = found("kendall", *map(known, PAPER))

    half = 1.959964 * np.sqrt(0.437 / 3)
    assert np.tanh(np.arctanh(ours.value) - half) == pytest.approx(ours.low, abs=1e-6)
    assert np.tanh(np.arctanh(ours.value) + half) == pytest.approx(ours.high, abs=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_too_few_recipes_and_scores_that_do_not_vary_have_no_correlation(kind: Kind) -> None:
    assert correlation(kind, known([1.0, 2.0]), known([1.0, 2.0])) is None
    assert correlation(kind, known([0.1, 0.1, 0.1]), known([1.0, 2.0, 3.0])) is None
    assert correlation(kind, [{0: 0.1, 1: 0.1, 2: 0.1}, {0: 0.1}, {0: 0.1}], known([1.0, 2.0, 3.0])) is None


@pytest.mark.parametrize("kind", KINDS)
def test_points_on_a_line_have_no_interval(kind: Kind) -> None:
    ours = found(kind, known([1.0, 2.0, 3.0, 4.0, 5.0]), known([2.0, 4.0, 6.0, 8.0, 10.0]))

    assert ours.value == pytest.approx(1.0)
    assert (ours.low, ours.high) == (None, None)


@pytest.mark.parametrize("kind", KINDS)
def test_seeds_that_scarcely_vary_leave_the_correlation_nearly_where_it_is(kind: Kind) -> None:
    ours = found(kind, known(PAPER[0]), noisy(PAPER[1], spread=1e-6))

    assert (ours.seeds_low, ours.seeds_high) == pytest.approx((ours.value, ours.value), abs=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_seeds_that_vary_widen_the_interval_over_seeds(kind: Kind) -> None:
    little, much = (found(kind, known(PAPER[0]), noisy(PAPER[1], spread=s)) for s in (0.1, 1.0))

    widths = [
        c.seeds_high - c.seeds_low
        for c in (little, much)
        if c.seeds_high is not None and c.seeds_low is not None
    ]
    assert 0 <= widths[0] < widths[1]


def test_the_interval_over_two_seeds_is_as_wide_as_new_seeds_scatter() -> None:
    repeats = [
        found("pearson", known(PAPER[0]), noisy(PAPER[1], spread=0.2, seeds=2, draw=draw))
        for draw in range(200)
    ]

    widths = [(each.seeds_high or 0.0) - (each.seeds_low or 0.0) for each in repeats]
    scatter = np.std([each.value for each in repeats])
    assert np.mean(widths) == pytest.approx(2 * 1.96 * scatter, rel=0.15)


def test_a_recipe_with_one_seed_leaves_no_interval_over_seeds() -> None:
    ours = found("pearson", *map(known, PAPER))

    assert (ours.seeds_low, ours.seeds_high) == (None, None)


def test_the_two_scores_of_a_seed_are_drawn_together() -> None:
    rng = np.random.default_rng(0)
    shared = [dict(enumerate(rng.normal(0, 1, 4).tolist())) for _ in range(6)]

    ours = found("pearson", shared, [{s: 2 * v + 1 for s, v in by_seed.items()} for by_seed in shared])

    assert (ours.seeds_low, ours.seeds_high) == pytest.approx((1.0, 1.0))
