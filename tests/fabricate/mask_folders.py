"""Writes folders of pictures and masks, and the protocol file that reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from transferbench.tasks.segment.settings import FolderData

ROAD = np.array([[0, 0, 1], [2, 2, 255]], np.uint8)
"""A mask of three classes and an ignored pixel."""

DATA: Mapping[str, Any] = {
    "layout": "folder",
    "train": {"pictures": "images/train", "masks": "masks/train"},
    "score": {"pictures": "images/val", "masks": "masks/val"},
    "classes": "classes.txt",
}


def folder_data(**changed: Any) -> FolderData:
    """Returns what a protocol says of the folders."""
    return FolderData.model_validate({**DATA, **changed})


def write_mask_folders(root: Path, classes: Sequence[str] = ("road", "car", "sky")) -> Path:
    """Writes two pictures to train on, one of them a folder deeper, one to score, and the file of classes."""
    for name in ("train/a.jpg", "train/deep/b.jpg", "val/c.jpg"):
        write_masked(root, name, ROAD)
    (root / "classes.txt").write_text("\n".join(classes) + "\n")
    return root


def write_masked(root: Path, name: str, mask_HW: np.ndarray, *, ending: str = ".png") -> Path:
    """Writes a picture and its mask, and returns the path of the mask."""
    picture = root / "images" / name
    mask = (root / "masks" / name).with_name(f"{picture.stem}{ending}")
    for path in (picture, mask):
        path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (mask_HW.shape[1], mask_HW.shape[0]), (90, 90, 90)).save(picture)
    Image.fromarray(mask_HW).save(mask)
    return mask
