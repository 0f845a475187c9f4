"""Crops on bytes, and the change of colours as one affine map that the device applies.

Dimension key: N images, H x W pixels, 3 colours (RGB).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from transferbench.tasks.classify.protocols import Augment

# Eigenvalues and eigenvectors (rows R, G, B) of ImageNet's colours in 0..255, as in the released code.
_EIGENVALUES = np.array([55.46, 4.794, 1.148])
_EIGENVECTORS = np.array([[-0.5675, 0.7192, 0.4009], [-0.5808, -0.0045, -0.8140], [-0.5836, -0.6948, 0.4203]])
_GREY = np.array([0.299, 0.587, 0.114])
_CROP_TRIES = 10


class ColourMap(NamedTuple):
    """New colour = matrix @ colour + offset, for colours in [0, 1]."""

    matrix_N33: Tensor
    offset_N3: Tensor

    def apply(self, images_NCHW: Tensor) -> Tensor:
        """Returns the images with their colours changed, cut off to [0, 1]."""
        dtype = images_NCHW.dtype
        mapped = torch.einsum("nij,njhw->nihw", self.matrix_N33.to(dtype), images_NCHW)
        return (mapped + self.offset_N3.to(dtype)[:, :, None, None]).clamp_(0, 1)


Distort = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def augmented(
    picture_HW3: np.ndarray,
    side: int,
    augment: Augment,
    rng: np.random.Generator,
    *,
    distort: Distort = lambda picture_HW3, rng: picture_HW3,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns a random crop of `side` x `side` bytes, and the matrix and offset of its colours."""
    top, left, height, width = crop_box(picture_HW3.shape[:2], augment, rng)
    crop = picture_HW3[top : top + height, left : left + width]
    if rng.random() < augment.flip:
        crop = crop[:, ::-1]
    image = torch.from_numpy(np.ascontiguousarray(crop)).permute(2, 0, 1)[None]
    resized = interpolate(image, (side, side), mode="bilinear", antialias=True, align_corners=False)[0]
    picture = distort(resized.permute(1, 2, 0).numpy(), rng)
    matrix, offset = colour_map(picture.mean((0, 1)) / 255, augment, rng)
    return picture, matrix, offset


def scored(
    picture_HW3: np.ndarray,
    side: int,
    crop: float,
    interpolation: Literal["bilinear", "bicubic"] = "bilinear",
    *,
    tolerance: float = 0.0,
) -> np.ndarray:
    """Returns the centre of a picture as `side` x `side` bytes, resized the way of the reference, PIL.

    Args:
        picture_HW3: bytes.
        side: pixels.
        crop: share of the resized short side that is kept.
        interpolation: of the resize, with antialiasing.
        tolerance: relative change of size below which the picture is left as it is; 0 always resizes.
    """
    height, width = picture_HW3.shape[:2]
    short = min(height, width)
    scale = math.ceil(side / crop) / short
    size = max(side, round(width * scale)), max(side, round(height * scale))
    image = Image.fromarray(picture_HW3)
    if size != image.size and (abs(scale - 1) > tolerance or short < side):
        image = image.resize(size, Image.Resampling[interpolation.upper()])
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return np.asarray(image.crop((left, top, left + side, top + side)))


def crop_box(
    size_HW: tuple[int, ...], augment: Augment, rng: np.random.Generator
) -> tuple[int, int, int, int]:
    """Returns top, left, height, width in pixels of a crop of random area and aspect.

    After ten tries that do not fit, the largest crop of a legal aspect in the centre, as torchvision does.

    Source:
        Szegedy et al. 2015; torchvision's RandomResizedCrop.
    """
    height, width = size_HW[:2]
    lowest, highest = (math.log(aspect) for aspect in augment.aspect)
    for _ in range(_CROP_TRIES):
        area = height * width * rng.uniform(*augment.area)
        aspect = math.exp(rng.uniform(lowest, highest))
        w, h = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 0 < w <= width and 0 < h <= height:
            return int(rng.integers(height - h + 1)), int(rng.integers(width - w + 1)), h, w
    aspect = min(max(width / height, augment.aspect[0]), augment.aspect[1])
    h, w = max(1, min(height, round(width / aspect))), max(1, min(width, round(height * aspect)))
    return (height - h) // 2, (width - w) // 2, h, w


def colour_map(
    mean_3: np.ndarray, augment: Augment, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Returns matrix and offset of brightness, contrast and saturation in random order, then PCA noise.

    Each is affine in the colours (contrast through the mean grey, which follows from the mean colour),
    so that all of them are one affine map; colours are cut off once, at the end.

    Args:
        mean_3: mean colour of the picture, in [0, 1].
        augment: strengths.
        rng: drawn from.

    Source:
        He et al. 2019, section 2.1; the released code has no hue.
    """
    matrix, offset = np.eye(3), np.zeros(3)
    if augment.jitter:
        shares = 1 + rng.uniform(-augment.jitter, augment.jitter, 3)
        for kind in rng.permutation(3):
            share = shares[kind]
            step, shift = share * np.eye(3), np.zeros(3)
            if kind == 1:
                shift = np.full(3, (1 - share) * (_GREY @ (matrix @ mean_3 + offset)))
            elif kind == 2:
                step = step + (1 - share) * np.broadcast_to(_GREY, (3, 3))
            matrix, offset = step @ matrix, step @ offset + shift
    if augment.lighting:
        offset = offset + _EIGENVECTORS @ (_EIGENVALUES * rng.normal(0, augment.lighting, 3)) / 255
    return matrix.astype(np.float32), offset.astype(np.float32)
