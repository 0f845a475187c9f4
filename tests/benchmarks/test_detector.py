"""Our whole detector gives what torchvision's whole Faster R-CNN gives with the same weights."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from tests.tasks.detect.tiny import C4_HEAD, FPN, TinyBackbone, protocol
from transferbench.benchmarks.detector import torchvision_detector
from transferbench.tasks.detect.model.detector import Detector, detector
from transferbench.tasks.detect.settings import C4, Fpn

HEADS = pytest.mark.parametrize("head", [FPN, C4_HEAD], ids=lambda head: head.name)
TRUTH = [
    (torch.tensor([[4.0, 4, 24, 28], [30, 20, 60, 60]]), torch.tensor([1, 2])),
    (torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64)),
    (torch.tensor([[10.0, 4, 54, 58]]), torch.tensor([0])),
]


def pictures() -> list[Tensor]:
    """Returns noise of sizes that are not resized."""
    rng = torch.Generator().manual_seed(1)
    return [
        torch.randint(256, (*size, 3), generator=rng, dtype=torch.uint8)
        for size in ((64, 96), (96, 64), (64, 64))
    ]


def pair(head: C4 | Fpn, norm: str = "trained") -> tuple[Detector, nn.Module]:
    """Returns both detectors in float64; they are trained on every anchor and proposal there is."""
    everything = {"batch": 100_000, "positive_fraction": 1.0}
    rpn, roi = (part.model_copy(update=everything) for part in (head.rpn, head.roi))
    whole = head.model_copy(update={"rpn": rpn, "roi": roi})
    settings = protocol(head=whole, short_side=64, longest_side=128, norm=norm)
    ours = detector(TinyBackbone(is_used=True).double(), 3, settings, 0).train()
    with torch.no_grad():
        for parameter in (*ours.predictor.parameters(), *ours.rpn.parameters()):
            parameter.mul_(20)
    return ours, torchvision_detector(ours)


def given(truth: list[tuple[Tensor, Tensor]]) -> tuple[list[Tensor], list[dict[str, Tensor]]]:
    """Returns pictures and targets as torchvision takes them."""
    targets = [{"boxes": boxes_R4.double(), "labels": labels_R + 1} for boxes_R4, labels_R in truth]
    return [image.permute(2, 0, 1).double() / 255 for image in pictures()], targets


@HEADS
@pytest.mark.parametrize("norm", ["trained", "frozen"])
def test_losses_and_gradients_are_torchvisions(head: C4 | Fpn, norm: str) -> None:
    ours, theirs = pair(head, norm)

    losses = (ours(pictures(), TRUTH), theirs(*given(TRUTH)))

    # torchvision's loss of anchors is float32 always.
    torch.testing.assert_close(*losses, rtol=1e-6, atol=1e-6, check_dtype=False)
    gradients = [
        torch.autograd.grad(torch.stack([loss.double() for loss in found.values()]).sum(), first)
        for found, first in zip(losses, map(next, (ours.parameters(), theirs.parameters())), strict=True)
    ]
    torch.testing.assert_close(*gradients, rtol=1e-5, atol=1e-8)


@HEADS
def test_detections_are_torchvisions(head: C4 | Fpn) -> None:
    ours, theirs = (model.eval() for model in pair(head))

    with torch.no_grad():
        found, expected = ours(pictures()), theirs(given(TRUTH)[0])

    for mine, other in zip(found, expected, strict=True):
        assert len(mine["scores"]) > 10
        assert torch.equal(mine["labels"] + 1, other["labels"])
        torch.testing.assert_close(mine["scores"], other["scores"], rtol=0, atol=1e-10)
        torch.testing.assert_close(mine["boxes"], other["boxes"], rtol=0, atol=1e-9)
