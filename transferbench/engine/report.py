"""What a run says while it is at work. Imports no torch."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """What happened in one step of the training."""

    step: int
    steps: int
    """Of the whole training."""
    epoch: float
    loss: float
    lr: float
    step_seconds: float
    images_per_second: float
    waiting_share: float
    """Of the time since the last report, spent waiting for data, in [0, 1]."""


@dataclass(frozen=True)
class Scored:
    """How far the measuring has come."""

    done: int
    pictures: int


Report = Callable[[Step | Scored], None]
