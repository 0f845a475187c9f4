"""Writes a data set of four pictures in the layout of VOC's segmentation masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

_BORDER = 255


def write_voc_masks(root: Path, *, year: str = "VOC2012", size: tuple[int, int] = (40, 32)) -> Path:
    """Writes two pictures to train on and two to score, and returns the folder of the year.

    Each shows a box of the class 12 (dog) with a border of ignored pixels, on background.
    """
    folder = root / "VOCdevkit" / year
    for needed in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (folder / needed).mkdir(parents=True)
    for split in ("train", "val"):
        names = [f"{split}_{index}" for index in range(2)]
        (folder / "ImageSets" / "Segmentation" / f"{split}.txt").write_text("\n".join(names) + "\n")
        for name in names:
            mask_HW = boxed(size)
            Image.fromarray(np.stack([mask_HW * 20] * 3, axis=2)).save(folder / "JPEGImages" / f"{name}.jpg")
            write_mask(folder / "SegmentationClass" / f"{name}.png", mask_HW)
    return folder


def write_mask(path: Path, mask_HW: np.ndarray) -> None:
    """Writes a mask with a palette, as VOC has them."""
    file = Image.fromarray(mask_HW).convert("P")
    file.putdata(mask_HW.ravel().tolist())
    file.save(path)


def boxed(size: tuple[int, int]) -> np.ndarray:
    """Returns a mask of background, a border of 255 and a box of 12."""
    width, height = size
    mask_HW = np.zeros((height, width), np.uint8)
    mask_HW[7 : height - 7, 7 : width - 7] = _BORDER
    mask_HW[8 : height - 8, 8 : width - 8] = 12
    return mask_HW
