from __future__ import annotations

import numpy as np
import pytest
import torch

from transferbench.tasks.segment.metric.tally import (
    MULTI,
    SINGLE,
    Tally,
    confusion,
    confusion_of,
    confusions_of,
)


def _slow_confusion(truth_HW: torch.Tensor, predicted_HW: torch.Tensor, classes: int) -> np.ndarray:
    confusion_KK1 = np.zeros((classes, classes + 1), np.int64)
    for truth, predicted in zip(truth_HW.flatten().tolist(), predicted_HW.flatten().tolist(), strict=True):
        if truth != 255:
            confusion_KK1[truth, min(predicted, classes)] += 1
    return confusion_KK1


def _random_pair(classes: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    rng = torch.Generator().manual_seed(seed)
    truth_HW, predicted_HW = (
        torch.randint(0, classes, (23, 31), generator=rng, dtype=torch.uint8) for _ in range(2)
    )
    truth_HW[torch.rand(truth_HW.shape, generator=rng) < 0.3] = 255
    predicted_HW[torch.rand(truth_HW.shape, generator=rng) < 0.1] = 255
    return truth_HW, predicted_HW


@pytest.mark.parametrize("classes", [2, 21, 150, 254, 255])
def test_the_confusion_is_that_of_a_loop_over_pixels(classes: int) -> None:
    truth_HW, predicted_HW = _random_pair(classes, seed=classes)

    fast = confusion(truth_HW, predicted_HW, classes)

    np.testing.assert_array_equal(fast.numpy(), _slow_confusion(truth_HW, predicted_HW, classes))


def test_a_tally_adds_pictures_of_any_size() -> None:
    tally = Tally(2)

    tally.add(SINGLE, torch.zeros(2, 3, dtype=torch.uint8), torch.zeros(2, 3, dtype=torch.uint8))
    tally.add(SINGLE, torch.ones(1, 1, dtype=torch.uint8), torch.zeros(1, 1, dtype=torch.uint8))

    np.testing.assert_array_equal(tally.confusion(SINGLE), [[6, 0, 0], [1, 0, 0]])


@pytest.mark.parametrize("classes", [21, 255])
def test_the_sparse_confusions_give_the_confusion_again(classes: int) -> None:
    tally = Tally(classes)

    for seed in range(3):
        tally.add(SINGLE, *_random_pair(classes, seed))

    sparse = tally.sparse()
    np.testing.assert_array_equal(confusion_of(sparse, classes), tally.confusion(SINGLE))
    assert sparse["picture"].max() == 2


def test_two_ways_of_predicting_are_counted_apart() -> None:
    tally, (truth_HW, predicted_HW) = Tally(21), _random_pair(21, 0)

    tally.add(SINGLE, truth_HW, predicted_HW)
    tally.add(MULTI, truth_HW, truth_HW)

    sparse = tally.sparse()
    assert not sparse["picture"].any()
    np.testing.assert_array_equal(
        confusion_of(sparse, 21, SINGLE), _slow_confusion(truth_HW, predicted_HW, 21)
    )
    np.testing.assert_array_equal(confusion_of(sparse, 21, MULTI), _slow_confusion(truth_HW, truth_HW, 21))


def test_each_picture_s_confusion_is_there_by_its_number() -> None:
    tally, nothing = Tally(21), torch.full((4, 4), 255, dtype=torch.uint8)
    pairs = [_random_pair(21, 0), (nothing, nothing), _random_pair(21, 2)]

    for pair in pairs:
        tally.add(SINGLE, *pair)

    of = dict(confusions_of(tally.sparse(), 21))
    assert list(of) == [0, 2]
    for picture, found in of.items():
        np.testing.assert_array_equal(found, _slow_confusion(*pairs[picture], 21))


def test_a_picture_without_labelled_pixels_is_legal_and_adds_nothing() -> None:
    tally = Tally(2)

    tally.add(SINGLE, torch.full((2, 2), 255, dtype=torch.uint8), torch.zeros(2, 2, dtype=torch.uint8))

    assert not tally.confusion(SINGLE).any()
    assert len(tally.sparse()["picture"]) == 0
    assert not list(confusions_of(tally.sparse(), 2))
