"""The learning rate of a step, as a plan and its tricks make it. Imports no torch."""

from __future__ import annotations

from collections.abc import Callable

from transferbench.engine.plan import Plan
from transferbench.tricks.bag import Bag
from transferbench.tricks.base import Progress


def rate_of(plan: Plan, bag: Bag, steps_per_epoch: int) -> Callable[[int], float]:
    """Returns the learning rate by step, counted from zero over the whole training.

    The peak is the plan's rate, scaled to the batch; the schedule is the plan's, as the tricks reshape it.
    """
    peak_lr = bag.scale_lr(plan.lr, plan.batch_size)
    schedule = bag.reshape_schedule(plan.rate())
    return lambda step: peak_lr * schedule(Progress(step / steps_per_epoch, plan.epochs))
