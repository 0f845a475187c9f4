"""Small pictures first."""

from typing import Annotated, ClassVar

from pydantic import Field, PositiveInt

from transferbench.tricks.base import Trick


class ProgressiveSize(Trick):
    """Trains on small pictures first and on larger ones from epoch to epoch, which takes less time.

    The side grows linearly from `smallest` at epoch 0 to the full one at epoch `epochs`, in steps of
    `multiple_of`. Coarse shapes are learned first, and a small picture costs in proportion to its area.
    Evaluation is at the full side, always.
    """

    source: ClassVar[str] = (
        "Howard 2018 (fast.ai's entry to DAWNBench); Tan & Le 2021, section 4; ffcv's rn50 configurations "
        "for the linear growth; not in He et al. 2019"
    )
    epochs: PositiveInt
    """Absolute epochs, warmup counted in, after which the side is full; fewer than the plan has."""
    smallest: Annotated[float, Field(gt=0, lt=1)] = 0.57
    """Share of the full side at the start; 128 of 224 pixels."""
    multiple_of: PositiveInt = 32
    """Pixels; a network that halves five times wants 32. A full side below it stays as it is."""

    def input_side(self, side_pixels: int, epoch: int) -> int:
        if epoch >= self.epochs:
            return side_pixels
        share = self.smallest + (1 - self.smallest) * epoch / self.epochs
        rounded = round(share * side_pixels / self.multiple_of) * self.multiple_of
        return min(max(rounded, self.multiple_of), side_pixels)
