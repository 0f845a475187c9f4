"""Crops on bytes: at random for training, of the centre for scoring.

Dimension key: H x W pixels, 3 colours (RGB).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import numpy as np
import torch
from PIL import Image
from torch.nn.functional import interpolate

from transferbench.tasks.classify.colours import colour_map
from transferbench.tasks.classify.protocols import Augment
from transferbench.tasks.decode import decode_rgb_fast, decode_rows, plain_size

Box = tuple[int, int, int, int]
"""Top, left, height and width of a crop, in pixels."""

Distort = Callable[[np.ndarray, np.random.Generator], np.ndarray]

_CROP_TRIES = 10


def _undistorted(picture_HW3: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return picture_HW3


def augmented(
    picture_HW3: np.ndarray,
    side: int,
    augment: Augment,
    rng: np.random.Generator,
    *,
    distort: Distort = _undistorted,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns a random crop of `side` x `side` bytes, and the matrix and offset of its colours."""
    picture = distort(cropped(picture_HW3, side, augment, rng), rng)
    return picture, *colour_map(picture, augment, rng)


def augmented_from(
    content: bytes,
    name: str,
    side: int,
    augment: Augment,
    *,
    rng: np.random.Generator,
    distort: Distort = _undistorted,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns what `augmented` returns of a picture's file, see `cropped_from`.

    Raises:
        DataError: the content is truncated or no picture.
    """
    picture = distort(cropped_from(content, name, side, augment, rng=rng), rng)
    return picture, *colour_map(picture, augment, rng)


def cropped(picture_HW3: np.ndarray, side: int, augment: Augment, rng: np.random.Generator) -> np.ndarray:
    """Returns a random crop of `side` x `side` bytes, flipped at random."""
    box = crop_box(picture_HW3.shape[:2], augment, rng, side=side)
    return resized_crop(picture_HW3, box, side, is_flipped=rng.random() < augment.flip)


def cropped_from(
    content: bytes, name: str, side: int, augment: Augment, *, rng: np.random.Generator
) -> np.ndarray:
    """Returns the crop that `cropped` takes from a picture, of whose file no more is decoded than it needs.

    Args:
        content: all bytes of the file.
        name: of the picture, for a complaint.
        side: of the crop, in pixels.
        augment: limits of the crop.
        rng: drawn from as often as by `cropped`.

    Raises:
        DataError: the content is truncated or no picture.
    """
    size = plain_size(content)
    if size is None:
        return cropped(decode_rgb_fast(content, name), side, augment, rng)
    box = crop_box(size, augment, rng, side=side)
    rows_HW3 = decode_rows(content, name, size, box[0] + box[2])
    return resized_crop(rows_HW3, box, side, is_flipped=rng.random() < augment.flip)


def resized_crop(picture_HW3: np.ndarray, box: Box, side: int, *, is_flipped: bool) -> np.ndarray:
    """Returns a part of a picture as `side` x `side` bytes, bilinear with antialiasing, in (H, W, 3) order.

    Args:
        picture_HW3: bytes.
        box: the part.
        side: pixels.
        is_flipped: whether left and right change places.
    """
    top, left, height, width = box
    crop_HW3 = np.ascontiguousarray(picture_HW3[top : top + height, left : left + width])
    # The 1 comes in front before the axes change places: so torch sees that this is channels-last, and
    # takes its fast way. To flip what comes out costs less than to flip what goes in.
    crop_1HW3 = torch.from_numpy(crop_HW3)[None]
    image_13HW = interpolate(
        crop_1HW3.permute(0, 3, 1, 2), (side, side), mode="bilinear", antialias=True, align_corners=False
    )
    image_13HW = image_13HW.flip(3) if is_flipped else image_13HW
    return np.asarray(image_13HW[0].permute(1, 2, 0))


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


def crop_box(size_HW: tuple[int, ...], augment: Augment, rng: np.random.Generator, *, side: int) -> Box:
    """Returns a crop of random area and aspect, as `augment.crops` says.

    Args:
        size_HW: of the picture, in pixels.
        augment: limits of area and aspect.
        rng: drawn from.
        side: of the input, in pixels: what the released code takes from the centre after ten tries in vain.

    Source:
        Szegedy et al. 2015; torchvision's RandomResizedCrop; MXNet's image_aug_default.
    """
    height, width = size_HW[:2]
    for _ in range(_CROP_TRIES):
        area = height * width * rng.uniform(*augment.area)
        aspect = _aspect(augment, rng)
        w, h = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 0 < w <= width and 0 < h <= height:
            return int(rng.integers(height - h + 1)), int(rng.integers(width - w + 1)), h, w
    if augment.crops == "released":
        h = w = min(side, height, width)
    else:
        aspect = min(max(width / height, augment.aspect[0]), augment.aspect[1])
        h, w = max(1, min(height, round(width / aspect))), max(1, min(width, round(height * aspect)))
    return (height - h) // 2, (width - w) // 2, h, w


def _aspect(augment: Augment, rng: np.random.Generator) -> float:
    lowest, highest = augment.aspect
    if augment.crops == "torchvision":
        return math.exp(rng.uniform(math.log(lowest), math.log(highest)))
    aspect = rng.uniform(lowest, highest)
    return 1 / aspect if augment.crops == "released" and rng.random() < 0.5 else aspect
