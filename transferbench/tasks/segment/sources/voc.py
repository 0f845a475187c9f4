"""Reads the segmentation masks of the layout of Pascal VOC."""

from __future__ import annotations

from pathlib import Path

from transferbench.errors import DataError
from transferbench.tasks.base import ClassMarks
from transferbench.tasks.picture_files import voc_picture
from transferbench.tasks.segment.settings import VocMaskData
from transferbench.tasks.segment.sources.classes import rows_of, values_of
from transferbench.tasks.segment.sources.masks import IGNORED, Pair, mask_code
from transferbench.tasks.segment.sources.paired import Paired, refuse_twins
from transferbench.tasks.segment.sources.palettes import voc_colours

_MODES = ("P", "L")


def pair_voc_masks(root: Path, data: VocMaskData, *, is_scored_only: bool) -> Paired:
    """Pairs pictures with masks.

    Args:
        root: the folder that holds VOCdevkit, or VOCdevkit itself.
        data: year, splits and classes.
        is_scored_only: whether the training split is left out.

    Raises:
        DataError: the data are not there, or not in the layout.
    """
    folder = (root / "VOCdevkit" if (root / "VOCdevkit").is_dir() else root) / data.year
    for needed in ("SegmentationClass", "JPEGImages", "ImageSets/Segmentation"):
        if not (folder / needed).is_dir():
            raise DataError(
                f"{root}: VOC masks need the folder VOCdevkit/{data.year}/{needed}, which is not there; "
                "unpack VOCtrainval_11-May-2012.tar here, or give --data"
            )
    values = values_of(rows_of(data.classes), 0, (IGNORED,))
    return Paired(
        folder=folder,
        train=[] if is_scored_only else _pairs(folder, data.train),
        score=_pairs(folder, data.score),
        classes=data.classes,
        code=mask_code(values, (IGNORED,), modes=_MODES, of="the protocol"),
        marks=ClassMarks(values, voc_colours(len(values))),
    )


def _pairs(folder: Path, split: str) -> list[Pair]:
    path = folder / "ImageSets" / "Segmentation" / f"{split}.txt"
    try:
        names = path.read_text("utf-8-sig").split()
    except FileNotFoundError as error:
        raise DataError(
            f"{path}: expected the list of a split, found no such file; "
            "copy the data set again, or name another split (data.train, data.score of the protocol)"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"{path}: expected the name of a picture a line, found a file that is no text ({error}); "
            "copy the data set again"
        ) from error
    if not names:
        raise DataError(f"{path}: expected the name of a picture a line, found none; copy the data set again")
    pairs = [
        Pair(voc_picture(folder, name), folder / "SegmentationClass" / f"{name}.png", listed=path)
        for name in names
    ]
    refuse_twins(pairs)
    return pairs
