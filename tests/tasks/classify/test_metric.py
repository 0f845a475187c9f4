import numpy as np
import pytest

from transferbench.tasks.classify.metric import (
    Share,
    accuracy_per_class,
    classify_resampler,
    sign_test,
    top_accuracy,
)

RANKED = np.array([[0, 1, 2], [1, 0, 2], [2, 1, 0], [0, 2, 1]])
LABELS = np.array([0, 0, 1, 1])


def test_top_accuracy_counts_labels_among_the_first_guesses() -> None:
    assert top_accuracy(RANKED, LABELS, 1) == 0.25
    assert top_accuracy(RANKED, LABELS, 2) == 0.75
    assert top_accuracy(RANKED, LABELS, 5) == 1.0


def test_a_class_without_pictures_has_no_accuracy() -> None:
    assert accuracy_per_class(RANKED, LABELS, ("a", "b", "c")) == {"a": 0.5, "b": 0.0, "c": None}


@pytest.mark.parametrize(("right", "count"), [(0, 10), (3, 10), (84, 125), (10, 10), (50, 1000)])
def test_the_interval_of_a_share_is_wilsons(right: int, count: int) -> None:
    scipy = pytest.importorskip("scipy.stats")
    expected = scipy.binomtest(right, count).proportion_ci(0.95, method="wilson")

    share = Share.of(np.arange(count) < right)

    assert (share.value, share.pictures) == (right / count, count)
    assert (share.low, share.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


@pytest.mark.parametrize(("gained", "lost"), [(0, 0), (1, 0), (9, 2), (5, 5), (200, 150)])
def test_the_sign_test_is_the_binomial_one(gained: int, lost: int) -> None:
    scipy = pytest.importorskip("scipy.stats")
    is_right = np.array([True] * gained + [False] * lost + [True, False])
    was_right = np.array([False] * gained + [True] * lost + [True, False])

    p_value = sign_test(is_right, was_right)

    differing = gained + lost
    expected = scipy.binomtest(gained, differing, alternative="greater").pvalue if differing else 1.0
    assert p_value == pytest.approx(expected, rel=1e-9)


def test_drawn_pictures_are_worth_what_copies_of_them_are() -> None:
    weights = np.array([[1, 1, 1, 1], [0, 3, 1, 0], [4, 0, 0, 0]])
    copies = [np.repeat(np.arange(4), drawn) for drawn in weights]

    ours = classify_resampler(RANKED, LABELS, {"top1": 1, "top2": 2})(weights.T.astype(float))

    for name, ranks in (("top1", 1), ("top2", 2)):
        assert ours[name].tolist() == [top_accuracy(RANKED[rows], LABELS[rows], ranks) for rows in copies]
