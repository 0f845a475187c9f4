"""Random erasing.

Dimension key: H x W pixels, 3 colours (RGB).
"""

from __future__ import annotations

from math import exp, log, sqrt
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from transferbench.tricks.base import Trick

if TYPE_CHECKING:
    import numpy as np

_AREA = (0.02, 1 / 3)
_ASPECT = (0.3, 1 / 0.3)
_TRIES = 10
_IMAGENET_MEAN = (124, 116, 104)


class RandomErasing(Trick):
    """Overwrites a box of some pictures, so that no single part decides the class.

    The box takes 2 % to a third of the picture (up to 40 % in the paper), at an aspect from 0.3 to
    1/0.3 whose logarithm is uniform, as in timm and torchvision, and lies within the picture.
    """

    source: ClassVar[str] = "Zhong et al. 2020, section 3; timm's RandomErasing; not in He et al. 2019"
    probability: Annotated[float, Field(gt=0, le=1)] = 0.25
    """Share of the pictures; 0.25 is what today's recipes take, the paper takes 0.5."""
    mode: Literal["noise", "mean"] = "noise"
    """`noise`: a random byte for each colour of each pixel; `mean`: the mean colour of ImageNet."""

    def distort(self, picture_HW3: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        if rng.random() >= self.probability:
            return picture_HW3
        box = erased_box(picture_HW3.shape[:2], rng)
        if box is None:
            return picture_HW3
        left, top, right, bottom = box
        erased_HW3 = picture_HW3.copy()
        hole_HW3 = erased_HW3[top:bottom, left:right]
        hole_HW3[:] = _IMAGENET_MEAN if self.mode == "mean" else rng.integers(256, size=hole_HW3.shape)
        return erased_HW3


def erased_box(size_HW: tuple[int, ...], rng: np.random.Generator) -> tuple[int, int, int, int] | None:
    """Returns (x_min, y_min, x_max, y_max) within a picture, or None if ten draws do not fit.

    Args:
        size_HW: pixels.
        rng: drawn from.

    Source:
        Zhong et al. 2020, algorithm 1; aspect and number of draws as in torchvision's RandomErasing.
    """
    height, width = size_HW
    for _ in range(_TRIES):
        area = height * width * rng.uniform(*_AREA)
        aspect = exp(rng.uniform(log(_ASPECT[0]), log(_ASPECT[1])))
        h, w = round(sqrt(area * aspect)), round(sqrt(area / aspect))
        if 0 < h < height and 0 < w < width:
            top, left = int(rng.integers(height - h + 1)), int(rng.integers(width - w + 1))
            return left, top, left + w, top + h
    return None
