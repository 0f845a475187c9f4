"""The miniature ADE20K: every pixel of a scene has a class, stuff on the ground as well as objects.

ADEChallengeData2016
|-- objectInfo150.txt                         Idx, Ratio, Train, Val, Name, by tabs, one row a class
|-- sceneCategories.txt                       name of a picture, blank, category
|-- images/training/ADE_train_00000001.jpg    validation/ADE_val_00000001.jpg
`-- annotations/training/ADE_train_00000001.png   8 bits: 0 other, which are the blobs; k = CLASSES[k - 1]

Ratio is the share of all pixels; Train and Val are the numbers of pictures that show the class.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from transferbench.miniature.layers import BLOB
from transferbench.miniature.layout import Item, save_jpeg
from transferbench.miniature.scene import Scene, draw_scene
from transferbench.miniature.shapes import SHAPES
from transferbench.miniature.sizes import Size
from transferbench.miniature.textures import STUFF

FOLDER = "ADEChallengeData2016"
CLASSES = (*STUFF, *SHAPES)
"""Names of the classes, in the order of their values, which begin at 1."""
_PREFIX = {"training": "ADE_train", "validation": "ADE_val"}


def splits(size: Size) -> dict[str, int]:
    """Returns the number of pictures of each split."""
    return {"training": size.ade_training, "validation": size.ade_validation}


def folders(size: Size) -> list[str]:
    """Returns the folders of pictures and of annotations."""
    return [f"{FOLDER}/{kind}/{split}" for kind in ("images", "annotations") for split in splits(size)]


def draw(root: Path, item: Item, *, size: Size, rng: np.random.Generator) -> None:
    """Draws one scene and writes its picture and its annotation."""
    home, name = root / FOLDER, _name(item)
    scene = draw_scene(rng, pixels=size.scene_pixels, unit=size.unit)
    save_jpeg(home / "images" / item.split / f"{name}.jpg", scene.picture_HW3)
    Image.fromarray(class_mask(scene)).save(home / "annotations" / item.split / f"{name}.png")


def write_lists(root: Path, size: Size) -> None:
    """Writes `objectInfo150.txt`, from the annotations, and `sceneCategories.txt`."""
    items = {split: [Item(split, number) for number in range(count)] for split, count in splits(size).items()}
    categories = (f"{_name(item)} miniature\n" for members in items.values() for item in members)
    (root / FOLDER / "sceneCategories.txt").write_text("".join(categories))

    pixels = np.zeros(len(CLASSES) + 1, np.int64)
    scenes = {split: np.zeros(len(CLASSES) + 1, np.int64) for split in items}
    for item in (item for members in items.values() for item in members):
        with Image.open(root / FOLDER / "annotations" / item.split / f"{_name(item)}.png") as file:
            counts = np.bincount(np.asarray(file).ravel(), minlength=len(pixels))
        pixels += counts
        scenes[item.split] += counts > 0
    rows = ["Idx\tRatio\tTrain\tVal\tName\n"]
    for value, name in enumerate(CLASSES, start=1):
        ratio = pixels[value] / max(pixels.sum(), 1)
        found = f"{scenes['training'][value]}\t{scenes['validation'][value]}"
        rows.append(f"{value}\t{ratio:.4f}\t{found}\t{name}\n")
    (root / FOLDER / "objectInfo150.txt").write_text("".join(rows))


def class_mask(scene: Scene) -> np.ndarray:
    """Returns 0 for what is of no class and 1 and more for classes (H, W)."""
    mask_HW = scene.stuff_HW + np.uint8(1)
    for number, thing in enumerate(scene.things, start=1):
        mask_HW[scene.instances_HW == number] = len(STUFF) + thing.label + 1
    mask_HW[scene.instances_HW == BLOB] = 0
    return mask_HW


def _name(item: Item) -> str:
    return f"{_PREFIX[item.split]}_{item.number + 1:08d}"
