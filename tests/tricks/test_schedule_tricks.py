"""Cosine decay and warmup."""

import pytest
import torch
from torch.optim import SGD, lr_scheduler

from transferbench.tricks.base import Progress
from transferbench.tricks.cosine import Cosine
from transferbench.tricks.warmup import Warmup, warm_up

STEPS = 40


def test_cosine_is_the_schedule_built_into_torch() -> None:
    optimizer = _sgd()
    scheduler = lr_scheduler.CosineAnnealingLR(optimizer, T_max=STEPS)

    share = Cosine().reshape_schedule(_never)

    assert [share(_at(step)) for step in range(STEPS)] == pytest.approx(_rates(optimizer, scheduler))


def test_warmup_and_cosine_are_those_built_into_torch_one_after_the_other() -> None:
    optimizer, rise = _sgd(), 10
    parts: list[lr_scheduler.LRScheduler] = [
        # A factor of 0 is refused; one step of an infinitesimal rate is no step.
        lr_scheduler.LinearLR(optimizer, start_factor=1e-12, total_iters=rise),
        lr_scheduler.CosineAnnealingLR(optimizer, T_max=STEPS - rise),
    ]
    scheduler = lr_scheduler.SequentialLR(optimizer, parts, milestones=[rise])

    share = Warmup(epochs=rise).reshape_schedule(Cosine().reshape_schedule(_never))

    expected = _rates(optimizer, scheduler)
    assert [share(_at(step)) for step in range(STEPS)] == pytest.approx(expected, abs=1e-9)


def test_warmup_rises_within_an_epoch() -> None:
    share = warm_up(lambda progress: 1.0, epochs=2.0)

    assert [share(Progress(epoch, 10)) for epoch in (0, 0.25, 1, 1.5, 2, 9)] == [0, 0.125, 0.5, 0.75, 1, 1]


def _sgd() -> SGD:
    return SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)


def _at(step: int) -> Progress:
    return Progress(step, STEPS)


def _rates(optimizer: SGD, scheduler: lr_scheduler.LRScheduler) -> list[float]:
    rates = []
    for _ in range(STEPS):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


def _never(progress: Progress) -> float:
    raise AssertionError("cosine replaces the plan's schedule")
