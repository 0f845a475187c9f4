"""Mixup.

Dimension key: N images of a batch, C channels, H x W pixels, K classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import PositiveFloat

from transferbench.tricks.base import Form, Trick, reordered

if TYPE_CHECKING:
    from random import Random

    from torch import Tensor


class Mixup(Trick):
    """Trains on blends of two images and, in the same shares, of their targets.

    One share per batch, drawn from Beta(alpha, alpha). The paper trains 200 epochs with it in
    place of 120. Each of several devices mixes its own part of the batch, all with the same share, as the
    released code does. A batch of one image has no second and passes as it is.
    """

    source: ClassVar[str] = "Zhang et al. 2018; He et al. 2019, section 5.4"
    alpha: PositiveFloat = 0.2
    form: Form = "paper"
    """Who is blended with whom: `paper`, a random order of the batch, as in Zhang et al.; `released`, the
    batch from its end."""

    def mix(self, images_NCHW: Tensor, targets_NK: Tensor, rng: Random) -> tuple[Tensor, Tensor]:
        share = rng.betavariate(self.alpha, self.alpha)
        if self.form == "released":
            return images_NCHW.flip(0).lerp(images_NCHW, share), targets_NK.flip(0).lerp(targets_NK, share)
        partner = rng.sample(range(len(images_NCHW)), len(images_NCHW))
        return (
            reordered(images_NCHW, partner).lerp(images_NCHW, share),
            reordered(targets_NK, partner).lerp(targets_NK, share),
        )
