"""Writes a data set of a few pictures in the layout of Pascal VOC."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

Written = tuple[str, tuple[int, int, int, int], bool]
"""Class, (xmin, ymin, xmax, ymax) 1-based and inclusive, difficult."""

DOG: Written = ("dog", (5, 5, 20, 24), False)
CAT: Written = ("cat", (21, 3, 44, 30), False)
HARD_DOG: Written = ("dog", (25, 9, 46, 32), True)

_SCENES: tuple[tuple[Written, ...], ...] = ((DOG, CAT), (), (DOG, HARD_DOG), (CAT,))
_COLOURS = {"dog": (220, 60, 60), "cat": (60, 60, 220)}
_SIZE = (48, 32)


def write_voc(root: Path, *, train: int = 4, score: int = 4) -> Path:
    """Writes VOC2007/trainval and VOC2007/test and returns `root`.

    Of each four pictures one has no objects, one has a difficult one, one is stored in grey.
    """
    for split, count, first in (("trainval", train, 0), ("test", score, 100)):
        stems = [f"{first + index:06d}" for index in range(count)]
        for index, stem in enumerate(stems):
            write_scene(root, stem, _SCENES[index % 4], is_grey=index % 4 == 3)
        write_image_set(root, f"VOC2007/{split}", stems)
    return root


def write_image_set(root: Path, name: str, stems: Sequence[str]) -> None:
    """Writes the list of an image set, as `VOC2007/trainval`."""
    year, _, split = name.rpartition("/")
    folder = root / "VOCdevkit" / year / "ImageSets" / "Main"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{split}.txt").write_text("".join(f"{stem}\n" for stem in stems))


def write_scene(root: Path, stem: str, objects: Sequence[Written], *, is_grey: bool = False) -> Path:
    """Writes a picture of 48 x 32 pixels and its annotation, whose path is returned."""
    home = root / "VOCdevkit" / "VOC2007"
    for part in ("JPEGImages", "Annotations"):
        (home / part).mkdir(parents=True, exist_ok=True)
    rgb_HW3 = np.full((_SIZE[1], _SIZE[0], 3), 120, np.uint8)
    for name, (x_min, y_min, x_max, y_max), _ in objects:
        rgb_HW3[y_min - 1 : y_max, x_min - 1 : x_max] = _COLOURS.get(name, (0, 0, 0))
    picture = Image.fromarray(rgb_HW3)
    (picture.convert("L") if is_grey else picture).save(home / "JPEGImages" / f"{stem}.jpg", quality=95)
    path = home / "Annotations" / f"{stem}.xml"
    path.write_text(annotation(objects))
    return path


def annotation(objects: Sequence[Written], size: tuple[int, int] = _SIZE) -> str:
    """Returns the text of an annotation for a picture of `size` (width, height)."""
    parts = [
        f"<object><name>{name}</name><truncated>0</truncated><difficult>{int(is_difficult)}</difficult><bndbox>"
        f"<xmin>{box[0]}</xmin><ymin>{box[1]}</ymin><xmax>{box[2]}</xmax><ymax>{box[3]}</ymax></bndbox></object>"
        for name, box, is_difficult in objects
    ]
    width, height = size
    return (
        f"<annotation><size><width>{width}</width><height>{height}</height><depth>3</depth></size>"
        f"{''.join(parts)}</annotation>"
    )
