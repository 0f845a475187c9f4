"""What ends a training before its time, told so that one can go on."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import nn

from transferbench.engine.plan import Plan
from transferbench.engine.report import Step
from transferbench.engine.world import World
from transferbench.errors import RunError

FILE_NAME = "failed_batch.txt"
_NAMED = 3
_NO_MEMORY = ("can't allocate memory", "not enough memory", "out of memory")


def require_finite_loss(
    told: Step, checkpoint: Path, names: Callable[[], Sequence[str]], *, is_writer: bool
) -> None:
    """Refuses a loss that is no number.

    Args:
        told: the step.
        checkpoint: where the last one is, if there is one.
        names: gives the files of the step's pictures.
        is_writer: whether to write their list beside the checkpoint.

    Raises:
        RunError: the loss is infinite or not a number.
    """
    if math.isfinite(told.loss):
        return
    files = names()
    where = ", ".join(files[:_NAMED])
    if len(files) > _NAMED:
        where += f" and {len(files) - _NAMED} more"
        if is_writer and checkpoint.parent.is_dir():
            listed = checkpoint.with_name(FILE_NAME)
            listed.write_text("".join(f"{name}\n" for name in files))
            where += f", all in {listed}"
    raise RunError(
        f"step {told.step}: expected a finite loss, found {told.loss} at a rate of {told.lr:.6g}; "
        f"the step's pictures: {where}; {_kept(checkpoint)}; "
        "lower the rate (--set plan.lr=...) or lengthen the warmup"
    )


def require_finite_weights(model: nn.Module, step: int, checkpoint: Path) -> None:
    """Refuses to keep weights that are no numbers, which a finite loss before the step does not rule out.

    Raises:
        RunError: one of the parameters is infinite or not a number.
    """
    checks = [parameter.detach().isfinite().all() for parameter in model.parameters()]
    if checks and not bool(torch.stack(checks).all()):
        raise RunError(
            f"step {step}: expected finite weights after the step, found some that are not; "
            f"{_kept(checkpoint)}; lower the rate (--set plan.lr=...) or lengthen the warmup"
        )


@contextmanager
def memory_told(plan: Plan, world: World, device: torch.device) -> Iterator[None]:
    """Turns running out of memory in a step into advice.

    Raises:
        RunError: there is not enough memory for the pictures that a step takes at once.
    """
    try:
        yield
    except RuntimeError as error:
        if not any(words in str(error).lower() for words in _NO_MEMORY):
            raise
        at_once = plan.batch_size // (plan.accumulate * world.size)
        raise RunError(
            f"{device}: expected memory for {at_once} pictures at once, found too little; "
            f"{_advice(plan, world)}"
        ) from error


def _advice(plan: Plan, world: World) -> str:
    most = plan.batch_size // world.size
    parts = next((n for n in range(plan.accumulate + 1, most + 1) if most % n == 0), None)
    if parts is None:
        return "take smaller pictures or a smaller network, there is no smaller batch"
    return (
        f"try --set plan.accumulate={parts}, which works a step off in parts of {most // parts} pictures "
        "(the rate stays; batch norms see fewer pictures), or --precision bf16 where the device has it"
    )


def _kept(checkpoint: Path) -> str:
    return (
        f"the last finite state is in {checkpoint}" if checkpoint.exists() else "no earlier state was saved"
    )
