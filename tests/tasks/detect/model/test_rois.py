"""The second stage's rules against torchvision's."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torchvision.models.detection.roi_heads import RoIHeads, fastrcnn_loss

from tests.tasks.detect.model.test_coder import boxes
from transferbench.tasks.detect.model.match import Objects
from transferbench.tasks.detect.model.proposals import Proposals
from transferbench.tasks.detect.model.rois import Rois, Targets, all_rois, box_losses, detections, drawn_rois
from transferbench.tasks.detect.settings import Roi

SIZES = [(150, 160), (120, 200)]
COUNTS = [70, 50]
CLASSES = 3


def rules(roi: Roi) -> Any:
    return RoIHeads(
        None,
        None,
        None,
        fg_iou_thresh=roi.positive_iou,
        bg_iou_thresh=roi.positive_iou,
        batch_size_per_image=roi.batch,
        positive_fraction=roi.positive_fraction,
        bbox_reg_weights=(10.0, 10.0, 5.0, 5.0),
        score_thresh=roi.score_threshold,
        nms_thresh=roi.nms_iou,
        detections_per_img=roi.detections,
    )


def outputs() -> tuple[Tensor, Tensor]:
    """Returns logits and shifts of all proposals."""
    generator = torch.Generator().manual_seed(1)
    logits_RK = 2 * torch.randn(sum(COUNTS), CLASSES + 1, dtype=torch.float64, generator=generator)
    return logits_RK, torch.randn(sum(COUNTS), CLASSES, 4, dtype=torch.float64, generator=generator)


def with_background(shifts_RK4: Tensor) -> Tensor:
    """Returns shifts as torchvision has them, with a column for the background."""
    return torch.cat([torch.zeros_like(shifts_RK4[:, :1]), shifts_RK4], 1).flatten(1)


def rois() -> Rois:
    return Rois(boxes(sum(COUNTS), 2), torch.repeat_interleave(torch.arange(2), torch.tensor(COUNTS)))


@pytest.mark.parametrize("limit", [5, 100, None])
@pytest.mark.parametrize("least", [0.05, 0.3])
def test_detections_are_torchvision_s(limit: int | None, least: float) -> None:
    roi = Roi(score_threshold=least, detections=limit, nms_iou=0.4)
    logits_RK, shifts_RK4 = outputs()

    ours = detections(logits_RK, shifts_RK4, rois(), sizes_N2=torch.tensor(SIZES), roi=roi)

    proposals = list(torch.split(rois().boxes_R4, COUNTS))
    found = rules(roi).postprocess_detections(logits_RK, with_background(shifts_RK4), proposals, SIZES)
    for picture, (boxes_R4, scores_R, labels_R) in enumerate(zip(*found, strict=True)):
        own = ours.picture_R == picture
        torch.testing.assert_close(ours.scores_R[own], scores_R, rtol=0, atol=1e-12)
        torch.testing.assert_close(ours.boxes_R4[own], boxes_R4, rtol=0, atol=1e-9)
        assert torch.equal(ours.labels_R[own], labels_R - 1)


def test_only_the_best_boxes_of_each_class_of_each_picture_are_given_to_suppression() -> None:
    roi = Roi(score_threshold=0.0, detections=None, nms_iou=1.0, before_nms=4)

    found = detections(*outputs(), rois(), sizes_N2=torch.tensor(SIZES), roi=roi)

    scores_RK = outputs()[0].softmax(1)[:, 1:]
    for picture, part in enumerate(torch.split(scores_RK, COUNTS)):
        for label in range(CLASSES):
            own = (found.picture_R == picture) & (found.labels_R == label)
            assert torch.equal(found.scores_R[own], part[:, label].topk(4).values)


@pytest.mark.parametrize("beta", [1 / 9, 1.0, 0.0])
def test_the_losses_are_torchvision_s_and_their_beta_is_ours(beta: float) -> None:
    logits_RK, shifts_RK4 = outputs()
    labels_R = torch.randint(0, CLASSES + 1, (len(logits_RK),), generator=torch.Generator().manual_seed(3))
    targets = Targets(labels_R, torch.randn(len(labels_R), 4, dtype=torch.float64))

    ours = box_losses(logits_RK, shifts_RK4, targets, beta)

    classes, at_ninth = fastrcnn_loss(logits_RK, with_background(shifts_RK4), [labels_R], [targets.shifts_R4])
    right = labels_R > 0
    own_R4 = shifts_RK4[right, labels_R[right] - 1]
    expected = torch.nn.functional.smooth_l1_loss(
        own_R4, targets.shifts_R4[right], beta=beta, reduction="sum"
    )
    torch.testing.assert_close(ours["loss_classifier"], classes)
    torch.testing.assert_close(ours["loss_box_reg"], expected / len(labels_R))
    assert beta != 1 / 9 or torch.isclose(ours["loss_box_reg"], at_ninth)


def test_what_is_drawn_is_labelled_and_aimed_as_torchvision_does() -> None:
    truth = [(boxes(3, 10), torch.tensor([2, 0, 1])), (boxes(1, 11), torch.tensor([1]))]
    near_NP4 = torch.stack([boxes(3, 10).repeat(9, 1), boxes(1, 11).repeat(27, 1)])
    noise_NP4 = (
        torch.randn(near_NP4.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(4)) * 12
    )
    proposals = Proposals(
        torch.cat([near_NP4 + noise_NP4.sort(2).values, near_NP4 + 90], 1),
        torch.ones(2, 54, dtype=torch.bool),
    )

    chosen, targets = drawn_rois(proposals, Objects.of(truth), Roi(batch=1000, positive_fraction=0.5))

    theirs = rules(Roi(batch=1000, positive_fraction=0.5)).select_training_samples(
        list(proposals.boxes_NP4), [{"boxes": b, "labels": n + 1} for b, n in truth]
    )
    for picture in range(2):
        own = chosen.picture_R == picture
        ours = torch.cat([chosen.boxes_R4[own], targets.labels_R[own, None], targets.shifts_R4[own]], 1)
        is_right = theirs[2][picture] > 0
        shifts_R4 = torch.where(is_right[:, None], theirs[3][picture], 0)
        expected = torch.cat([theirs[0][picture], theirs[2][picture][:, None], shifts_R4], 1)
        torch.testing.assert_close(ours[_order(ours)], expected[_order(expected)], rtol=0, atol=1e-9)
        assert is_right.any()


def test_pictures_without_objects_give_only_background() -> None:
    proposals = Proposals(boxes(8, 5)[None], torch.ones(1, 8, dtype=torch.bool))
    nothing = [(torch.zeros(0, 4, dtype=torch.float64), torch.zeros(0, dtype=torch.int64))]

    chosen, targets = drawn_rois(proposals, Objects.of(nothing), Roi(batch=4))

    assert (len(chosen.boxes_R4), targets.labels_R.tolist()) == (4, [0] * 4)


def test_what_only_fills_up_is_never_looked_at() -> None:
    is_real_NP = torch.tensor([[True, False, True], [False, False, True]])
    proposals = Proposals(torch.stack([boxes(3, 6), boxes(3, 7)]), is_real_NP)

    assert all_rois(proposals).picture_R.tolist() == [0, 0, 1]


def _order(rows: Tensor) -> list[int]:
    return sorted(range(len(rows)), key=lambda row: rows[row].round(decimals=6).tolist())


def test_no_boxes_at_all_cost_nothing() -> None:
    targets = Targets(torch.zeros(0, dtype=torch.int64), torch.zeros(0, 4))

    losses = box_losses(torch.zeros(0, 4), torch.zeros(0, 3, 4), targets, 1.0)

    assert [loss.item() for loss in losses.values()] == [0.0, 0.0]
