"""A learning rate that grows with the batch."""

from typing import ClassVar

from pydantic import PositiveInt

from transferbench.tricks.base import Trick


class LinearScaling(Trick):
    """Multiplies the plan's rate by batch / base_batch.

    A mean over more images is less noisy, so that longer steps are safe. The plan's `lr` is then the
    rate for a batch of `base_batch` images; 0.1 in the paper.
    """

    source: ClassVar[str] = "Goyal et al. 2017, section 2.1; He et al. 2019, section 3.1"
    base_batch: PositiveInt = 256
    """Images of the global batch that the plan's rate was chosen for."""

    def scale_lr(self, lr: float, batch_size: int) -> float:
        return lr * batch_size / self.base_batch
