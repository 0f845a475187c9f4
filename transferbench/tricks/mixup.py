"""Mixup.

Dimension key: N images of a batch, C channels, H x W pixels, K classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import PositiveFloat

from transferbench.tricks.base import Trick

if TYPE_CHECKING:
    from random import Random

    from torch import Tensor


class Mixup(Trick):
    """Trains on blends of two images and, in the same shares, of their targets.

    One share per batch, drawn from Beta(alpha, alpha). The paper trains 200 epochs with it in
    place of 120. A batch of one image has no second and passes as it is.
    """

    source: ClassVar[str] = "Zhang et al. 2018; He et al. 2019, section 5.4"
    alpha: PositiveFloat = 0.2
    partner: Literal["permuted", "reversed"] = "permuted"
    """Who is blended with whom: a random order of the batch, as in Zhang et al.; or the batch from
    its end, as in the released code (there for the images of one GPU, here for the whole batch)."""

    def mix(self, images_NCHW: Tensor, targets_NK: Tensor, rng: Random) -> tuple[Tensor, Tensor]:
        share = rng.betavariate(self.alpha, self.alpha)
        count = len(images_NCHW)
        partner = list(range(count))[::-1] if self.partner == "reversed" else rng.sample(range(count), count)
        return (
            images_NCHW[partner].lerp(images_NCHW, share),
            targets_NK[partner].lerp(targets_NK, share),
        )
