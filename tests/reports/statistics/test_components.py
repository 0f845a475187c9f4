import numpy as np
import pytest
from statsmodels.api import MixedLM

from transferbench.reports.statistics.components import components


def test_four_runs_by_hand() -> None:
    # Mean squares: between backbones 2 x 2 x 2^2 / 1 = 16, within (1 + 1 + 1 + 1) / 2 = 2.
    ours = components([{0: [9.0, 11.0], 1: [13.0, 15.0]}])

    assert ours is not None
    assert (ours.pretraining, ours.transfer, ours.backbones, ours.runs) == (7.0, 2.0, 2, 4)
    assert (ours.share_of_pretraining, ours.share_of_transfer) == pytest.approx((7 / 9, 2 / 9))


def test_a_balanced_design_gives_the_restricted_likelihood_of_statsmodels() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(0, 2, (8, 1)) + rng.normal(0, 1, (8, 3))
    fitted = MixedLM(values.ravel(), np.ones(24), np.repeat(np.arange(8), 3)).fit(reml=True)

    ours = components([dict(enumerate(values.tolist()))])

    assert ours is not None
    assert ours.pretraining == pytest.approx(float(fitted.cov_re[0, 0]), rel=1e-3)
    assert ours.transfer == pytest.approx(float(fitted.scale), rel=1e-3)


def test_what_was_put_in_comes_out_on_average_of_groups_of_many_sizes() -> None:
    rng = np.random.default_rng(2)
    found = []
    for _ in range(3000):
        backbones = rng.normal(0, 3, 4)
        recipe = {s: (rng.normal(backbones[s], 1, n)).tolist() for s, n in enumerate((1, 2, 3, 6))}
        found.append(components([recipe]))

    assert np.mean([each.transfer for each in found if each]) == pytest.approx(1.0, abs=0.03)
    assert np.mean([each.pretraining for each in found if each]) == pytest.approx(9.0, abs=0.5)


def test_recipes_of_other_means_are_pooled() -> None:
    one = {0: [9.0, 11.0], 1: [13.0, 15.0]}
    other = {seed: [value + 100 for value in values] for seed, values in one.items()}

    ours, pooled = components([one]), components([one, other])

    assert ours is not None and pooled is not None
    assert (pooled.pretraining, pooled.transfer) == pytest.approx((ours.pretraining, ours.transfer))
    assert (pooled.backbones, pooled.runs) == (4, 8)


def test_backbones_that_differ_less_than_their_transfers_explain_have_no_variance() -> None:
    ours = components([{0: [1.0, 5.0], 1: [1.0, 5.0]}])

    assert ours is not None
    assert (ours.pretraining, ours.transfer, ours.share_of_transfer) == (0.0, 8.0, 1.0)


@pytest.mark.parametrize("recipe", [{}, {0: [1.0, 2.0]}, {0: [1.0], 1: [2.0]}, {0: [1.0, 2.0], 1: []}])
def test_what_was_not_varied_has_no_components(recipe: dict[int, list[float]]) -> None:
    assert components([recipe]) is None


def test_values_that_are_all_equal_have_no_shares() -> None:
    ours = components([{0: [1.0, 1.0], 1: [1.0, 1.0]}])

    assert ours is not None
    assert (ours.share_of_pretraining, ours.share_of_transfer) == (None, None)
