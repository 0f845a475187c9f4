"""CutMix.

Dimension key: N images of a batch, C channels, H x W pixels, K classes.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, ClassVar

from pydantic import PositiveFloat

from transferbench.tricks.base import Trick, reordered

if TYPE_CHECKING:
    from random import Random

    from torch import Tensor


class CutMix(Trick):
    """Pastes a box of another image into each, and blends the targets by the area that was pasted.

    The network sees real pixels only, and must know a class by any of its parts. One box and one
    random order of partners a batch, the same on each of several devices. The share of the picture that is
    kept is drawn from Beta(alpha, alpha), the box's centre anywhere; what hangs over the border is cut off.
    """

    source: ClassVar[str] = "Yun et al. 2019, section 3.1; not in He et al. 2019"
    alpha: PositiveFloat = 1.0

    def mix(self, images_NCHW: Tensor, targets_NK: Tensor, rng: Random) -> tuple[Tensor, Tensor]:
        height, width = images_NCHW.shape[2:]
        share = rng.betavariate(self.alpha, self.alpha)
        centre = rng.randrange(width), rng.randrange(height)
        left, top, right, bottom = cut_box(share, centre, (height, width))
        partner = rng.sample(range(len(images_NCHW)), len(images_NCHW))

        mixed_NCHW = images_NCHW.clone()
        cut = images_NCHW[:, :, top:bottom, left:right]
        mixed_NCHW[:, :, top:bottom, left:right] = reordered(cut, partner)
        kept = 1 - (right - left) * (bottom - top) / (width * height)
        return mixed_NCHW, reordered(targets_NK, partner).lerp(targets_NK, kept)


def cut_box(share: float, centre_xy: tuple[int, int], size_HW: tuple[int, int]) -> tuple[int, int, int, int]:
    """Returns (x_min, y_min, x_max, y_max) of the pixels to paste, of the picture's own aspect.

    Args:
        share: of the picture's area that is to be kept, in [0, 1], before the box is cut at the border.
        centre_xy: pixel.
        size_HW: of the picture, pixels.

    Source:
        Yun et al. 2019, equation 2, rounded as in their code.
    """
    edges = []
    for middle, size in zip(centre_xy, reversed(size_HW), strict=True):
        half = int(size * sqrt(1 - share)) // 2
        edges.append((max(middle - half, 0), min(middle + half, size)))
    (x_min, x_max), (y_min, y_max) = edges
    return x_min, y_min, x_max, y_max
