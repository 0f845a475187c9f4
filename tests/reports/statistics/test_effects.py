from collections.abc import Mapping
from itertools import product

import numpy as np
import pytest
from statsmodels.api import OLS

from transferbench.reports.statistics.effects import Effect, effects
from transferbench.reports.statistics.holm import holm
from transferbench.reports.statistics.paired import paired_difference

SQUARE = {
    "plain": {"mixup": False, "cosine": False},
    "plain+mixup": {"mixup": True, "cosine": False},
    "plain+cosine": {"mixup": False, "cosine": True},
    "both": {"mixup": True, "cosine": True},
}
LADDER = {name: SQUARE[name] for name in ("plain", "plain+mixup", "both")}
LEFT_OUT = {
    "all": {"mixup": True, "cosine": True},
    "all-mixup": {"mixup": False, "cosine": True},
    "all-cosine": {"mixup": True, "cosine": False},
}


def means(found: list[Effect]) -> Mapping[str, float]:
    return {effect.name: effect.difference.mean for effect in found}


def test_a_square_by_hand() -> None:
    values = {"plain": {0: 10.0}, "plain+mixup": {0: 12.0}, "plain+cosine": {0: 15.0}, "both": {0: 15.0}}

    found = effects("factorial", SQUARE, values)

    # Mixup brings 2 without cosine and 0 with it: main + interaction = 0, main - interaction = 2.
    assert means(found) == {"mixup": 1.0, "cosine": 4.0, "mixup x cosine": -1.0}
    assert [effect.kind for effect in found] == ["main", "main", "interaction"]


def test_three_factors_are_those_of_least_squares_of_statsmodels() -> None:
    rng = np.random.default_rng(0)
    levels = {
        f"r{i}": dict(zip("abc", on, strict=True)) for i, on in enumerate(product([False, True], repeat=3))
    }
    values = {recipe: dict(enumerate(rng.random(3).tolist())) for recipe in levels}
    a, b, c = np.array([list(levels[r].values()) for r in levels for _ in range(3)]).T * 2.0 - 1
    scores = [v for by_seed in values.values() for v in by_seed.values()]
    fit = OLS(scores, np.stack([np.ones(24), a, b, c, a * b, a * c, b * c], axis=1)).fit()

    found = means(effects("factorial", levels, values))

    assert list(found) == ["a", "b", "c", "a x b", "a x c", "b x c"]
    assert list(found.values()) == pytest.approx((2 * fit.params[1:]).tolist())


def test_each_step_is_compared_with_the_one_before() -> None:
    values = {"plain": {0: 1.0, 1: 2.0}, "plain+mixup": {0: 2.0, 1: 3.5}, "both": {0: 7.0, 1: 9.0}}

    found = effects("cumulative", LADDER, values)

    assert means(found) == {"mixup": 1.25, "cosine": 5.25}
    assert {effect.kind for effect in found} == {"step"}


def test_what_is_left_out_is_worth_the_whole_minus_the_rest() -> None:
    values = {"all": {0: 5.0}, "all-mixup": {0: 4.0}, "all-cosine": {0: 5.5}}

    found = effects("leave_one_out", LEFT_OUT, values)

    assert means(found) == {"mixup": 1.0, "cosine": -0.5}


def test_the_interval_is_that_of_the_contrast_within_each_seed() -> None:
    values = {"plain": {0: 1.0, 1: 2.0, 2: 9.0}, "plain+mixup": {0: 2.0, 1: 3.5, 2: 10.0}}

    (effect,) = effects("cumulative", {name: SQUARE[name] for name in values}, values)

    expected = paired_difference([2.0, 3.5, 10.0], [1.0, 2.0, 9.0])
    assert (effect.difference.low, effect.difference.p) == (expected.low, expected.p)
    assert effect.difference.p_holm == expected.p


def test_effects_are_corrected_over_all_of_them() -> None:
    rng = np.random.default_rng(1)
    values = {recipe: dict(enumerate(rng.random(3).tolist())) for recipe in SQUARE}

    found = [effect.difference for effect in effects("factorial", SQUARE, values)]

    assert [each.p_holm for each in found] == holm([each.p for each in found])


def test_transfers_of_one_backbone_count_as_one() -> None:
    values = {"plain": {0: 0.0, 1000: 0.0, 1: 0.0}, "plain+mixup": {0: 1.0, 1000: 3.0, 1: 4.0}}

    (effect,) = effects("cumulative", {n: SQUARE[n] for n in values}, values, {0: 0, 1000: 0, 1: 1})

    assert (effect.difference.mean, effect.difference.n) == (3.0, 2)


def test_only_seeds_with_all_runs_of_a_contrast_count() -> None:
    values = {"plain": {0: 1.0, 1: 5.0}, "plain+mixup": {0: 2.0}, "both": {1: 7.0}}

    found = effects("cumulative", LADDER, values)

    assert [(effect.name, effect.difference.n) for effect in found] == [("mixup", 1)]


def test_an_effect_whose_runs_are_missing_is_left_out() -> None:
    assert effects("factorial", SQUARE, {"plain": {0: 1.0}, "both": {0: 2.0}}) == []
    assert effects("leave_one_out", {}, {}) == []
    assert effects("cumulative", {}, {}) == []
    assert effects("factorial", {}, {}) == []
