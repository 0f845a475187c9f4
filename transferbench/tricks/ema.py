"""An exponential moving average of the weights."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from transferbench.tricks.base import Trick

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.optim.swa_utils import AveragedModel


class Ema(Trick):
    """Ends with a running average of the weights, in which the noise of the last steps is averaged out.

    After step t, counted from 0: average = d * average + (1 - d) * weights, with d = 0 at t = 0 and then
    min(decay, (1 + t) / (10 + t)), so that a short training averages over about its last tenth and
    forgets its start. The statistics of norms are averaged alike. Training goes on with the plain weights.
    """

    source: ClassVar[str] = (
        "Polyak & Juditsky 1992; Szegedy et al. 2016, section 8; "
        "TensorFlow's ExponentialMovingAverage for the first steps; not in He et al. 2019"
    )
    decay: Annotated[float, Field(gt=0, lt=1)] = 0.9999
    """Share of the average that a step keeps in the end; it rises to that over 9 / (1 - decay) steps."""

    def average(self, model: nn.Module) -> AveragedModel:
        return moving_average(model, self.decay)


def decay_of(step: int, decay: float) -> float:
    """Returns the share of the average that is kept after a step, in [0, 1).

    Args:
        step: counted from 0, when there is nothing to keep yet.
        decay: what it rises to.

    Source:
        TensorFlow's ExponentialMovingAverage with `num_updates`.
    """
    return min(decay, (1 + step) / (10 + step)) if step else 0.0


def moving_average(model: nn.Module, decay: float) -> AveragedModel:
    """Returns the average of a model's weights and buffers over no step yet, on the model's device."""
    import torch
    from torch.optim.swa_utils import AveragedModel

    class MovingAverage(AveragedModel):
        """torch's, whose own update waits for the device at every step; the count stays on the host."""

        @torch.no_grad()
        def update_parameters(self, model: nn.Module) -> None:
            pairs = list(zip(_tensors(self.module), _tensors(model), strict=True))
            blended = [pair for pair in pairs if pair[0].is_floating_point()]
            counted = [pair for pair in pairs if not pair[0].is_floating_point()]
            fresh = 1 - decay_of(int(self.n_averaged), decay)
            torch._foreach_lerp_([old for old, _ in blended], [new for _, new in blended], fresh)
            if counted:
                torch._foreach_copy_([old for old, _ in counted], [new for _, new in counted])
            self.n_averaged += 1

    return MovingAverage(model, use_buffers=True).requires_grad_(False)


def _tensors(module: nn.Module) -> chain[Tensor]:
    return chain(module.parameters(), module.buffers())
