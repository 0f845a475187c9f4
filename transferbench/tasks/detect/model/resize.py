"""Pictures of any size to one normalised batch, and boxes to the sizes that came of it.

Dimension key: N images, C channels, H x W pixels, R boxes.
Boxes: (x_min, y_min, x_max, y_max), absolute pixels, right and bottom edges exclusive.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

Size = tuple[int, int]
"""(height, width) in pixels."""


def prepare(
    images: Sequence[Tensor],
    normalize: Callable[[Tensor], Tensor],
    sides: tuple[int, int],
    *,
    dtype: torch.dtype,
    short_sides: Sequence[int] | None = None,
    is_flipped: Sequence[bool] | None = None,
) -> tuple[Tensor, list[Size]]:
    """Returns a batch, padded at the right and the bottom with zeros, and the size of each picture in it.

    Args:
        images: RGB bytes, each (H, W, 3).
        normalize: takes images_NCHW of [0, 1].
        sides: short and longest side in pixels; the one that makes a picture smaller counts.
        dtype: of the batch.
        short_sides: of each picture, in place of the one for all.
        is_flipped: whether each picture is mirrored left to right; None for none.

    Source:
        torchvision's GeneralizedRCNNTransform: bilinear, without antialiasing. It truncates sizes; we round.
    """
    short_sides = short_sides or [sides[0]] * len(images)
    is_flipped = is_flipped or [False] * len(images)
    images = [image.flip(1) if flips else image for image, flips in zip(images, is_flipped, strict=True)]
    if len({image.shape for image in images}) == len(set(short_sides)) == 1:
        images_NHW3, short_sides = [torch.stack(images)], short_sides[:1]
    else:
        images_NHW3 = [image[None] for image in images]
    parts = [
        _resized(image_NHW3, normalize, (short_side, sides[1]), dtype)
        for image_NHW3, short_side in zip(images_NHW3, short_sides, strict=True)
    ]
    sizes = [(part.shape[2], part.shape[3]) for part in parts for _ in range(len(part))]
    height, width = (_padded(max(side)) for side in zip(*sizes, strict=True))
    padded = [F.pad(part, (0, width - part.shape[3], 0, height - part.shape[2])) for part in parts]
    return torch.cat(padded), sizes


def resized_size(size: Size, sides: tuple[int, int]) -> Size:
    """Returns the size that a picture is resized to, at least 1 x 1."""
    scale = min(sides[0] / min(size), sides[1] / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def scale_boxes(boxes_R4: Tensor, old: Size, new: Size) -> Tensor:
    """Returns boxes of a picture of the size `old` for the same picture at the size `new`."""
    factor = torch.tensor((new[1] / old[1], new[0] / old[0]) * 2, dtype=boxes_R4.dtype)
    return boxes_R4 * factor.to(boxes_R4.device)


def _resized(
    images_NHW3: Tensor, normalize: Callable[[Tensor], Tensor], sides: tuple[int, int], dtype: torch.dtype
) -> Tensor:
    images_NCHW = normalize(images_NHW3.permute(0, 3, 1, 2).contiguous().to(dtype) / 255)
    old = (images_NCHW.shape[2], images_NCHW.shape[3])
    new = resized_size(old, sides)
    return images_NCHW if new == old else F.interpolate(images_NCHW, size=new, mode="bilinear")


def _padded(side: int, multiple: int = 32) -> int:
    """Returns the next multiple of the coarsest stride, so that strides divide the batch evenly."""
    return -(-side // multiple) * multiple
