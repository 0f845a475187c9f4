"""Binary cross-entropy in place of softmax."""

import math

import pytest
import torch
from torch.nn import functional as F

from transferbench.tricks.binary_cross_entropy import BinaryCrossEntropy, Reduction
from transferbench.tricks.label_smoothing import smooth


def test_two_classes_by_hand() -> None:
    logits_NK, targets_NK = torch.tensor([[0.0, math.log(3)]]), torch.tensor([[1.0, 0.25]])

    sum_, mean = (_loss(BinaryCrossEntropy(reduction=r), logits_NK, targets_NK) for r in ("sum", "mean"))

    # -log 1/2, and -(1/4 log 3/4 + 3/4 log 1/4), because the sigmoid of log 3 is 3/4.
    expected = math.log(2) + 0.25 * math.log(4 / 3) + 0.75 * math.log(4)
    torch.testing.assert_close(sum_, torch.tensor(expected))
    torch.testing.assert_close(mean, torch.tensor(expected / 2))


@pytest.mark.parametrize("threshold", [None, 0.0, 0.2])
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_the_loss_is_timms(reduction: Reduction, threshold: float | None) -> None:
    timm = pytest.importorskip("timm.loss")
    logits_NK, targets_NK = _normal(4, 10), _normal(4, 10, seed=1).softmax(dim=1)
    theirs = timm.BinaryCrossEntropy(target_threshold=threshold, sum_classes=reduction == "sum")

    ours = _loss(BinaryCrossEntropy(reduction=reduction, threshold=threshold), logits_NK, targets_NK)

    torch.testing.assert_close(ours, theirs(logits_NK, targets_NK))


def test_smoothed_targets_give_the_loss_that_timm_makes_of_labels() -> None:
    timm = pytest.importorskip("timm.loss")
    logits_NK, labels_N = _normal(4, 10), torch.tensor([0, 3, 9, 9])

    ours = _loss(BinaryCrossEntropy(), logits_NK, smooth(F.one_hot(labels_N, 10).double(), 0.1))

    theirs = timm.BinaryCrossEntropy(smoothing=0.1, sum_classes=True)(logits_NK, labels_N)
    torch.testing.assert_close(ours, theirs)


def test_the_cross_entropy_is_not_added() -> None:
    logits_NK, targets_NK = _normal(4, 10), torch.eye(10, dtype=torch.float64)[:4]

    zero, one = (_loss(BinaryCrossEntropy(), logits_NK, targets_NK, before=before) for before in (0.0, 1.0))

    torch.testing.assert_close(zero, one)


def _normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def _loss(
    trick: BinaryCrossEntropy, logits_NK: torch.Tensor, targets_NK: torch.Tensor, before: float = 0.0
) -> torch.Tensor:
    images_NCHW = torch.zeros(len(logits_NK), 3, 2, 2)
    return trick.reshape_loss(
        logits_NK.new_tensor(before), images_NCHW=images_NCHW, logits_NK=logits_NK, targets_NK=targets_NK
    )
