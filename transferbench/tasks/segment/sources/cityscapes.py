"""Reads the layout of Cityscapes, with the masks of the official `labelIds`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from transferbench.errors import DataError
from transferbench.tasks.base import ClassMarks
from transferbench.tasks.segment.settings import CityscapesData
from transferbench.tasks.segment.sources.masks import Pair, mask_code
from transferbench.tasks.segment.sources.paired import Paired, refuse_twins

_PICTURES, _MASKS = "leftImg8bit", "gtFine"
_ENDING, _MASK_ENDING = "_leftImg8bit.png", "_gtFine_labelIds.png"
_MODES = ("L",)

_CLASSES = (
    (7, "road", "#804080"),
    (8, "sidewalk", "#f423e8"),
    (11, "building", "#464646"),
    (12, "wall", "#66669c"),
    (13, "fence", "#be9999"),
    (17, "pole", "#999999"),
    (19, "traffic light", "#faaa1e"),
    (20, "traffic sign", "#dcdc00"),
    (21, "vegetation", "#6b8e23"),
    (22, "terrain", "#98fb98"),
    (23, "sky", "#4682b4"),
    (24, "person", "#dc143c"),
    (25, "rider", "#ff0000"),
    (26, "car", "#00008e"),
    (27, "truck", "#000046"),
    (28, "bus", "#003c64"),
    (31, "train", "#005064"),
    (32, "motorcycle", "#0000e6"),
    (33, "bicycle", "#770b20"),
)
"""Id, name and colour of those that are evaluated, as labels.py of cityscapesScripts has them."""
_IDS = range(34)
_LICENCE_PLATE = 255
"""The id -1, in a byte."""


def pair_cityscapes(root: Path, data: CityscapesData, *, is_scored_only: bool) -> Paired:
    """Pairs pictures with masks.

    Args:
        root: the folder that holds leftImg8bit and gtFine.
        data: splits.
        is_scored_only: whether the training split is left out.

    Raises:
        DataError: the data are not there, or not in the layout.
    """
    values, names, colours = zip(*_CLASSES, strict=True)
    ignored = (*(number for number in _IDS if number not in values), _LICENCE_PLATE)
    code = mask_code(values, ignored, modes=_MODES, of="Cityscapes")
    return Paired(
        folder=root,
        train=[] if is_scored_only else _pairs(root, data.train),
        score=_pairs(root, data.score),
        classes=names,
        code=replace(code, advice=f"replace the file by the official *{_MASK_ENDING}"),
        marks=ClassMarks(values, colours),
    )


def _pairs(root: Path, split: str) -> list[Pair]:
    pictures, masks = root / _PICTURES / split, root / _MASKS / split
    for needed in (pictures, masks):
        if not needed.is_dir():
            raise DataError(
                f"{root}: Cityscapes needs the folder {needed.relative_to(root)}, which is not there; "
                "unpack leftImg8bit_trainvaltest.zip and gtFine_trainvaltest.zip here, or give --data"
            )
    pairs = [
        Pair(
            picture=path,
            mask=masks / path.parent.name / f"{path.name.removesuffix(_ENDING)}{_MASK_ENDING}",
            subfolder=path.parent.name,
        )
        for path in sorted(pictures.glob(f"*/*{_ENDING}"))
    ]
    if not pairs:
        raise DataError(f"{pictures}: expected pictures CITY/*{_ENDING}, found none; give --data")
    refuse_twins(pairs)
    return pairs
