"""Writes a data set of a few pictures in the layout of COCO."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

SIZE = (48, 32)
CATEGORIES = ((2, "cat"), (7, "dog"))
"""Id and name; the ids have gaps, as those of COCO."""

_DOG, _CAT = (4.0, 4.5, 16.0, 20.0), (20.0, 2.25, 24.5, 28.0)
_SCENES: tuple[tuple[tuple[str, tuple[float, ...], bool], ...], ...] = (
    (("dog", _DOG, False), ("cat", _CAT, False)),
    (),
    (("dog", _DOG, False), ("dog", (24.0, 8.0, 22.0, 24.0), True)),
    (("cat", _CAT, False),),
)
"""Class, bbox and crowd of the objects of each picture."""


def write_coco(
    root: Path, *, categories: Sequence[tuple[Any, str]] = CATEGORIES, is_roboflow: bool = False
) -> Path:
    """Writes four pictures to train on and four to score, and returns `root`.

    The files are named as COCO's, or lie beside the pictures, as Roboflow exports them.
    """
    for split, coco_name in (("train", "train2017"), ("valid", "val2017")):
        folder = root / (split if is_roboflow else coco_name)
        file = folder / "_annotations.coco.json"
        if not is_roboflow:
            file = root / "annotations" / f"instances_{coco_name}.json"
        for each in (folder, file.parent):
            each.mkdir(parents=True, exist_ok=True)
        content = coco_content(categories)
        for image in content["images"]:
            Image.fromarray(np.full((SIZE[1], SIZE[0], 3), 120, np.uint8)).save(folder / image["file_name"])
        file.write_text(json.dumps(content))
    return root


def coco_content(categories: Sequence[tuple[Any, str]] = CATEGORIES) -> dict[str, Any]:
    """Returns the content of a file of annotations; picture 11 has no objects, picture 12 a crowd."""
    id_of = {name: number for number, name in categories}
    objects = [
        {"image_id": 10 + picture, "category_id": id_of[name], "bbox": list(box), "iscrowd": int(is_crowd)}
        for picture, scene in enumerate(_SCENES)
        for name, box, is_crowd in scene
    ]
    segmentation = [[1.0, 2.0, 3.0, 4.0]]
    return {
        "images": [
            {"id": 10 + picture, "file_name": f"{10 + picture:012d}.jpg", "width": SIZE[0], "height": SIZE[1]}
            for picture in range(len(_SCENES))
        ],
        "annotations": [
            {**entry, "id": 100 + number, "area": 50.0 + number, "segmentation": segmentation}
            for number, entry in enumerate(objects)
        ],
        "categories": [
            {"id": number, "name": name, "supercategory": "animal"} for number, name in categories
        ],
    }
