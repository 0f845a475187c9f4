"""How long and how fast one training runs. Imports no torch before an optimizer is made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, model_validator

from transferbench.schema import Schema
from transferbench.tricks.base import ParameterGroup, Progress, Schedule
from transferbench.tricks.cosine import cosine_decay
from transferbench.tricks.warmup import warm_up

if TYPE_CHECKING:
    from torch.optim import Optimizer

Precision = Literal["fp32", "bf16", "fp16", "fp64"]


class Sgd(Schema):
    """Stochastic gradient descent with momentum."""

    name: Literal["sgd"] = "sgd"
    momentum: NonNegativeFloat = 0.9
    nesterov: bool = False
    weight_decay: NonNegativeFloat = 1e-4

    @model_validator(mode="after")
    def _has_momentum_to_look_ahead(self) -> Self:
        if self.nesterov and not self.momentum:
            raise ValueError("'nesterov' needs a 'momentum' above 0; raise one or leave out the other")
        return self

    def over(self, groups: Sequence[ParameterGroup], lr: float) -> Optimizer:
        """Returns the optimizer of these groups; each keeps its `lr_scale`."""
        from torch.optim import SGD

        dicts, fused = _as_dicts(groups, self.weight_decay), _is_fused(groups)
        return SGD(dicts, lr=lr, momentum=self.momentum, nesterov=self.nesterov, fused=fused)


class AdamW(Schema):
    """Adam with decoupled weight decay."""

    name: Literal["adamw"]
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: NonNegativeFloat = 0.05

    def over(self, groups: Sequence[ParameterGroup], lr: float) -> Optimizer:
        """Returns the optimizer of these groups; each keeps its `lr_scale`."""
        from torch.optim import AdamW as TorchAdamW

        dicts, fused = _as_dicts(groups, self.weight_decay), _is_fused(groups)
        return TorchAdamW(dicts, lr=lr, betas=self.betas, fused=fused)


class Step(Schema):
    """Multiplies the rate by `factor` at each of some epochs, warmup counted in."""

    name: Literal["step"]
    at_epochs: tuple[PositiveFloat, ...]
    factor: PositiveFloat = 0.1

    def share(self, progress: Progress) -> float:
        """Returns the share of the peak rate, in [0, 1]."""
        drops = sum(progress.epoch >= epoch for epoch in self.at_epochs)
        return float(self.factor**drops)


class Cosine(Schema):
    """Half a cosine from the peak to zero."""

    name: Literal["cosine"]

    def share(self, progress: Progress) -> float:
        """Returns the share of the peak rate, in [0, 1]."""
        return cosine_decay(progress)


class Poly(Schema):
    """A power of the share of the training still to come."""

    name: Literal["poly"]
    power: PositiveFloat = 0.9
    floor: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of the peak that is left at the end."""

    def share(self, progress: Progress) -> float:
        """Returns the share of the peak rate, in [0, 1]."""
        span = progress.epochs - progress.warmup_epochs
        left = max(0.0, 1 - (progress.epoch - progress.warmup_epochs) / span)
        return float(self.floor + (1 - self.floor) * left**self.power)


class Plan(Schema):
    """How long and how fast one training runs."""

    epochs: PositiveInt | PositiveFloat
    """A part of one is cut off after a whole step."""
    batch_size: PositiveInt
    """Images in one step, over all devices and accumulated parts."""
    lr: PositiveFloat
    """Peak learning rate."""
    optimizer: Annotated[Sgd | AdamW, Field(discriminator="name")] = Sgd()
    schedule: Annotated[Step | Cosine | Poly, Field(discriminator="name")] = Cosine(name="cosine")
    warmup_epochs: NonNegativeFloat = 0.0
    clip_norm: PositiveFloat | None = None
    """Largest norm of the gradient; larger ones are scaled down to it."""
    clip_value: PositiveFloat | None = None
    """Largest element of the gradient; larger ones are cut down to it, each by itself."""
    accumulate: PositiveInt = 1
    """Parts that a step's images are worked off in."""
    precision: Precision = "fp32"
    channels_last: bool = False
    compile: bool = False
    """Whether torch.compile makes kernels for the network; it pays on accelerators, after minutes."""
    batch_norm: Literal["local", "synchronised"] = "local"
    """Whether each of several processes takes the statistics of its own images, as the paper's code does,
    or all of them share those of the whole step."""

    @model_validator(mode="after")
    def _parts_are_equal(self) -> Self:
        if self.batch_size % self.accumulate:
            raise ValueError(
                "'batch_size' must be a multiple of 'accumulate', "
                f"{self.batch_size} is none of {self.accumulate}"
            )
        return self

    def rate(self) -> Schedule:
        """Returns the plan's own schedule, its warmup included."""
        return warm_up(self.schedule.share, self.warmup_epochs) if self.warmup_epochs else self.schedule.share


def _as_dicts(groups: Sequence[ParameterGroup], weight_decay: float) -> list[dict[str, object]]:
    return [
        {
            "params": list(group.parameters),
            "lr_scale": group.lr_scale,
            "weight_decay": weight_decay if group.decays else 0.0,
        }
        for group in groups
    ]


def _is_fused(groups: Sequence[ParameterGroup]) -> bool | None:
    """Whether one kernel makes the whole step; None leaves it to torch.

    With a gradient scaler it also keeps the host from waiting for the check of the gradients.
    """
    return True if all(p.is_cuda for group in groups for p in group.parameters) else None
