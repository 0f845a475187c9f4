"""Changes a training picture and its labels together.

Dimension key: H x W pixels, S side of the crop, 3 colours.
Convention: labels of 255 are ignored.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from transferbench.tasks.segment.masks import IGNORED
from transferbench.tasks.segment.protocols import Augment


def augmented(
    picture_HW3: np.ndarray, labels_HW: np.ndarray, augment: Augment, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Returns a square of a picture at a random scale, (S, S, 3), and its labels, (S, S), all uint8.

    Only the crop is resampled, from the window of the picture that it covers; the pixels are those of
    resizing the whole picture and cropping it. What the picture does not fill, at the right and at the
    bottom, is black and ignored.

    Source:
        GluonCV's training transform: scale of the long side, padding, crop, flip, blur.
    """
    height, width = labels_HW.shape
    low, high = (int(augment.base_size * factor) for factor in augment.scale)
    scale = int(rng.integers(low, high + 1)) / max(height, width)
    scaled_height, scaled_width = max(1, round(height * scale)), max(1, round(width * scale))
    kept_height, kept_width = min(augment.crop, scaled_height), min(augment.crop, scaled_width)
    top = int(rng.integers(scaled_height - kept_height + 1))
    left = int(rng.integers(scaled_width - kept_width + 1))
    across, down = width / scaled_width, height / scaled_height
    box = (left * across, top * down, (left + kept_width) * across, (top + kept_height) * down)
    size = (kept_width, kept_height)

    picture = Image.fromarray(picture_HW3).resize(size, Image.Resampling.BILINEAR, box=box)
    labels = Image.fromarray(labels_HW).resize(size, Image.Resampling.NEAREST, box=box)
    if rng.random() < augment.blur:
        picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0, 1)))

    step = -1 if rng.random() < augment.flip else 1
    picture_SS3 = np.zeros((augment.crop, augment.crop, 3), np.uint8)
    labels_SS = np.full((augment.crop, augment.crop), IGNORED, np.uint8)
    picture_SS3[:kept_height, :kept_width] = np.asarray(picture)[:, ::step]
    labels_SS[:kept_height, :kept_width] = np.asarray(labels)[:, ::step]
    return picture_SS3, labels_SS
