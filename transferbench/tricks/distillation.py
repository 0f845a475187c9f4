"""Distillation from a trained classifier.

Dimension key: N images of a batch, C channels, H x W pixels, K classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import PositiveFloat, PrivateAttr

from transferbench.errors import ConfigError
from transferbench.tricks.base import Trick

if TYPE_CHECKING:
    from torch import Tensor, nn

    from transferbench.tricks.base import Load


class Distillation(Trick):
    """Adds a loss that pulls the softened output towards that of a teacher on the same (mixed) images.

    loss = hard + weight * T^2 * CE(softmax(teacher / T), softmax(logits / T)), where `hard` is the
    loss without it. The paper's form is weight 1. The released code takes
    (1 - w) * soft + w * hard with w = 0.5: both terms in the paper's proportion, the whole halved. With
    SGD that is this loss at half the plan's `lr` and twice its `weight_decay`; in general,
    weight = (1 - w) / w with `lr` times w and `weight_decay` over w.
    """

    source: ClassVar[str] = "Hinton et al. 2015; He et al. 2019, section 5.3"
    teacher: str
    """A finished pretraining run or a file with a classifier's weights; the paper takes a ResNet-152-D."""
    temperature: PositiveFloat = 20.0
    weight: PositiveFloat = 1.0
    """Factor on the added loss."""
    _teacher: nn.Module | None = PrivateAttr(default=None)

    def prepare(self, model: nn.Module, load: Load) -> None:
        self._teacher = load(self.teacher).eval().requires_grad_(False)

    def reshape_loss(
        self, loss: Tensor, *, images_NCHW: Tensor, logits_NK: Tensor, targets_NK: Tensor
    ) -> Tensor:
        assert self._teacher is not None, "prepare comes first"
        # The teacher is no part of the model, so nobody else moves it to the device of the batch.
        teacher_logits_NK = self._teacher.to(images_NCHW)(images_NCHW).detach()
        if teacher_logits_NK.shape != logits_NK.shape:
            raise ConfigError(
                f"tricks.distillation.teacher: {self.teacher!r} knows {teacher_logits_NK.shape[1]} classes, "
                f"the data have {logits_NK.shape[1]}; take a teacher trained on the same classes"
            )
        return loss + self.weight * soft_cross_entropy(logits_NK, teacher_logits_NK, self.temperature)


def soft_cross_entropy(logits_NK: Tensor, teacher_logits_NK: Tensor, temperature: float) -> Tensor:
    """Returns T^2 * CE(softmax(r/T), softmax(z/T)), the mean over images, a scalar.

    T^2 keeps the gradient's size: softening divides it by T twice.

    Args:
        logits_NK: z, of the student.
        teacher_logits_NK: r.
        temperature: T, above 0; 1 leaves the distributions as they are.

    Source:
        Hinton et al. 2015, section 2; He et al. 2019, section 5.3.
    """
    targets_NK = (teacher_logits_NK / temperature).softmax(dim=1)
    entropy_N = -(targets_NK * (logits_NK / temperature).log_softmax(dim=1)).sum(dim=1)
    return temperature**2 * entropy_N.mean()
