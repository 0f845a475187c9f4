"""The seams pass through all tricks, in their order."""

from random import Random

import pytest
import torch
from torch import Tensor, nn

from transferbench.tricks.bag import Bag
from transferbench.tricks.base import Progress

STEPS_PER_EPOCH = 1251
EFFICIENT = Bag.model_validate({"linear_scaling": True, "cosine": True, "warmup": True})


@pytest.mark.parametrize(("epoch", "step", "published"), [(0, 49, 0.003133), (60, 249, 0.212563)])
def test_the_rate_is_that_of_the_released_log(epoch: int, step: int, published: float) -> None:
    peak_lr = EFFICIENT.scale_lr(0.1, 1024)
    share = EFFICIENT.reshape_schedule(_never)

    lr = peak_lr * share(Progress(epoch + step / STEPS_PER_EPOCH, epochs=120))

    assert peak_lr == pytest.approx(0.4)
    assert lr == pytest.approx(published, abs=5e-7)


def test_warmup_keeps_the_epochs_of_a_step_schedule() -> None:
    def steps(progress: Progress) -> float:
        return 1.0 if progress.epoch < 30 else 0.1

    share = Bag.model_validate({"warmup": True}).reshape_schedule(steps)

    assert [share(Progress(epoch, 120)) for epoch in (0, 2.5, 5, 29.9, 30)] == [0, 0.5, 1, 1, 0.1]


def test_an_empty_bag_changes_nothing() -> None:
    images_NCHW, targets_NK = torch.rand(2, 3, 4, 4), torch.eye(2)
    bag, one = Bag(), torch.ones(())

    assert bag.tricks() == ()
    assert bag.scale_lr(0.1, 1024) == 0.1
    assert bag.reshape_schedule(_never) is _never
    assert bag.soften(targets_NK) is targets_NK
    assert bag.mix(images_NCHW, targets_NK, Random(0)) == (images_NCHW, targets_NK)
    assert bag.reshape_loss(one, images_NCHW=images_NCHW, logits_NK=targets_NK, targets_NK=targets_NK) is one
    assert bag.average(nn.Identity()) is None
    assert bag.input_side(64, epoch=0) == 64


def test_the_loss_gets_the_teachers_term() -> None:
    bag = Bag.model_validate({"distillation": {"teacher": "x", "temperature": 1}, "mixup": True})
    bag.prepare(nn.Identity(), lambda name: _Teacher())
    logits_NK = torch.zeros(2, 4)

    loss = bag.reshape_loss(
        torch.tensor(2.0),
        images_NCHW=torch.rand(2, 3, 4, 4),
        logits_NK=logits_NK,
        targets_NK=torch.eye(4)[:2],
    )

    # CE of anything against the uniform distribution over four classes.
    torch.testing.assert_close(loss, 2 + torch.tensor(4.0).log())


class _Teacher(nn.Module):
    def forward(self, images_NCHW: Tensor) -> Tensor:
        return images_NCHW.new_ones(len(images_NCHW), 4).cumsum(dim=1)


def _never(progress: Progress) -> float:
    raise AssertionError("cosine replaces the plan's schedule")
