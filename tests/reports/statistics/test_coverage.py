"""How often intervals hold the truth, by simulation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from transferbench.benchmarks.voc_loop import scene
from transferbench.reports.statistics.paired import paired_difference
from transferbench.reports.statistics.replicates import interval_of_mean
from transferbench.tasks.detect.metric.resample import detect_resampler

SEEDS = (2, 3, 5)
SAMPLES = 20_000


def normal(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    return rng.normal(0, 1, shape)


def skewed(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Lognormal about its mean, the logarithm of spread 1."""
    return np.asarray(rng.lognormal(0, 1, shape) - np.exp(0.5))


def coverage(values_SN: np.ndarray, against_SN: np.ndarray, truth: float) -> float:
    """Returns how often the interval of the paired difference holds the truth."""
    found = [paired_difference(a, b) for a, b in zip(values_SN.tolist(), against_SN.tolist(), strict=True)]
    return share_held([(each.low or 0.0, each.high or 0.0) for each in found], truth)


def share_held(intervals: Sequence[tuple[float, float]], truth: float) -> float:
    return sum(low <= truth <= high for low, high in intervals) / len(intervals)


@pytest.mark.slow
@pytest.mark.parametrize("n", SEEDS)
def test_under_normal_noise_intervals_hold_the_truth_in_95_of_100(n: int) -> None:
    rng = np.random.default_rng(n)
    a, b = normal(rng, (SAMPLES, n)) + 2, normal(rng, (SAMPLES, n))

    assert coverage(a, b, 2.0) == pytest.approx(0.95, abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("n", SEEDS)
def test_where_both_sides_are_equally_skewed_intervals_are_a_little_wide(n: int) -> None:
    rng = np.random.default_rng(n)
    a, b = skewed(rng, (SAMPLES, n)) + 2, skewed(rng, (SAMPLES, n))

    assert 0.95 < coverage(a, b, 2.0) < 0.98


@pytest.mark.slow
@pytest.mark.parametrize(("n", "held"), [(2, 0.893), (3, 0.838), (5, 0.818)])
def test_where_one_side_alone_is_skewed_intervals_are_too_narrow(n: int, held: float) -> None:
    values = skewed(np.random.default_rng(n), (SAMPLES, n))

    assert coverage(values, np.zeros((SAMPLES, n)), 0.0) == pytest.approx(held, abs=0.01)


@pytest.mark.slow
def test_intervals_over_pictures_hold_the_accuracy_of_all_pictures() -> None:
    rng = np.random.default_rng(0)
    draws_RN = rng.multinomial(400, np.full(400, 1 / 400), 1000) / 400
    right_SN = (rng.random((1500, 400)) < 0.7).astype(float)

    intervals = [interval_of_mean([replicates_R]) or (0.0, 0.0) for replicates_R in right_SN @ draws_RN.T]

    assert share_held(intervals, 0.7) == pytest.approx(0.95, abs=0.02)


@pytest.mark.slow
def test_centred_on_the_score_intervals_over_pictures_hold_the_average_precision_of_such_splits() -> None:
    scores, intervals = [], []
    weights_NR = np.random.default_rng(0).multinomial(100, np.full(100, 1 / 100), 200).T.astype(float)
    for seed in range(200):
        truth, found, classes = scene(seed, pictures=100)
        resampled = detect_resampler(truth, found, pictures=100, classes=classes, overlap="devkit")
        own = float(resampled(np.ones((100, 1)))["detect/map_area"][0])
        values_R = resampled(weights_NR)["detect/map_area"]
        scores.append(own)
        intervals.append(interval_of_mean([values_R - values_R.mean() + own]) or (own, own))

    assert share_held(intervals, float(np.mean(scores))) == pytest.approx(0.95, abs=0.05)
