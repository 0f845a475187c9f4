"""The training loop, whatever the task."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.amp.grad_scaler import GradScaler

from transferbench.engine.checkpoint import Position, Stateful, load_checkpoint, save_checkpoint
from transferbench.engine.device import autocast
from transferbench.engine.plan import Plan
from transferbench.engine.report import Step
from transferbench.errors import RunError
from transferbench.tricks.bag import Bag
from transferbench.tricks.base import ParameterGroup, Progress

_FETCH_EVERY_STEPS = 10
_CHECKPOINT_EVERY_SECONDS = 20.0


class Trainable(Protocol):
    """What the loop asks of a task."""

    def parameter_groups(self, model: nn.Module, plan: Plan) -> list[ParameterGroup]:
        """Returns the parameters that are trained."""

    def loss(self, model: nn.Module, batch: Any, rng: Random) -> Tensor:
        """Returns the scalar loss of a batch that is on the model's device."""


class Batches(Protocol):
    """What the loop asks of a loader."""

    def __len__(self) -> int:
        """Returns the number of batches of an epoch."""

    def epoch(self, epoch: int, skip: int) -> Iterator[Any]:
        """Yields the batches of an epoch, the first `skip` left out."""


@dataclass(frozen=True)
class Job:
    """One training."""

    task: Trainable
    model: nn.Module
    batches: Batches
    plan: Plan
    bag: Bag
    seed: int
    device: torch.device
    checkpoint: Path
    identity: str
    """Ties a checkpoint to the settings, data and weights that made it."""
    should_stop: Callable[[], int] = lambda: 0
    """Number of the signal that asks for an end, or 0."""


class Interrupted(Exception):
    """A signal ended the training; its state is saved."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal.Signals(signal_number).name)
        self.signal_number = signal_number


def fit(job: Job, report: Callable[[Step], None]) -> float:
    """Trains the model in place, from its checkpoint if there is one; returns the seconds it took.

    Every step is seeded from (seed, step) alone, so that a resumed training is the uninterrupted one.

    Args:
        job: what to train, on what, how.
        report: called for each step, in order, some steps late.

    Raises:
        RunError: the loss is not finite, or a checkpoint cannot be written or read.
        Interrupted: `job.should_stop` asked for it; the checkpoint is of the last whole step.
    """
    plan, bag = job.plan, job.bag
    peak_lr = bag.scale_lr(plan.lr, plan.batch_size)
    schedule = bag.reshape_schedule(plan.rate())
    groups = bag.group_parameters(job.task.parameter_groups(job.model, plan))
    optimizer = plan.optimizer.over(groups, peak_lr)
    scaler = GradScaler(job.device.type, enabled=plan.precision == "fp16")
    parts = Stateful(job.model, optimizer, scaler)

    steps_per_epoch = len(job.batches) // plan.accumulate
    steps = steps_per_epoch * plan.epochs
    start = load_checkpoint(job.checkpoint, parts, job.identity) or Position(job.identity, 0, 0.0)
    log = _Log(job, start, steps, report)
    step = start.step
    job.model.train()

    while step < steps:
        epoch, done = divmod(step, steps_per_epoch)
        batches = job.batches.epoch(epoch, done * plan.accumulate)
        for group_of_batches in log.timed(_grouped(batches, plan.accumulate)):
            lr = peak_lr * schedule(Progress(step / steps_per_epoch, plan.epochs))
            for group in optimizer.param_groups:
                group["lr"] = lr * group["lr_scale"]

            rng = _seed_step(job.seed, step)
            loss = _backward(job, group_of_batches, scaler, rng)
            _clip(parts, plan.clip_norm)
            scaler.step(optimizer)
            scaler.update()
            optimizer.zero_grad()

            log.add(step, epoch=step / steps_per_epoch, loss=loss, lr=lr)
            step += 1
            stopped_by = job.should_stop()
            if stopped_by or log.is_checkpoint_due() or step == steps:
                log.flush()
                save_checkpoint(job.checkpoint, parts, log.position(step))
            if stopped_by:
                raise Interrupted(stopped_by)
    return log.position(step).wall_seconds


def _backward(job: Job, batches: Sequence[Any], scaler: GradScaler, rng: Random) -> Tensor:
    total = torch.zeros((), device=job.device)
    for batch in batches:
        with autocast(job.plan.precision, job.device):
            loss = job.task.loss(job.model, batch.to(job.device), rng) / len(batches)
        scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        total = total + loss.detach()
    return total


def _clip(parts: Stateful, clip_norm: float | None) -> None:
    if clip_norm is not None:
        parts.scaler.unscale_(parts.optimizer)
        trained = [p for group in parts.optimizer.param_groups for p in group["params"]]
        nn.utils.clip_grad_norm_(trained, clip_norm)


def _seed_step(seed: int, step: int) -> Random:
    """Seeds torch's own generator, which dropout and samplers draw from, and returns one for the tricks."""
    torch.manual_seed(int.from_bytes(sha256(f"{seed}/{step}".encode()).digest()[:7], "big"))
    return Random(f"{seed}/{step}")


