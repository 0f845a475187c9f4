"""The miniature ImageNet: an ImageFolder of `train` and `val`.

imagenet/
|-- classes.txt                      synset, tab, name
|-- train/n90000001/n90000001_1.jpg
`-- val/n90000001/val_00000001.jpg

The synsets are invented: WordNet has none that begin with n9.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from transferbench.miniature.layout import Item, save_jpeg
from transferbench.miniature.scene import draw_object
from transferbench.miniature.shapes import SHAPES
from transferbench.miniature.sizes import Size

FOLDER = "imagenet"
SYNSETS = tuple(f"n9{number:07d}" for number in range(1, len(SHAPES) + 1))
"""One for each of `SHAPES`, in the same order, which is the order of their names as well."""


def splits(size: Size) -> dict[str, int]:
    """Returns the number of pictures of each split."""
    return {"train": size.imagenet_train, "val": size.imagenet_val}


def folders(size: Size) -> list[str]:
    """Returns a folder for each class of each split."""
    return [f"{FOLDER}/{split}/{synset}" for split in splits(size) for synset in SYNSETS]


def draw(root: Path, item: Item, *, size: Size, rng: np.random.Generator) -> None:
    """Draws one picture and writes it; the classes take turns."""
    label = item.number % len(SHAPES)
    synset = SYNSETS[label]
    turn = item.number // len(SHAPES) + 1
    name = f"{synset}_{turn}.jpg" if item.split == "train" else f"val_{item.number + 1:08d}.jpg"
    picture = draw_object(rng, label, pixels=size.imagenet_pixels, unit=size.unit)
    save_jpeg(root / FOLDER / item.split / synset / name, picture)


def write_lists(root: Path, size: Size) -> None:
    """Writes `classes.txt`."""
    lines = (f"{synset}\t{name}\n" for synset, name in zip(SYNSETS, SHAPES, strict=True))
    (root / FOLDER / "classes.txt").write_text("".join(lines))
