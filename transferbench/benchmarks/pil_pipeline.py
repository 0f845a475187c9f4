"""How the peers change a training picture and its mask: Pillow, the whole picture resized, then floats.

Dimension key: H x W pixels.
"""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image, ImageFilter, ImageOps
from torch import Tensor

from transferbench.backbones.card import Pixels
from transferbench.tasks.segment.settings import Augment
from transferbench.tasks.segment.sources.masks import IGNORED, Pair


def opened_pair(pair: Pair) -> tuple[Image.Image, Image.Image]:
    """Returns a picture and its mask, decoded."""
    with Image.open(pair.picture) as picture, Image.open(pair.mask) as mask:
        return picture.convert("RGB"), mask.copy()


def changed_pair(
    picture: Image.Image, mask: Image.Image, augment: Augment, rng: np.random.Generator
) -> tuple[Image.Image, Image.Image]:
    """Returns a square of a picture and of its mask, at a random scale and perhaps mirrored and blurred.

    Everything is drawn in the order in which ours is, so that one seed gives one square.

    Source:
        GluonCV's training transform, as torchvision's reference has it too, with bytes for colours.
    """
    width, height = picture.size
    low, high = (int(augment.base_size * factor) for factor in augment.scale)
    scale = int(rng.integers(low, high + 1)) / (max if augment.side == "long" else min)(picture.size)
    size = round(width * scale), round(height * scale)
    picture = picture.resize(size, Image.Resampling.BILINEAR)
    mask = mask.resize(size, Image.Resampling.NEAREST)
    right, bottom = (max(0, augment.crop - side) for side in size)
    if right or bottom:
        picture = ImageOps.expand(picture, (0, 0, right, bottom), fill=0)
        mask = ImageOps.expand(mask, (0, 0, right, bottom), fill=IGNORED)
    top = int(rng.integers(picture.height - augment.crop + 1))
    left = int(rng.integers(picture.width - augment.crop + 1))
    box = (left, top, left + augment.crop, top + augment.crop)
    picture, mask = picture.crop(box), mask.crop(box)
    if rng.random() < augment.blur:
        picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0, 1)))
    if rng.random() < augment.flip:
        picture, mask = (each.transpose(Image.Transpose.FLIP_LEFT_RIGHT) for each in (picture, mask))
    return picture, mask


def floats_of(picture: Image.Image, mask: Image.Image, pixels: Pixels) -> tuple[Tensor, Tensor]:
    """Returns a picture (3, H, W), normalised for a network, and labels (H, W), int64."""
    from torchvision.transforms import functional

    normalised: Tensor = functional.normalize(functional.to_tensor(picture), pixels.mean, pixels.std)
    return normalised, torch.from_numpy(np.array(mask)).long()
