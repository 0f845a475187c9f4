from __future__ import annotations

import numpy as np
import pytest
import torch

from transferbench.tasks.segment.metric import (
    Tally,
    confusion,
    confusion_of,
    iou_per_class,
    mean_iou,
    pixel_accuracy,
)


def _slow_confusion(truth_HW: torch.Tensor, predicted_HW: torch.Tensor, classes: int) -> np.ndarray:
    confusion_KK = np.zeros((classes, classes), np.int64)
    for truth, predicted in zip(truth_HW.flatten().tolist(), predicted_HW.flatten().tolist(), strict=True):
        if truth != 255:
            confusion_KK[truth, predicted] += 1
    return confusion_KK


def _random_pair(classes: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    rng = torch.Generator().manual_seed(seed)
    truth_HW = torch.randint(0, classes, (23, 31), generator=rng, dtype=torch.uint8)
    truth_HW[torch.rand(truth_HW.shape, generator=rng) < 0.3] = 255
    return truth_HW, torch.randint(0, classes, (23, 31), generator=rng, dtype=torch.uint8)


@pytest.mark.parametrize("classes", [2, 21, 150, 254])
def test_the_confusion_is_that_of_a_loop_over_pixels(classes: int) -> None:
    truth_HW, predicted_HW = _random_pair(classes, seed=classes)

    fast = confusion(truth_HW, predicted_HW, classes)

    np.testing.assert_array_equal(fast.numpy(), _slow_confusion(truth_HW, predicted_HW, classes))


def test_three_pixels_can_be_scored_by_hand() -> None:
    truth_HW = torch.tensor([[0, 0, 1]], dtype=torch.uint8)
    predicted_HW = torch.tensor([[0, 1, 1]], dtype=torch.uint8)

    counted = confusion(truth_HW, predicted_HW, 2).numpy()

    assert pixel_accuracy(counted) == pytest.approx(2 / 3)
    assert iou_per_class(counted) == [0.5, 0.5]


def test_what_is_predicted_on_ignored_pixels_does_not_count() -> None:
    truth_HW = torch.tensor([[0, 255, 255, 1]], dtype=torch.uint8)
    predicted_HW = torch.tensor([[0, 0, 1, 1]], dtype=torch.uint8)

    counted = confusion(truth_HW, predicted_HW, 2).numpy()

    assert mean_iou(counted) == pixel_accuracy(counted) == 1.0


def test_a_class_without_truth_has_no_iou_and_is_left_out_of_the_mean() -> None:
    truth_HW = torch.tensor([[0, 0, 0, 0]], dtype=torch.uint8)
    predicted_HW = torch.tensor([[0, 0, 0, 2]], dtype=torch.uint8)

    counted = confusion(truth_HW, predicted_HW, 3).numpy()

    assert iou_per_class(counted) == [0.75, None, None]
    assert mean_iou(counted) == 0.75


def test_a_tally_adds_pictures_of_any_size() -> None:
    tally = Tally(2)

    tally.add(torch.zeros(2, 3, dtype=torch.uint8), torch.zeros(2, 3, dtype=torch.uint8))
    tally.add(torch.ones(1, 1, dtype=torch.uint8), torch.zeros(1, 1, dtype=torch.uint8))

    np.testing.assert_array_equal(tally.confusion_KK, [[6, 0], [1, 0]])


def test_the_sparse_confusions_give_the_confusion_again() -> None:
    tally = Tally(21)

    for seed in range(3):
        tally.add(*_random_pair(21, seed))

    sparse = tally.sparse()
    np.testing.assert_array_equal(confusion_of(sparse, 21), tally.confusion_KK)
    assert sparse["picture"].max() == 2


def test_a_picture_without_labelled_pixels_is_legal_and_adds_nothing() -> None:
    tally = Tally(2)

    tally.add(torch.full((2, 2), 255, dtype=torch.uint8), torch.zeros(2, 2, dtype=torch.uint8))

    assert tally.confusion_KK.sum() == 0
    assert len(tally.sparse()["picture"]) == 0
