"""The change of a picture's colours as one affine map, which the device applies.

Dimension key: N images, H x W pixels, 3 colours (RGB).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from transferbench.tasks.classify.protocols import Augment

# Eigenvalues and eigenvectors (rows R, G, B) of ImageNet's colours in 0..255, as in the released code.
_EIGENVALUES = np.array([55.46, 4.794, 1.148])
_EIGENVECTORS = np.array([[-0.5675, 0.7192, 0.4009], [-0.5808, -0.0045, -0.8140], [-0.5836, -0.6948, 0.4203]])
_GREY = np.array([0.299, 0.587, 0.114])
_TO_YIQ = np.array([_GREY, [0.596, -0.274, -0.321], [0.211, -0.523, 0.311]])
_FROM_YIQ = np.array([[1, 0.956, 0.621], [1, -0.272, -0.647], [1, -1.107, 1.705]])


class ColourMap(NamedTuple):
    """New colour = matrix @ colour + offset, for colours in [0, 1]."""

    matrix_N33: Tensor
    offset_N3: Tensor

    def apply(self, images_NCHW: Tensor, dtype: torch.dtype) -> Tensor:
        """Returns images of bytes in [0, 1], their colours changed and cut off once, at the end.

        The result is in planes whatever the order of the bytes: the map works on planes, and so does the
        normalisation that follows; a channels-last network orders its input itself. Autocast does not
        act here, as 8 bits of fraction are too few for colours.

        Args:
            images_NCHW: uint8.
            dtype: of the result.
        """
        count, _, height, width = images_NCHW.shape
        offset_N31 = self.offset_N3.to(dtype)[:, :, None]
        matrix_N34 = torch.cat((self.matrix_N33.to(dtype) / 255, offset_N31), dim=2)
        mapped_NCHW = torch.empty(images_NCHW.shape, dtype=dtype, device=images_NCHW.device)
        # One by one an image stays in a processor's cache from the first to the last operation.
        at_once = 1 if images_NCHW.device.type == "cpu" else max(1, count)
        planes_M4HW = torch.ones(at_once, 4, height, width, dtype=dtype, device=images_NCHW.device)
        for start in range(0, count, at_once):
            some = slice(start, start + at_once)
            planes_M4HW[:, :3] = images_NCHW[some]
            torch.bmm(matrix_N34[some], planes_M4HW.flatten(2), out=mapped_NCHW[some].flatten(2)).clamp_(0, 1)
        return mapped_NCHW


def mean_colour(picture_HW3: np.ndarray) -> np.ndarray:
    """Returns the mean colour of a picture of bytes, in [0, 1]."""
    height, width, _ = picture_HW3.shape
    # Summed down the rows first: numpy's mean over both axes takes twenty times as long.
    columns = picture_HW3.reshape(height, -1).sum(0, dtype=np.uint32)
    return np.asarray(columns.reshape(width, 3).sum(0) / (height * width) / 255)


def colour_map(
    picture_HW3: np.ndarray, augment: Augment, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Returns matrix and offset of the change of colours that `augment` asks for, then of PCA noise.

    Each step is affine in the colours (contrast through the mean grey, which follows from the mean
    colour), so that all of them are one affine map. None of them, hue included, changes what another
    does as long as no colour is cut off, so that the random order of the released code makes no difference.

    Args:
        picture_HW3: bytes.
        augment: which steps, and how strong.
        rng: drawn from.

    Source:
        He et al. 2019, section 2.1, and the released code, see `Augment.colours`.
    """
    matrix, offset = np.eye(3), np.zeros(3)
    if augment.jitter and augment.colours == "released":
        brightness, contrast, saturation = 1 + rng.uniform(-augment.jitter, augment.jitter, 3)
        matrix = brightness * contrast * _saturation(saturation)
        offset = offset + brightness * (1 - contrast) * (_GREY @ mean_colour(picture_HW3))
    elif augment.jitter:
        hue, saturation, brightness = rng.uniform(-augment.jitter, augment.jitter, 3)
        matrix = (1 + brightness) * _saturation(1 + saturation) @ _hue(hue)
    if augment.lighting:
        offset = offset + _EIGENVECTORS @ (_EIGENVALUES * rng.normal(0, augment.lighting, 3)) / 255
    return matrix.astype(np.float32), offset.astype(np.float32)


def _saturation(share: float) -> np.ndarray:
    return share * np.eye(3) + (1 - share) * np.broadcast_to(_GREY, (3, 3))


def _hue(share: float) -> np.ndarray:
    """Returns a turn of the colours about grey, by a share of half a circle.

    Source:
        MXNet's HueJitterAug; linear, as lightness in YIQ stays what it is.
    """
    u, w = math.cos(share * math.pi), math.sin(share * math.pi)
    return np.asarray(_FROM_YIQ @ np.array([[1, 0, 0], [0, u, -w], [0, w, u]]) @ _TO_YIQ)
