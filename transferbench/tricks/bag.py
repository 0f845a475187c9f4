"""The tricks that are on.

Dimension key: N images of a batch, C channels, H x W pixels, K classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from pydantic import field_validator

from transferbench.schema import Schema
from transferbench.tricks.base import ParameterGroup, Schedule, Trick
from transferbench.tricks.binary_cross_entropy import BinaryCrossEntropy
from transferbench.tricks.cosine import Cosine
from transferbench.tricks.cutmix import CutMix
from transferbench.tricks.distillation import Distillation
from transferbench.tricks.ema import Ema
from transferbench.tricks.label_smoothing import LabelSmoothing
from transferbench.tricks.linear_scaling import LinearScaling
from transferbench.tricks.mixup import Mixup
from transferbench.tricks.no_bias_decay import NoBiasDecay
from transferbench.tricks.progressive_size import ProgressiveSize
from transferbench.tricks.rand_augment import RandAugment
from transferbench.tricks.random_erasing import RandomErasing
from transferbench.tricks.warmup import Warmup
from transferbench.tricks.zero_gamma import ZeroGamma

if TYPE_CHECKING:
    from random import Random

    import numpy as np
    from torch import Tensor, nn
    from torch.optim.swa_utils import AveragedModel

    from transferbench.tricks.base import Load


class Bag(Schema):
    """The `[tricks]` table of a recipe, in the order the tricks act; each seam passes through all of them.

    `true` takes the settings of the trick's paper, a table gives settings, `false` or nothing is off.
    """

    linear_scaling: LinearScaling | None = None
    zero_gamma: ZeroGamma | None = None
    no_bias_decay: NoBiasDecay | None = None
    cosine: Cosine | None = None
    warmup: Warmup | None = None
    progressive_size: ProgressiveSize | None = None
    rand_augment: RandAugment | None = None
    random_erasing: RandomErasing | None = None
    label_smoothing: LabelSmoothing | None = None
    mixup: Mixup | None = None
    cutmix: CutMix | None = None
    binary_cross_entropy: BinaryCrossEntropy | None = None
    distillation: Distillation | None = None
    ema: Ema | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _switch(cls, value: Any) -> Any:
        if isinstance(value, bool):
            return {} if value else None
        return value

    def tricks(self) -> tuple[Trick, ...]:
        """Returns the tricks that are on, in the order they act."""
        found = (getattr(self, name) for name in type(self).model_fields)
        return tuple(trick for trick in found if trick is not None)

    def prepare(self, model: nn.Module, load: Load) -> None:
        """Edits the new model in place; `load(name)` gives a pretrained classifier in eval mode.

        Raises:
            ConfigError: a trick finds nothing to act on.
        """
        for trick in self.tricks():
            trick.prepare(model, load)

    def group_parameters(self, groups: list[ParameterGroup]) -> list[ParameterGroup]:
        """Returns the optimizer's groups.

        Raises:
            ConfigError: a trick finds nothing to act on.
        """
        for trick in self.tricks():
            groups = trick.group_parameters(groups)
        return groups

    def scale_lr(self, lr: float, batch_size: int) -> float:
        """Returns the peak learning rate for a global batch of `batch_size` images."""
        for trick in self.tricks():
            lr = trick.scale_lr(lr, batch_size)
        return lr

    def reshape_schedule(self, schedule: Schedule) -> Schedule:
        """Returns the schedule of the learning rate."""
        for trick in self.tricks():
            schedule = trick.reshape_schedule(schedule)
        return schedule

    def input_side(self, side_pixels: int, epoch: int) -> int:
        """Returns the side of the square that the network sees in an epoch."""
        for trick in self.tricks():
            side_pixels = trick.input_side(side_pixels, epoch)
        return side_pixels

    def distort(self, picture_HW3: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Returns a picture made from a cropped one, both RGB bytes."""
        for trick in self.tricks():
            picture_HW3 = trick.distort(picture_HW3, rng)
        return picture_HW3

    def soften(self, targets_NK: Tensor) -> Tensor:
        """Returns target distributions; rows keep their sum of one."""
        for trick in self.tricks():
            targets_NK = trick.soften(targets_NK)
        return targets_NK

    def mix(self, images_NCHW: Tensor, targets_NK: Tensor, rng: Random) -> tuple[Tensor, Tensor]:
        """Returns a batch made from the batch; of several tricks that mix, one is drawn for each batch."""
        mixing = [trick for trick in self.tricks() if type(trick).mix is not Trick.mix]
        if not mixing:
            return images_NCHW, targets_NK
        chosen = mixing[0] if len(mixing) == 1 else rng.choice(mixing)
        return chosen.mix(images_NCHW, targets_NK, rng)

    def reshape_loss(
        self, loss: Tensor, *, images_NCHW: Tensor, logits_NK: Tensor, targets_NK: Tensor
    ) -> Tensor:
        """Returns the scalar loss of a batch, whose mean cross-entropy is `loss`.

        Raises:
            ConfigError: a trick does not fit the classes.
        """
        for trick in self.tricks():
            loss = trick.reshape_loss(
                loss, images_NCHW=images_NCHW, logits_NK=logits_NK, targets_NK=targets_NK
            )
        return loss

    def average(self, model: nn.Module) -> AveragedModel | None:
        """Returns the running average of the weights that takes the model's place in the end, or None."""
        averages = (trick.average(model) for trick in self.tricks())
        return next((average for average in averages if average is not None), None)


TRICKS: dict[str, type[Trick]] = {
    name: get_args(field.annotation)[0] for name, field in Bag.model_fields.items()
}
"""Key in a recipe to trick, in the order they act."""
