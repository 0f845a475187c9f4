"""Reads the segmentation masks of the layout of Pascal VOC."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from transferbench.errors import DataError
from transferbench.tasks.segment.masks import IGNORED, MaskCode, Pair, SplitPairs, refuse_faults, survey
from transferbench.tasks.segment.protocols import VocMaskData

_MODES = ("P", "L")


def read_voc_masks(root: Path, data: VocMaskData, limit: int | None) -> SplitPairs:
    """Pairs pictures with masks and checks every mask that will be used.

    Args:
        root: the folder that holds VOCdevkit, or VOCdevkit itself.
        data: year, splits and classes.
        limit: pictures of each split that are used, the first ones; None for all.

    Raises:
        DataError: the data are not there, not in the layout, or a mask is faulty.
    """
    folder = (root / "VOCdevkit" if (root / "VOCdevkit").is_dir() else root) / data.year
    for needed in ("SegmentationClass", "JPEGImages", "ImageSets/Segmentation"):
        if not (folder / needed).is_dir():
            raise DataError(
                f"{root}: VOC masks need the folder VOCdevkit/{data.year}/{needed}, which is not there; "
                "unpack VOCtrainval_11-May-2012.tar here, or give --data"
            )
    train, score = _pairs(folder, data.train)[:limit], _pairs(folder, data.score)[:limit]
    code = _code(len(data.classes))
    refuse_faults(folder, [survey(train, _MODES), survey(score, _MODES)], code)
    return SplitPairs(folder, train, score, data.classes, code)


def _pairs(folder: Path, split: str) -> list[Pair]:
    path = folder / "ImageSets" / "Segmentation" / f"{split}.txt"
    try:
        names = path.read_text().split()
    except FileNotFoundError as error:
        raise DataError(
            f"{path}: expected the list of a split, found no such file; "
            "copy the data set again, or name another split (data.train, data.score of the protocol)"
        ) from error
    if not names:
        raise DataError(f"{path}: expected the name of a picture a line, found none; copy the data set again")
    return [
        Pair(folder / "JPEGImages" / f"{name}.jpg", folder / "SegmentationClass" / f"{name}.png")
        for name in names
    ]


def _code(classes: int) -> MaskCode:
    labels_V = np.full(256, IGNORED, np.uint8)
    labels_V[:classes] = np.arange(classes)
    is_legal_V = labels_V != IGNORED
    is_legal_V[IGNORED] = True
    return MaskCode(labels_V, is_legal_V, f"0 to {classes - 1} and 255 (ignored)", _MODES)
