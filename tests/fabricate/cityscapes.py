"""Writes a data set of four pictures in the layout of Cityscapes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

CITIES = {"train": ("aachen", "bochum"), "val": ("frankfurt",)}


def write_cityscapes(root: Path, *, size: tuple[int, int] = (40, 32)) -> Path:
    """Writes a picture of each city to train on and two to score, and returns the data set's folder.

    Each shows road (id 7) below sky (23), a bicycle (33) on it and a strip of the ego vehicle (1).
    """
    write_scene(root, "train", "aachen", 0, scene(size))
    write_scene(root, "train", "bochum", 1, scene(size))
    write_scene(root, "val", "frankfurt", 0, scene(size))
    write_scene(root, "val", "frankfurt", 1, scene(size))
    return root


def write_scene(root: Path, split: str, city: str, number: int, ids_HW: np.ndarray) -> Path:
    """Writes the mask of a scene and the picture that shows it, and returns the path of the mask."""
    stem = f"{city}_{number:06}_000019"
    pictures, masks = root / "leftImg8bit" / split / city, root / "gtFine" / split / city
    pictures.mkdir(parents=True, exist_ok=True)
    masks.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.stack([ids_HW * 7] * 3, axis=2)).save(pictures / f"{stem}_leftImg8bit.png")
    Image.fromarray(ids_HW % 19).save(masks / f"{stem}_gtFine_labelTrainIds.png")
    mask = masks / f"{stem}_gtFine_labelIds.png"
    Image.fromarray(ids_HW).save(mask)
    return mask


def scene(size: tuple[int, int]) -> np.ndarray:
    """Returns the ids of a scene."""
    width, height = size
    ids_HW = np.full((height, width), 7, np.uint8)
    ids_HW[: height // 2] = 23
    ids_HW[height // 2 : height // 2 + 4, 4:8] = 33
    ids_HW[-2:] = 1
    return ids_HW
