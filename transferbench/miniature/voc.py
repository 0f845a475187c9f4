"""The miniature Pascal VOC: boxes and masks of the 2007 and the 2012 challenge.

VOCdevkit/VOC2007, VOCdevkit/VOC2012
|-- JPEGImages/000001.jpg            2012: 2012_000001.jpg
|-- Annotations/000001.xml           boxes in pixels, 1-based, all four edges inclusive
|-- SegmentationClass/000001.png     palette: 0 ground and blobs, k = SHAPES[k - 1], 255 around objects
`-- ImageSets/Main, Segmentation     train, val, trainval; 2007: test

Every picture has a mask. The first half of trainval is train, the other val.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from transferbench.miniature.layout import Item, save_jpeg
from transferbench.miniature.scene import Scene, Thing, draw_scene
from transferbench.miniature.shapes import SHAPES
from transferbench.miniature.sizes import Size

FOLDER = "VOCdevkit"
EDGE = 255
_EMPTY_SHARE = 0.04


def splits(size: Size) -> dict[str, int]:
    """Returns the number of pictures of each split that is drawn, by year and name."""
    return {
        "2007/trainval": size.voc2007_trainval,
        "2007/test": size.voc2007_test,
        "2012/trainval": size.voc2012_trainval,
    }


def folders(size: Size) -> list[str]:
    """Returns the folders of both years."""
    kinds = ("JPEGImages", "Annotations", "SegmentationClass", "ImageSets/Main", "ImageSets/Segmentation")
    return [f"{FOLDER}/VOC{year}/{kind}" for year in ("2007", "2012") for kind in kinds]


def draw(root: Path, item: Item, *, size: Size, rng: np.random.Generator) -> None:
    """Draws one scene and writes its picture, boxes and mask."""
    home = root / FOLDER / f"VOC{item.split.split('/')[0]}"
    name = _name(item, size)
    scene = draw_scene(rng, pixels=size.scene_pixels, unit=size.unit, empty_share=_EMPTY_SHARE)
    save_jpeg(home / "JPEGImages" / f"{name}.jpg", scene.picture_HW3)
    (home / "Annotations" / f"{name}.xml").write_text(_annotation(home.name, name, scene))
    mask = Image.fromarray(class_mask(scene))
    mask.putpalette(_palette())
    mask.save(home / "SegmentationClass" / f"{name}.png")


def write_lists(root: Path, size: Size) -> None:
    """Writes `ImageSets`."""
    for split, count in splits(size).items():
        year, kind = split.split("/")
        names = [_name(Item(split, number), size) for number in range(count)]
        _write_list(root, year, kind, names)
        if kind == "trainval":
            _write_list(root, year, "train", names[: count // 2])
            _write_list(root, year, "val", names[count // 2 :])


def class_mask(scene: Scene) -> np.ndarray:
    """Returns 0 for the ground, 1 and more for classes, 255 on the ground next to objects (H, W).

    The true masks have 255 on both sides of an edge; on thin shapes of few pixels that would leave nothing.
    """
    classes = np.zeros(256, np.uint8)
    for number, thing in enumerate(scene.things, start=1):
        classes[number] = thing.label + 1
    mask_HW = np.asarray(classes[scene.instances_HW])
    mask_HW[_edges(mask_HW) & (mask_HW == 0)] = EDGE
    return mask_HW


def _edges(mask_HW: np.ndarray) -> np.ndarray:
    """Returns the pixels with another value above, below or beside them (H, W)."""
    edges = np.zeros(mask_HW.shape, bool)
    down, across = mask_HW[1:] != mask_HW[:-1], mask_HW[:, 1:] != mask_HW[:, :-1]
    edges[1:] |= down
    edges[:-1] |= down
    edges[:, 1:] |= across
    edges[:, :-1] |= across
    return edges


def _write_list(root: Path, year: str, kind: str, names: list[str]) -> None:
    for use in ("Main", "Segmentation"):
        path = root / FOLDER / f"VOC{year}" / "ImageSets" / use / f"{kind}.txt"
        path.write_text("".join(f"{name}\n" for name in names))


def _name(item: Item, size: Size) -> str:
    year, kind = item.split.split("/")
    number = item.number + 1 + (size.voc2007_trainval if kind == "test" else 0)
    return f"{number:06d}" if year == "2007" else f"{year}_{number:06d}"


def _annotation(folder: str, name: str, scene: Scene) -> str:
    height, width, depth = scene.picture_HW3.shape
    return (
        f"<annotation>\n\t<folder>{folder}</folder>\n\t<filename>{name}.jpg</filename>\n"
        "\t<source>\n\t\t<database>The miniature world</database>\n"
        f"\t\t<annotation>PASCAL {folder}</annotation>\n\t\t<image>drawn</image>\n\t</source>\n"
        f"\t<size>\n\t\t<width>{width}</width>\n\t\t<height>{height}</height>\n\t\t<depth>{depth}</depth>\n\t</size>\n"
        f"\t<segmented>1</segmented>\n{''.join(map(_object, scene.things))}</annotation>\n"
    )


def _object(thing: Thing) -> str:
    x_min, y_min, x_max, y_max = thing.box
    return (
        f"\t<object>\n\t\t<name>{SHAPES[thing.label]}</name>\n\t\t<pose>Unspecified</pose>\n"
        f"\t\t<truncated>{thing.is_truncated:d}</truncated>\n\t\t<difficult>{thing.is_difficult:d}</difficult>\n"
        f"\t\t<bndbox>\n\t\t\t<xmin>{x_min + 1}</xmin>\n\t\t\t<ymin>{y_min + 1}</ymin>\n"
        f"\t\t\t<xmax>{x_max}</xmax>\n\t\t\t<ymax>{y_max}</ymax>\n\t\t</bndbox>\n\t</object>\n"
    )


@cache
def _palette() -> list[int]:
    """Returns the colours of the VOC development kit: the bits of an index spread over three bytes."""
    return [
        sum((index >> (3 * bit + channel) & 1) << (7 - bit) for bit in range(3))
        for index in range(256)
        for channel in range(3)
    ]
