"""Which boxes are right, against torchvision's matcher; and what is drawn of them."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torchvision.models.detection._utils import Matcher
from torchvision.ops import box_iou

from tests.tasks.detect.model.test_coder import boxes
from transferbench.tasks.detect.model.match import (
    IGNORED,
    Objects,
    draw,
    match_anchors,
    match_proposals,
    rows_of,
)

TRUTH = [
    (boxes(3, 10), torch.tensor([4, 0, 2])),
    (boxes(0, 0), torch.zeros(0, dtype=torch.int64)),
    (boxes(1, 11), torch.tensor([1])),
]


def torchvision_labels(
    iou_TR: Tensor, ious: tuple[float, float], *, keeps_best: bool
) -> tuple[Tensor, Tensor]:
    """Returns labels as ours are (1 right, 0 wrong, -1 ignored), and matches."""
    match_R = Matcher(ious[1], ious[0], allow_low_quality_matches=keeps_best)(iou_TR)
    return torch.where(match_R >= 0, 1, torch.where(match_R == -1, 0, -1)), match_R.clamp(min=0)


@pytest.mark.parametrize("ious", [(0.3, 0.7), (0.3, 0.6), (0.5, 0.5)])
def test_anchors_are_matched_as_torchvision_does(ious: tuple[float, float]) -> None:
    anchors_R4 = boxes(200, 12)

    label_NR, match_NR = match_anchors(anchors_R4, Objects.of(TRUTH), ious, None)

    for picture in (0, 2):
        labels_R, matches_R = torchvision_labels(
            box_iou(TRUTH[picture][0], anchors_R4), ious, keeps_best=True
        )
        assert torch.equal(label_NR[picture], labels_R)
        assert torch.equal(match_NR[picture][labels_R == 1], matches_R[labels_R == 1])
    assert (label_NR[1] == 0).all()


def test_anchors_across_the_border_are_ignored_and_never_the_best_of_an_object() -> None:
    anchors_R4 = torch.tensor([[0.0, 0, 10, 10], [40, 40, 60, 60], [100, 100, 130, 130]])
    objects = Objects.of([(torch.tensor([[42.0, 42, 62, 62]]), torch.tensor([0]))])
    is_inside_NR = torch.tensor([[True, False, True]])

    label_NR, _ = match_anchors(anchors_R4, objects, (0.3, 0.7), is_inside_NR)

    assert label_NR.tolist() == [[0, IGNORED, 0]]


def test_proposals_take_the_class_of_the_object_they_overlap_most() -> None:
    proposals_NR4 = torch.stack([boxes(60, 13 + picture) for picture in range(3)])
    proposals_NR4[:, :2] = torch.stack([boxes(3, 10)[:2], boxes(2, 30), boxes(1, 11).expand(2, 4)])
    is_real_NR = torch.ones(3, 60, dtype=torch.bool)
    is_real_NR[2, -5:] = False

    label_NR, match_NR = match_proposals(proposals_NR4, is_real_NR, Objects.of(TRUTH), 0.5)

    for picture in (0, 2):
        right_R, matches_R = torchvision_labels(
            box_iou(TRUTH[picture][0], proposals_NR4[picture]), (0.5, 0.5), keeps_best=False
        )
        expected_R = torch.where(right_R == 1, TRUTH[picture][1][matches_R] + 1, 0)
        assert torch.equal(label_NR[picture], torch.where(is_real_NR[picture], expected_R, IGNORED))
        assert torch.equal(match_NR[picture][right_R == 1], matches_R[right_R == 1])
    assert (label_NR[1] == 0).all() and (label_NR[0] > 1).any()


@pytest.mark.parametrize(
    ("right", "wrong", "drawn_right", "drawn_wrong"),
    [(50, 100, 8, 24), (3, 100, 3, 29), (50, 4, 8, 4), (0, 9, 0, 9)],
)
def test_as_many_are_drawn_as_torchvision_s_sampler_draws(
    right: int, wrong: int, drawn_right: int, drawn_wrong: int
) -> None:
    label_NR = torch.full((2, 200), IGNORED)
    order_R = torch.randperm(200, generator=torch.Generator().manual_seed(0))
    label_NR[:, order_R[:right]], label_NR[:, order_R[right : right + wrong]] = 2, 0

    drawn = draw(label_NR, batch=32, positive_fraction=0.25)

    for picture in range(2):
        chosen_B = drawn.index_NB[picture][drawn.is_drawn_NB[picture]]
        labels_B = label_NR[picture][chosen_B]
        assert [int((labels_B > 0).sum()), int((labels_B == 0).sum())] == [drawn_right, drawn_wrong]
        assert len(set(chosen_B.tolist())) == len(chosen_B) == drawn_right + drawn_wrong
        assert torch.equal(drawn.is_right_NB[picture][drawn.is_drawn_NB[picture]], labels_B > 0)


def test_every_box_is_as_likely_to_be_drawn() -> None:
    torch.manual_seed(0)
    label_NR = torch.tensor([[1] * 10 + [0] * 30]).expand(4000, 40)

    drawn = draw(label_NR, batch=16, positive_fraction=0.25)

    counts_R = torch.bincount(drawn.index_NB[drawn.is_drawn_NB], minlength=40) / 4000
    assert counts_R[:10].sub(0.4).abs().max() < 0.04
    assert counts_R[10:].sub(0.4).abs().max() < 0.04


def test_an_object_that_no_anchor_overlaps_has_no_anchor() -> None:
    objects = Objects.of([(torch.tensor([[80.0, 80, 90, 90]]), torch.tensor([0]))])

    label_NR, _ = match_anchors(torch.tensor([[0.0, 0, 9, 9], [5, 5, 20, 20]]), objects, (0.3, 0.7), None)

    assert label_NR.tolist() == [[0, 0]]


def test_a_seed_draws_the_same_again_and_another_seed_others() -> None:
    label_NR = torch.tensor([[1] * 20 + [0] * 200])
    drawn = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        drawn.append(draw(label_NR, 32, 0.25).index_NB)

    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


def test_rows_are_those_of_the_own_picture() -> None:
    table_NRD = torch.arange(12).view(2, 3, 2)

    rows_NBD = rows_of(table_NRD, torch.tensor([[2, 0], [1, 1]]))

    assert rows_NBD.tolist() == [[[4, 5], [0, 1]], [[8, 9], [8, 9]]]
