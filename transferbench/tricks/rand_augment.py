"""RandAugment.

Dimension key: H x W pixels, 3 colours (RGB).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field, PositiveInt

from transferbench.tricks.base import Trick

if TYPE_CHECKING:
    import numpy as np

_STRONGEST = 30


class RandAugment(Trick):
    """Changes each picture by some operations drawn from fourteen, all of one strength.

    Shears, shifts, turns, colours, contrast, sharpness, fewer bits and the like: far more kinds of
    pictures than crops and flips give, for two numbers to choose. It needs a long training to pay. The
    operations are torchvision's, nearest pixel, black outside.
    """

    source: ClassVar[str] = "Cubuk et al. 2020, section 3; torchvision's RandAugment; not in He et al. 2019"
    operations: PositiveInt = 2
    """On each picture, one after the other; the paper's N."""
    magnitude: Annotated[int, Field(ge=0, le=_STRONGEST)] = 9
    """Strength of all of them, of 30; the paper's M."""

    def distort(self, picture_HW3: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        import numpy as np
        import torch
        from PIL import Image

        with torch.random.fork_rng(devices=[]):
            # torch.manual_seed would also move the generators of accelerators, which are not forked here.
            torch.default_generator.manual_seed(int(rng.integers(2**63)))
            # On PIL's pictures it takes 0.4 times what it takes on tensors.
            changed = _transform(self.operations, self.magnitude)(Image.fromarray(picture_HW3))
        return np.asarray(changed)


@lru_cache
def _transform(operations: int, magnitude: int) -> Any:
    from torchvision.transforms.v2 import RandAugment as TorchvisionRandAugment

    return TorchvisionRandAugment(operations, magnitude, num_magnitude_bins=_STRONGEST + 1)
