import numpy as np
import pytest

from transferbench.tasks.classify.sources.sequence import nearly_in_sequence

UNITS = np.repeat(np.arange(40), np.arange(40) % 7 + 20)
LABELS = np.random.default_rng(5).integers(0, 10, len(UNITS))


def drawn(buffer: int, seed: int = 0, labels: np.ndarray = LABELS) -> np.ndarray:
    return nearly_in_sequence(UNITS, labels, buffer, np.random.default_rng(seed))


def steps_inside_units(order: np.ndarray) -> np.ndarray:
    steps: np.ndarray = np.diff(order)[np.diff(UNITS[order]) == 0]
    return steps


@pytest.mark.parametrize("buffer", [1, 10, 100, 10_000])
def test_every_picture_comes_once(buffer: int) -> None:
    assert sorted(drawn(buffer)) == list(range(len(UNITS)))


def test_without_a_buffer_units_are_shuffled_and_their_pictures_in_sequence() -> None:
    order = drawn(1)

    assert np.count_nonzero(np.diff(UNITS[order])) == 39
    assert set(steps_inside_units(order)) == {1}
    assert np.any(np.diff(UNITS[order]) < 0)


@pytest.mark.parametrize("buffer", [10, 30, 100])
def test_a_picture_moves_by_less_than_the_buffer(buffer: int) -> None:
    rng = np.random.default_rng(3)
    units = np.argsort(rng.permutation(40))
    stream = np.concatenate([np.flatnonzero(unit == UNITS) for unit in units])

    order = drawn(buffer, seed=3)

    moves = np.argsort(stream)[order] - np.arange(len(order))
    assert np.abs(moves).max() < buffer
    assert np.abs(moves).mean() > buffer / 10


def test_a_unit_that_was_left_is_not_needed_again() -> None:
    order = drawn(30)

    spans = [np.ptp(np.flatnonzero(UNITS[order] == unit)) for unit in range(40)]

    assert max(spans) < 26 + 2 * 30


def test_seeds_give_other_orders_and_the_same_seed_the_same() -> None:
    assert np.array_equal(drawn(30, seed=1), drawn(30, seed=1))
    assert not np.array_equal(drawn(30, seed=1), drawn(30, seed=2))


def test_pictures_sorted_by_class_are_taken_in_any_order() -> None:
    by_class = drawn(30, labels=np.sort(LABELS))

    assert np.array_equal(by_class, np.random.default_rng(0).permutation(len(UNITS)))


def test_a_single_class_is_no_sorted_set() -> None:
    order = drawn(1, labels=np.zeros_like(LABELS))

    assert set(steps_inside_units(order)) == {1}


def test_a_set_no_larger_than_the_buffer_is_taken_in_any_order() -> None:
    assert np.array_equal(drawn(len(UNITS)), np.random.default_rng(0).permutation(len(UNITS)))
