"""The training loop, whatever the task."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.amp.grad_scaler import GradScaler
from torch.nn.parallel import DistributedDataParallel

from transferbench.engine.checkpoint import Position, Stateful, load_checkpoint, save_checkpoint
from transferbench.engine.device import autocast
from transferbench.engine.failure import memory_told, require_finite_loss, require_finite_weights
from transferbench.engine.log import Log, Pending
from transferbench.engine.plan import Plan
from transferbench.engine.rate import rate_of
from transferbench.engine.report import Step
from transferbench.engine.world import ALONE, World
from transferbench.tricks.bag import Bag
from transferbench.tricks.base import ParameterGroup


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

    def names(self, epoch: int, step: int) -> list[str]:
        """Returns what the pictures of one step of an epoch are called, those of all processes."""


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
    world: World = ALONE


class Interrupted(Exception):
    """A signal ended the training; its state is saved."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal.Signals(signal_number).name)
        self.signal_number = signal_number


def fit(job: Job, report: Callable[[Step], None]) -> float:
    """Trains the model in place, from its checkpoint if there is one; returns the seconds it took.

    Every step is seeded from (seed, step) alone, so that a resumed training is the uninterrupted one. Several
    processes work off the parts of a step that one process would work off one after the other.

    Args:
        job: what to train, on what, how.
        report: called for each step, in order, some steps late.

    Raises:
        RunError: the loss is not finite, memory is short, or a checkpoint cannot be written or read.
        Interrupted: `job.should_stop` asked for it; the checkpoint is of the last whole step.
    """
    plan, model = job.plan, job.model
    steps_per_epoch = len(job.batches) // plan.accumulate
    steps = max(1, round(steps_per_epoch * plan.epochs))
    rate = rate_of(plan, job.bag, steps_per_epoch)
    parts = _parts(job)
    start = load_checkpoint(job.checkpoint, parts, job.identity, job.world) or Position(job.identity, 0, 0.0)
    began = time.perf_counter() - start.wall_seconds
    check = partial(_require_finite, job, steps_per_epoch)
    log = Log(steps, plan.batch_size, job.world, report=report, check=check)
    loss_of = _loss_module(job)
    step = start.step
    model.train()

    while step < steps:
        epoch, done = divmod(step, steps_per_epoch)
        batches = job.batches.epoch(epoch, done * plan.accumulate)
        for group_of_batches in log.timed(islice(_grouped(batches, plan.accumulate), steps - step)):
            lr = rate(step)
            for group in parts.optimizer.param_groups:
                group["lr"] = lr * group["lr_scale"]

            with memory_told(plan, job.world, job.device):
                loss = _backward(job, loss_of, group_of_batches, scaler=parts.scaler, step=step)
                _clip(parts, plan)
                parts.scaler.step(parts.optimizer)
                parts.scaler.update()
                parts.optimizer.zero_grad()
            if parts.average is not None:
                parts.average.update_parameters(model)

            log.add(Pending(step, step / steps_per_epoch, loss, lr))
            step += 1
            position = Position(job.identity, step, time.perf_counter() - began)
            _settle(job, parts, log, position, is_last=step == steps)
    if parts.average is not None:
        model.load_state_dict(parts.average.module.state_dict())
    return time.perf_counter() - began


def _parts(job: Job) -> Stateful:
    groups = job.bag.group_parameters(job.task.parameter_groups(job.model, job.plan))
    return Stateful(
        job.model,
        job.plan.optimizer.over(groups, job.plan.lr),
        GradScaler(job.device.type, enabled=job.plan.precision == "fp16"),
        job.bag.average(job.model),
    )


class _LossOf(nn.Module):
    """The loss of a batch as a module, which is what processes keep in step."""

    def __init__(self, task: Trainable, model: nn.Module) -> None:
        super().__init__()
        self._task = task
        self.model = model

    def forward(self, batch: Any, rng: Random) -> Tensor:
        return self._task.loss(self.model, batch, rng)


def _loss_module(job: Job) -> nn.Module:
    if job.plan.compile:
        job.model.compile()
    loss_of = _LossOf(job.task, job.model)
    if job.world.is_alone:
        return loss_of
    return DistributedDataParallel(loss_of, broadcast_buffers=False, gradient_as_bucket_view=True)


def _backward(
    job: Job, loss_of: nn.Module, batches: Sequence[Any], *, scaler: GradScaler, step: int
) -> Tensor:
    total = torch.zeros((), device=job.device)
    for own, batch in enumerate(batches):
        rng = _seed_part(job.seed, step, job.world.rank * len(batches) + own)
        with _in_step(loss_of, is_last=own == len(batches) - 1):
            with autocast(job.plan.precision, job.device):
                loss = loss_of(batch.to(job.device), rng) / len(batches)
            scaler.scale(loss).backward()
        total = total + loss.detach()
    return total


def _in_step(loss_of: nn.Module, *, is_last: bool) -> AbstractContextManager[None]:
    """Returns the context in which processes exchange gradients, after the last part of a step alone."""
    if is_last or not isinstance(loss_of, DistributedDataParallel):
        return nullcontext()
    return loss_of.no_sync()


def _clip(parts: Stateful, plan: Plan) -> None:
    if plan.clip_norm is None and plan.clip_value is None:
        return
    parts.scaler.unscale_(parts.optimizer)
    trained = [p for group in parts.optimizer.param_groups for p in group["params"]]
    if plan.clip_value is not None:
        nn.utils.clip_grad_value_(trained, plan.clip_value)
    if plan.clip_norm is not None:
        nn.utils.clip_grad_norm_(trained, plan.clip_norm)


def _seed_part(seed: int, step: int, part: int) -> Random:
    """Seeds torch's own generator, which dropout and samplers draw from, and returns one for the tricks.

    The tricks' own is the same for all parts of a step: one share of mixup for all of them, as released.
    """
    text = f"{seed}/{step}/{part}" if part else f"{seed}/{step}"
    torch.manual_seed(int.from_bytes(sha256(text.encode()).digest()[:7], "big"))
    return Random(f"{seed}/{step}")


def _grouped(batches: Iterable[Any], size: int) -> Iterator[list[Any]]:
    group: list[Any] = []
    for batch in batches:
        group.append(batch)
        if len(group) == size:
            yield group
            group = []


def _require_finite(job: Job, steps_per_epoch: int, told: Step) -> None:
    names = partial(job.batches.names, *divmod(told.step, steps_per_epoch))
    require_finite_loss(told, job.checkpoint, names, is_writer=job.world.is_first)


def _settle(job: Job, parts: Stateful, log: Log, position: Position, *, is_last: bool) -> None:
    """After a step: reports, saves and stops where it is time to.

    Several processes agree on it, and only now and then, because that takes a message to and fro.
    """
    if not (job.world.is_alone or log.is_full or is_last):
        return
    stopped_by, is_due = job.world.agree(job.should_stop(), int(log.is_checkpoint_due))
    is_saved = bool(stopped_by or is_due or is_last)
    if is_saved or log.is_full:
        log.flush()
    if is_saved:
        for model in filter(None, (parts.model, parts.average)):
            job.world.average_statistics(model)
        require_finite_weights(job.model, position.step, job.checkpoint)
        if job.world.is_first:
            save_checkpoint(job.checkpoint, parts, position)
        log.restart_wait()
    if stopped_by:
        raise Interrupted(stopped_by)
