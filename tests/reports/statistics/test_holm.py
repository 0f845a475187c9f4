import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from transferbench.reports.statistics.holm import holm


@pytest.mark.parametrize("count", [1, 2, 5, 40])
def test_corrected_values_are_those_of_statsmodels(count: int) -> None:
    ps = (np.random.default_rng(count).random(count) ** 3).tolist()

    corrected = holm(ps)

    assert corrected == pytest.approx(multipletests(ps, method="holm")[1].tolist(), abs=1e-15)


def test_four_values_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_a_test_that_could_not_be_made_does_not_count() -> None:
    assert holm([None, 0.02, None, 0.01]) == [None, 0.02, None, 0.02]
    assert holm([None]) == [None]
    assert holm([]) == []


def test_nothing_exceeds_one_and_equal_values_stay_equal() -> None:
    assert holm([0.6, 0.6, 0.9]) == [1.0, 1.0, 1.0]
    assert holm([0.01, 0.01]) == [0.02, 0.02]
