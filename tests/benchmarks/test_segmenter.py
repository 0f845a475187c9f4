"""Our whole FCN gives what torchvision's whole FCN gives with the same weights."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from transferbench.benchmarks.segment import PROTOCOL, Size, noise, segmenter
from transferbench.benchmarks.segmenter import torchvision_loss, torchvision_segmenter
from transferbench.tasks.segment.model.fcn import Fcn, pixels_of
from transferbench.tasks.segment.model.loss import training_loss

CPU = torch.device("cpu")
SIZE = Size(pictures=2, crop=65, precision="fp32", rounds=1)


@pytest.fixture
def pair() -> tuple[Fcn, nn.Module]:
    """Gives both networks in float64, without dropout."""
    ours = segmenter(CPU).double()
    theirs = torchvision_segmenter(ours).double()
    for module in (*ours.modules(), *theirs.modules()):
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    return ours, theirs


def batch() -> tuple[Tensor, Tensor]:
    """Returns pictures and labels, some of which are ignored."""
    images_N3HW, labels_NHW = noise(SIZE, CPU)
    labels_NHW[:, :20] = 255
    return images_N3HW, labels_NHW


def test_labels_are_torchvisions(pair: tuple[Fcn, nn.Module]) -> None:
    ours, theirs = pair[0].eval(), pair[1].eval()
    pixels_N3HW = pixels_of(ours, batch()[0], PROTOCOL)

    with torch.no_grad():
        logits, _ = ours(pixels_N3HW)
        expected = theirs(ours.backbone.normalize(pixels_N3HW))["out"]

    found = interpolate(logits, SIZE.crop, mode="bilinear", align_corners=False)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-10)


def test_the_loss_and_its_gradients_are_torchvisions(pair: tuple[Fcn, nn.Module]) -> None:
    ours, theirs = pair[0].train(), pair[1].train()
    images_N3HW, labels_NHW = batch()
    pixels_N3HW = ours.backbone.normalize(pixels_of(ours, images_N3HW, PROTOCOL))

    found = training_loss(ours, images_N3HW, labels_NHW, PROTOCOL)
    expected = torchvision_loss(theirs, pixels_N3HW, labels_NHW.long(), PROTOCOL.head.auxiliary_weight)

    torch.testing.assert_close(found, expected, rtol=0, atol=1e-9)
    firsts = [next(model.parameters()) for model in (ours, theirs)]
    gradients = [
        torch.autograd.grad(loss, first)[0] for loss, first in zip((found, expected), firsts, strict=True)
    ]
    torch.testing.assert_close(*gradients, rtol=1e-6, atol=1e-9)