def _grouped(batches: Iterable[Any], size: int) -> Iterator[list[Any]]:
    group: list[Any] = []
    for batch in batches:
        group.append(batch)
        if len(group) == size:
            yield group
            group = []


class _Log:
    """Keeps losses on the device until they are asked for, so that no step waits for the host."""

    def __init__(self, job: Job, start: Position, steps: int, report: Callable[[Step], None]) -> None:
        self._job = job
        self._start = start
        self._steps = steps
        self._report = report
        self._pending: list[tuple[int, float, Tensor, float]] = []
        self._began = self._saved = self._flushed = time.perf_counter()
        self._waited = 0.0

    def timed(self, batches: Iterable[list[Any]]) -> Iterator[list[Any]]:
        """Yields the batches and counts the time spent waiting for them."""
        iterator = iter(batches)
        while True:
            asked = time.perf_counter()
            batch = next(iterator, None)
            self._waited += time.perf_counter() - asked
            if batch is None:
                return
            yield batch

    def add(self, step: int, *, epoch: float, loss: Tensor, lr: float) -> None:
        """Remembers one step."""
        self._pending.append((step, epoch, loss, lr))
        if len(self._pending) >= _FETCH_EVERY_STEPS:
            self.flush()

    def flush(self) -> None:
        """Reports what is pending.

        Raises:
            RunError: a loss is not finite.
        """
        if not self._pending:
            return
        losses = torch.stack([loss for _, _, loss, _ in self._pending]).tolist()
        seconds = max(time.perf_counter() - self._flushed, 1e-9)
        each = seconds / len(self._pending)
        rate = self._job.plan.batch_size / each
        waiting = min(1.0, self._waited / seconds)
        for (step, epoch, _, lr), loss in zip(self._pending, losses, strict=True):
            if not math.isfinite(loss):
                raise RunError(self._complaint(step, loss, lr))
            self._report(Step(step, self._steps, epoch, loss, lr, each, rate, waiting))
        self._pending.clear()
        self._flushed, self._waited = time.perf_counter(), 0.0

    def position(self, step: int) -> Position:
        """Returns what a checkpoint written now says of itself; starts the wait for the next one."""
        self._saved = time.perf_counter()
        spent = self._start.wall_seconds + self._saved - self._began
        return replace(self._start, step=step, wall_seconds=spent)

    def is_checkpoint_due(self) -> bool:
        """Whether the last checkpoint is old enough for another."""
        return time.perf_counter() - self._saved >= _CHECKPOINT_EVERY_SECONDS

    def _complaint(self, step: int, loss: float, lr: float) -> str:
        last = self._job.checkpoint
        kept = f"the last finite state is in {last}" if last.exists() else "no earlier state was saved"
        return (
            f"step {step}: expected a finite loss, found {loss} at a rate of {lr:.6g}; {kept}; "
            "lower the rate (--set plan.lr=...) or lengthen the warmup"
        )
