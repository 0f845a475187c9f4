"""The smallest training: a linear model on numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import torch
from torch import Tensor, nn

from transferbench.engine.loop import Job
from transferbench.engine.plan import Plan, Sgd
from transferbench.tricks.bag import Bag
from transferbench.tricks.base import ParameterGroup


@dataclass(frozen=True)
class Pairs:
    """A batch."""

    x_NC: Tensor
    y_N1: Tensor

    def to(self, device: torch.device) -> Pairs:
        return Pairs(self.x_NC.to(device), self.y_N1.to(device))

    def __len__(self) -> int:
        return len(self.x_NC)


class Batches:
    """Four batches an epoch, drawn from the epoch and the place."""

    def __len__(self) -> int:
        return 4

    def epoch(self, epoch: int, skip: int) -> Iterator[Pairs]:
        for place in range(skip, len(self)):
            rng = torch.Generator().manual_seed(100 * epoch + place)
            x_NC = torch.randn(8, 3, generator=rng)
            yield Pairs(x_NC, x_NC.sum(1, keepdim=True))

    def names(self, epoch: int, step: int) -> list[str]:
        return [f"epoch {epoch} step {step} pair {pair}" for pair in range(8)]


class Regression:
    """Squares, with dropout to use torch's own generator."""

    def parameter_groups(self, model: nn.Module, plan: Plan) -> list[ParameterGroup]:
        return [ParameterGroup(list(model.parameters()))]

    def loss(self, model: nn.Module, batch: Pairs, rng: Random) -> Tensor:
        kept = nn.functional.dropout(batch.x_NC, 0.1) * rng.uniform(0.9, 1.1)
        loss: Tensor = (model(kept) - batch.y_N1).square().mean()
        return loss


def job(folder: Path, **changes: object) -> Job:
    """Returns a training of three epochs of four steps."""
    model = nn.Linear(3, 1)
    nn.init.zeros_(model.weight)
    nn.init.zeros_(model.bias)
    settings: dict[str, object] = {
        "task": Regression(),
        "model": model,
        "batches": Batches(),
        "plan": Plan(epochs=3, batch_size=8, lr=0.05, optimizer=Sgd(weight_decay=0.01)),
        "bag": Bag(),
        "seed": 0,
        "device": torch.device("cpu"),
        "checkpoint": folder / "last.ckpt",
        "identity": "this",
    }
    return Job(**(settings | changes))  # type: ignore[arg-type]
