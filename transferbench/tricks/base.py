"""What a trick is, and the values that pass it.

Dimension key: N images of a batch, C channels, H x W pixels, K classes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, ClassVar, Literal

from transferbench.schema import Schema

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor, nn
    from torch.optim.swa_utils import AveragedModel

    Load = Callable[[str], nn.Module]


Form = Literal["paper", "released"]
"""Whether a trick acts as the paper says, or as its authors' released code does."""


@dataclass(frozen=True)
class Progress:
    """Where a training stands, in epochs (fractions of an epoch count)."""

    epoch: float
    epochs: float
    warmup_epochs: float = 0.0
    """Epochs that a warmup has taken from the front; 0 without one."""


Schedule = Callable[[Progress], float]
"""Progress to the share of the peak learning rate, in [0, 1]."""


@dataclass(frozen=True)
class ParameterGroup:
    """Parameters that the optimizer treats alike."""

    parameters: Sequence[nn.Parameter]
    lr_scale: float = 1.0
    """Factor on the learning rate of the plan."""
    decays: bool = True
    """Whether weight decay applies."""
    names: Sequence[str] = field(default=(), compare=False)


class Trick(Schema):
    """One refinement of training; each method is a seam, and does nothing unless a trick overrides it."""

    source: ClassVar[str]

    def prepare(self, model: nn.Module, load: Load) -> None:
        """Edits the new model in place; `load(name)` gives a pretrained classifier in eval mode."""

    def group_parameters(self, groups: list[ParameterGroup]) -> list[ParameterGroup]:
        """Returns the optimizer's groups."""
        return groups

    def scale_lr(self, lr: float, batch_size: int) -> float:
        """Returns the peak learning rate for a global batch of `batch_size` images."""
        return lr

    def reshape_schedule(self, schedule: Schedule) -> Schedule:
        """Returns the schedule of the learning rate."""
        return schedule

    def input_side(self, side_pixels: int, epoch: int) -> int:
        """Returns the side of the square that the network sees in an epoch."""
        return side_pixels

    def distort(self, picture_HW3: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Returns a picture made from a cropped one, both RGB bytes; runs where pictures are decoded."""
        return picture_HW3

    def soften(self, targets_NK: Tensor) -> Tensor:
        """Returns target distributions; rows keep their sum of one."""
        return targets_NK

    def mix(self, images_NCHW: Tensor, targets_NK: Tensor, rng: Random) -> tuple[Tensor, Tensor]:
        """Returns a batch made from the batch."""
        return images_NCHW, targets_NK

    def reshape_loss(
        self, loss: Tensor, *, images_NCHW: Tensor, logits_NK: Tensor, targets_NK: Tensor
    ) -> Tensor:
        """Returns the scalar loss of a batch; `loss` is the mean cross-entropy, or an earlier trick's."""
        return loss

    def average(self, model: nn.Module) -> AveragedModel | None:
        """Returns a running average of the weights that takes the model's place in the end, or None."""
        return None


def reordered(batch: Tensor, order: Sequence[int]) -> Tensor:
    """Returns the rows of a batch in another order, without a wait for the device that they are on."""
    import torch

    index = torch.tensor(order, pin_memory=batch.is_cuda).to(batch.device, non_blocking=True)
    return batch[index]
