"""What a training says of its steps, some steps late."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from transferbench.engine.report import Step
from transferbench.engine.world import World

_FETCH_EVERY_STEPS = 10
_CHECKPOINT_EVERY_SECONDS = 20.0


@dataclass(frozen=True)
class Pending:
    """A step whose loss is still on the device."""

    step: int
    epoch: float
    loss: Tensor
    lr: float


class Log:
    """Keeps losses on the device until they are asked for, so that no step waits for the host."""

    def __init__(
        self,
        steps: int,
        batch_size: int,
        world: World,
        *,
        report: Callable[[Step], None],
        check: Callable[[Step], None],
    ) -> None:
        """Starts the clock.

        Args:
            steps: of the whole training.
            batch_size: images of a step, over all processes.
            world: whose mean loss is told.
            report: called for each step, in order.
            check: called before that; raises where the training cannot go on.
        """
        self._steps = steps
        self._batch_size = batch_size
        self._world = world
        self._report = report
        self._check = check
        self._pending: list[Pending] = []
        self._saved = self._flushed = time.perf_counter()
        self._waited = 0.0

    @property
    def is_full(self) -> bool:
        """Whether it is time to fetch the losses; every process says so after the same step."""
        return len(self._pending) >= _FETCH_EVERY_STEPS

    @property
    def is_checkpoint_due(self) -> bool:
        """Whether the last checkpoint is old enough for another."""
        return time.perf_counter() - self._saved >= _CHECKPOINT_EVERY_SECONDS

    def restart_wait(self) -> None:
        """Starts the wait for the next checkpoint."""
        self._saved = time.perf_counter()

    def timed(self, batches: Iterable[list[object]]) -> Iterator[list[object]]:
        """Yields the batches and counts the time spent waiting for them."""
        iterator = iter(batches)
        while True:
            asked = time.perf_counter()
            batch = next(iterator, None)
            self._waited += time.perf_counter() - asked
            if batch is None:
                return
            yield batch

    def add(self, pending: Pending) -> None:
        """Remembers one step."""
        self._pending.append(pending)

    def flush(self) -> None:
        """Reports what is pending."""
        if not self._pending:
            return
        losses = self._world.mean(torch.stack([pending.loss for pending in self._pending])).tolist()
        seconds = max(time.perf_counter() - self._flushed, 1e-9)
        each = seconds / len(self._pending)
        waiting = min(1.0, self._waited / seconds)
        for pending, loss in zip(self._pending, losses, strict=True):
            told = Step(
                pending.step,
                self._steps,
                pending.epoch,
                loss,
                pending.lr,
                each,
                self._batch_size / each,
                waiting,
            )
            self._check(told)
            self._report(told)
        self._pending.clear()
        self._flushed, self._waited = time.perf_counter(), 0.0
