"""What resuming needs, written whole or not at all."""

from __future__ import annotations

import pickle
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.amp.grad_scaler import GradScaler
from torch.optim.swa_utils import AveragedModel

from transferbench.engine.world import ALONE, World
from transferbench.errors import RunError
from transferbench.files import whole_file

FILE_NAME = "last.ckpt"


@dataclass(frozen=True)
class Position:
    """How far a training has come."""

    identity: str
    """Of the run; a checkpoint of other settings is not resumed."""
    step: int
    """Optimizer steps done."""
    wall_seconds: float
    """Spent so far, over all sessions."""


@dataclass(frozen=True)
class Stateful:
    """The parts of a training that have a state. Randomness has none: each step is seeded anew."""

    model: nn.Module
    optimizer: torch.optim.Optimizer
    scaler: GradScaler
    average: AveragedModel | None = None


def save_checkpoint(path: Path, parts: Stateful, position: Position) -> None:
    """Writes a checkpoint; the previous one stays until the new one is whole.

    Raises:
        RunError: the disk is full or not writable; an earlier checkpoint is still there.
    """
    content = {
        "position": asdict(position),
        "model": parts.model.state_dict(),
        "optimizer": parts.optimizer.state_dict(),
        "scaler": parts.scaler.state_dict(),
    }
    if parts.average is not None:
        content["average"] = parts.average.state_dict()
    try:
        with whole_file(path) as file:
            torch.save(content, file)
    except (OSError, RuntimeError) as error:
        raise RunError(
            f"{path}: the checkpoint of step {position.step} could not be written ({error}); "
            "an earlier one, if there is one, is whole: make room and start again with --resume"
        ) from error


def load_model(path: Path, model: nn.Module) -> None:
    """Puts the weights of a checkpoint into a model.

    Raises:
        RunError: the checkpoint is missing, cannot be read or is of another model.
    """
    content = _read(path)
    try:
        model.load_state_dict(content["model"])
    except (KeyError, TypeError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise RunError(
            f"{path}: expected the checkpoint of this run, found one of another network ({reason}); do the "
            "run again with --overwrite"
        ) from error


def load_checkpoint(path: Path, parts: Stateful, identity: str, world: World = ALONE) -> Position | None:
    """Puts a checkpoint's state into the parts; returns None if there is no checkpoint.

    Of several processes the first reads it for all, so that it need not lie where every one can see it.

    Raises:
        RunError: the checkpoint cannot be read, is of another version, or of a run with other settings.
    """
    content = world.share(_read(path) if world.is_first and path.exists() else None)
    if content is None:
        return None
    position = _position(path, content)
    if position.identity != identity:
        raise RunError(
            f"{path}: expected a checkpoint of this run, found one of other settings, data or weights; "
            "give --overwrite to start anew, or another --out"
        )
    parts.model.load_state_dict(content["model"])
    parts.optimizer.load_state_dict(content["optimizer"])
    parts.scaler.load_state_dict(content["scaler"])
    if parts.average is not None:
        parts.average.load_state_dict(content["average"])
    return position


def _position(path: Path, content: Any) -> Position:
    try:
        return Position(**content["position"])
    except (KeyError, TypeError) as error:
        raise RunError(
            f"{path}: expected a checkpoint of this version, found a file of another form; give --overwrite "
            "to start anew, or go on with the version that wrote it"
        ) from error


def _read(path: Path) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise RunError(
            f"{path}: expected a checkpoint, found something that cannot be read ({reason}); "
            "give --overwrite to start anew"
        ) from error
