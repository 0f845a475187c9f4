"""Writes a data set of four pictures in the layout of ADE20K."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

NAMES = ("wall", "sky", "tree, plant", "door, double door")
COLOURS = np.array([[0, 0, 0], [200, 60, 60], [60, 200, 60], [60, 60, 200], [220, 220, 60]], np.uint8)
"""Of the values 0 to 4: a picture is its mask in these colours."""


def write_ade20k(root: Path, *, train: int = 4, score: int = 2, size: tuple[int, int] = (40, 32)) -> Path:
    """Writes pictures of `size` (width, height), each mask four blocks, and returns the data set's folder."""
    folder = root / "ADEChallengeData2016"
    for split, count in (("training", train), ("validation", score)):
        for index in range(count):
            write_pair(folder, split, f"{split}_{index}", blocks(size, index))
    write_names(folder, NAMES)
    return folder


def write_pair(folder: Path, split: str, name: str, mask_HW: np.ndarray) -> None:
    """Writes a mask and the picture that shows it."""
    pictures, masks = folder / "images" / split, folder / "annotations" / split
    pictures.mkdir(parents=True, exist_ok=True)
    masks.mkdir(parents=True, exist_ok=True)
    shown = COLOURS[np.minimum(mask_HW, len(COLOURS) - 1)]
    Image.fromarray(shown).save(pictures / f"{name}.jpg", quality=95)
    Image.fromarray(mask_HW).save(masks / f"{name}.png")


def write_names(folder: Path, names: tuple[str, ...]) -> None:
    """Writes objectInfo150.txt."""
    rows = [f"{number}\t0.1\t1\t1\t{name}" for number, name in enumerate(names, start=1)]
    (folder / "objectInfo150.txt").write_text("\n".join(["Idx\tRatio\tTrain\tVal\tName", *rows]) + "\n")


def blocks(size: tuple[int, int], turn: int) -> np.ndarray:
    """Returns a mask of four blocks of the values 1 to 4, with one unlabelled pixel in the corner."""
    width, height = size
    mask_HW = np.empty((height, width), np.uint8)
    mask_HW[: height // 2, : width // 2] = turn % 4 + 1
    mask_HW[: height // 2, width // 2 :] = (turn + 1) % 4 + 1
    mask_HW[height // 2 :, : width // 2] = (turn + 2) % 4 + 1
    mask_HW[height // 2 :, width // 2 :] = (turn + 3) % 4 + 1
    mask_HW[0, 0] = 0
    return mask_HW
