from __future__ import annotations

import numpy as np
import pytest
import torch

from transferbench.tasks.segment.metric.scores import (
    accuracy_per_class,
    frequency_weighted_iou,
    iou_per_class,
    mean_accuracy,
    mean_iou,
    pixel_accuracy,
    scored,
)
from transferbench.tasks.segment.metric.tally import confusion


def _confusion(truth: list[int], predicted: list[int], classes: int) -> np.ndarray:
    truth_HW, predicted_HW = (torch.tensor([labels], dtype=torch.uint8) for labels in (truth, predicted))
    return confusion(truth_HW, predicted_HW, classes).numpy()


def test_four_pixels_can_be_scored_by_hand() -> None:
    counted = _confusion([0, 0, 0, 1], [0, 0, 1, 1], 2)

    assert pixel_accuracy(counted) == 3 / 4
    assert accuracy_per_class(counted) == [2 / 3, 1.0]
    assert iou_per_class(counted) == [2 / 3, 1 / 2]
    assert mean_iou(counted) == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert mean_accuracy(counted) == pytest.approx((2 / 3 + 1) / 2)
    assert frequency_weighted_iou(counted) == pytest.approx((3 * 2 / 3 + 1 * 1 / 2) / 4)


def test_what_is_predicted_on_ignored_pixels_does_not_count() -> None:
    counted = _confusion([0, 255, 255, 1], [0, 0, 1, 1], 2)

    assert mean_iou(counted) == pixel_accuracy(counted) == 1.0


def test_a_pixel_predicted_to_be_of_no_class_is_wrong_and_swells_no_other_class() -> None:
    counted = _confusion([0, 0, 1, 1], [0, 255, 1, 1], 2)

    assert pixel_accuracy(counted) == 3 / 4
    assert iou_per_class(counted) == [1 / 2, 1.0]


def test_a_class_without_truth_has_no_iou_and_is_left_out_of_the_mean() -> None:
    counted = _confusion([0, 0, 0, 0], [0, 0, 0, 2], 3)

    assert iou_per_class(counted) == [0.75, None, None]
    assert mean_iou(counted) == frequency_weighted_iou(counted) == 0.75


def test_scores_have_names_and_classes() -> None:
    of = scored(_confusion([0, 0, 0, 1], [0, 0, 1, 1], 2), ("sky", "tree"), prefix="segment/ms_")

    names = [f"segment/ms_{name}" for name in ("pix_acc", "miou", "mean_acc", "fw_iou")]
    assert list(of.scores) == names
    assert of.per_class == {
        "segment/ms_miou": {"sky": 2 / 3, "tree": 1 / 2},
        "segment/ms_mean_acc": {"sky": 2 / 3, "tree": 1.0},
    }
