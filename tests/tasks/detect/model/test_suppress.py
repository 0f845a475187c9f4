"""Suppression against torchvision's."""

from __future__ import annotations

import torch
from torchvision.ops import batched_nms

from tests.tasks.detect.model.test_coder import boxes
from transferbench.tasks.detect.model.suppress import best_of_groups, unsuppressed


def test_the_same_boxes_stay_as_with_torchvision() -> None:
    score_R = torch.rand(300, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    group_R = torch.arange(300) // 60

    is_kept_R = unsuppressed(boxes(300, 1), score_R, group_R, 0.4)

    kept = batched_nms(boxes(300, 1), score_R, group_R, 0.4)
    assert is_kept_R.nonzero()[:, 0].tolist() == sorted(kept.tolist())
    assert 0 < len(kept) < 300


def test_the_best_of_each_group_come_first_and_equal_ones_stay_in_order() -> None:
    score_R = torch.tensor([0.5, 0.9, 0.5, 0.1, 0.7])
    group_R = torch.tensor([1, 0, 1, 1, 0])

    assert best_of_groups(score_R, group_R, None).tolist() == [1, 4, 0, 2, 3]
    assert best_of_groups(score_R, group_R, 2).tolist() == [1, 4, 0, 2]


def test_no_boxes_are_no_boxes() -> None:
    nothing = torch.zeros(0)

    assert unsuppressed(torch.zeros(0, 4), nothing, nothing.long(), 0.5).shape == (0,)
    assert best_of_groups(nothing, nothing.long(), 3).shape == (0,)


def test_a_box_without_area_suppresses_nothing() -> None:
    boxes_R4 = torch.tensor([[0.0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 5, 5]])

    is_kept_R = unsuppressed(boxes_R4, torch.tensor([0.9, 0.8, 0.1]), torch.zeros(3, dtype=torch.int64), 0.1)

    assert is_kept_R.tolist() == [True, True, True]
