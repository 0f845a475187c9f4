"""The first stage against torchvision's, with the same layers."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.rpn import RegionProposalNetwork, RPNHead

from transferbench.tasks.detect.model.match import Objects
from transferbench.tasks.detect.model.proposals import ProposalNetwork
from transferbench.tasks.detect.settings import Fpn, Rpn

SIZES = [(64, 96), (50, 70)]
TRUTH = [
    (torch.tensor([[5.0, 8, 40, 50], [50, 20, 90, 60]], dtype=torch.float64), torch.tensor([0, 1])),
    (torch.zeros(0, 4, dtype=torch.float64), torch.zeros(0, dtype=torch.int64)),
]
EVERY_ANCHOR = 10_000
RPN = Rpn(batch=EVERY_ANCHOR, before_nms=(60, 40), after_nms=(30, 20), min_size=4)


def head(rpn: Rpn) -> Fpn:
    return Fpn(name="fpn", finest=2, channels=8, has_pool_level=False, anchor_sizes=(24, 48), rpn=rpn)


def maps() -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(2, 8, *size, dtype=torch.float64, generator=generator) for size in ((4, 6), (2, 3))]


def ours_and_theirs(rpn: Rpn) -> tuple[ProposalNetwork, Any]:
    """Returns both first stages; every logit is another."""
    torch.manual_seed(0)
    ours = ProposalNetwork(head(rpn), 8, (16, 32)).double()
    for parameter in ours.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    layers = RPNHead(8, 3).double()
    layers.load_state_dict(ours.head.inner.state_dict())
    theirs: Any = RegionProposalNetwork(
        AnchorGenerator(((24,), (48,)), ((0.5, 1.0, 2.0),) * 2),
        layers,
        fg_iou_thresh=rpn.positive_iou,
        bg_iou_thresh=rpn.negative_iou,
        batch_size_per_image=rpn.batch,
        positive_fraction=rpn.positive_fraction,
        pre_nms_top_n={"training": rpn.before_nms[0], "testing": rpn.before_nms[1]},
        post_nms_top_n={"training": rpn.after_nms[0], "testing": rpn.after_nms[1]},
        nms_thresh=rpn.nms_iou,
    )
    theirs.min_size = rpn.min_size
    return ours, theirs


@pytest.mark.parametrize("is_training", [True, False])
def test_proposals_are_torchvision_s(is_training: bool) -> None:
    ours, theirs = (stage.train(is_training) for stage in ours_and_theirs(RPN))
    objects = Objects.of(TRUTH) if is_training else None

    proposals, _ = ours(maps(), torch.tensor(SIZES), (64, 96), objects)

    named = {str(level): each for level, each in enumerate(maps())}
    targets = [{"boxes": boxes_R4, "labels": labels_R} for boxes_R4, labels_R in TRUTH]
    expected, _ = theirs(ImageList(torch.zeros(2, 3, 64, 96), SIZES), named, targets if is_training else None)
    for picture in range(2):
        found_P4 = proposals.boxes_NP4[picture][proposals.is_real_NP[picture]]
        torch.testing.assert_close(found_P4, expected[picture], rtol=0, atol=1e-9)


@pytest.mark.parametrize("ious", [(0.3, 0.7), (0.2, 0.5)])
def test_losses_over_every_anchor_are_torchvision_s(ious: tuple[float, float]) -> None:
    rpn = RPN.model_copy(update={"negative_iou": ious[0], "positive_iou": ious[1]})
    ours, theirs = ours_and_theirs(rpn)

    _, losses = ours(maps(), torch.tensor(SIZES), (64, 96), Objects.of(TRUTH))

    named = {str(level): each for level, each in enumerate(maps())}
    targets = [{"boxes": boxes_R4, "labels": labels_R} for boxes_R4, labels_R in TRUTH]
    _, expected = theirs(ImageList(torch.zeros(2, 3, 64, 96), SIZES), named, targets)
    torch.testing.assert_close(losses, expected, rtol=1e-6, atol=1e-7, check_dtype=False)


def test_anchors_across_the_border_of_the_picture_itself_are_left_out_of_the_loss() -> None:
    ours, _ = ours_and_theirs(RPN.model_copy(update={"trains_across_border": False}))
    anchors_A4 = ours.anchors([(4, 6), (2, 3)], (64, 96))
    height, width = SIZES[1]
    low_A = (anchors_A4[:, :2] >= 0).all(1)
    inside_A = low_A & (anchors_A4[:, 2] <= width) & (anchors_A4[:, 3] <= height)

    _, losses = ours(maps()[:1] + maps()[1:], torch.tensor(SIZES), (64, 96), Objects.of([TRUTH[1]] * 2))

    logits_NA = torch.cat([each[..., 0] for each in ours.head(maps())], 1)
    in_first_A = low_A & (anchors_A4[:, 2] <= 96) & (anchors_A4[:, 3] <= 64)
    wrong = torch.cat([logits_NA[0][in_first_A], logits_NA[1][inside_A]])
    expected = torch.nn.functional.binary_cross_entropy_with_logits(wrong, torch.zeros_like(wrong))
    torch.testing.assert_close(losses["loss_objectness"], expected)
    assert 0 < inside_A.sum() < in_first_A.sum() < len(anchors_A4)


def test_the_loss_of_boxes_may_be_straight_throughout() -> None:
    curved, _ = ours_and_theirs(RPN)
    straight, _ = ours_and_theirs(RPN.model_copy(update={"box_loss_beta": 0.0}))
    given = (maps(), torch.tensor(SIZES), (64, 96), Objects.of(TRUTH))

    losses = [stage(*given)[1]["loss_rpn_box_reg"] for stage in (curved, straight)]

    assert losses[0] < losses[1]


def test_places_of_a_coarse_map_are_as_far_apart_as_in_torchvision_also_where_they_fall_short() -> None:
    five = Fpn(name="fpn", channels=8, anchor_sizes=(8, 16, 24, 32, 48))
    places = [(24, 40), (12, 20), (6, 10), (3, 5), (2, 3)]
    theirs = AnchorGenerator(tuple((size,) for size in five.anchor_sizes), ((0.5, 1.0, 2.0),) * 5)

    ours_A4 = ProposalNetwork(five, 8, (4, 8, 16, 32, 64)).anchors(places, (96, 160))

    image = ImageList(torch.zeros(1, 3, 96, 160), [(96, 160)])
    (expected_A4,) = theirs(image, [torch.zeros(1, 8, *place) for place in places])
    assert torch.equal(ours_A4.float(), expected_A4)


def test_boxes_without_area_are_never_proposed() -> None:
    stage, _ = ours_and_theirs(RPN.model_copy(update={"min_size": 0.0}))
    torch.nn.init.constant_(
        stage.get_parameter("head.inner.bbox_pred.bias"), -50.0
    )  # far out at the upper left

    proposals, _ = stage(maps(), torch.tensor(SIZES), (64, 96), None)

    assert not proposals.is_real_NP.any()
