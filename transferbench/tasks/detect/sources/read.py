"""Both splits of a data folder, in whatever layout the protocol names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from transferbench.errors import DataError, nearest
from transferbench.tasks.detect.settings import CocoData, VocData
from transferbench.tasks.detect.sources.coco import read_split
from transferbench.tasks.detect.sources.picture import Picture, Splits
from transferbench.tasks.detect.sources.remarks import remarks
from transferbench.tasks.detect.sources.voc import read_pictures
from transferbench.tasks.faults import raise_together


def read_splits(
    root: Path, data: VocData | CocoData, limit: int | None, *, is_scored_only: bool = False
) -> Splits:
    """Returns the pictures of both splits; every annotation is parsed, no picture decoded.

    Args:
        root: data folder.
        data: which pictures of it.
        limit: pictures of each split that are used, the first ones; None for all. Classes that come from the
            data come from all of them.
        is_scored_only: whether the training split is left out; it is still read where the classes come from
            it.

    Raises:
        DataError: files are missing or malformed, the two splits do not agree on the classes, or there is no
            object to train on.
    """
    if isinstance(data, VocData):
        train, score, classes = _voc(root, data, limit, is_scored_only)
    else:
        train, score, classes = _coco(root, data, limit, is_scored_only)
    used = () if is_scored_only else train[:limit]
    return Splits(used, score, classes, remarks(used, score, classes))


_Read = tuple[tuple[Picture, ...], tuple[Picture, ...], tuple[str, ...]]


def _voc(root: Path, data: VocData, limit: int | None, is_scored_only: bool) -> _Read:
    if data.classes != "from data":
        train = () if is_scored_only else read_pictures(root, data.train, limit)
        classes = data.classes
    else:
        train = read_pictures(root, data.train)
        classes = tuple(sorted({name for picture in train for name in picture.truth.names}))
    if data.classes == "from data" or not is_scored_only:
        _require_objects(root, train, ", ".join(data.train))
    return train, read_pictures(root, data.score, limit), classes


def _coco(root: Path, data: CocoData, limit: int | None, is_scored_only: bool) -> _Read:
    if data.classes != "from data" and is_scored_only:
        score = read_split(root, data.score, limit)
        _require_known(root, data.score.annotations, score.classes, data.classes)
        return (), _only(score.pictures, data.classes), data.classes
    train = read_split(root, data.train, 0 if is_scored_only else limit)
    score = read_split(root, data.score, limit)
    if data.classes != "from data":
        _require_known(root, data.train.annotations, train.classes, data.classes)
        _require_known(root, data.score.annotations, score.classes, data.classes)
    else:
        _require_same(root, data, train.classes, score.classes)
    if not is_scored_only:
        _require_objects(root, train.pictures, data.train.annotations)
    if data.classes == "from data":
        return train.pictures, score.pictures, train.classes
    return _only(train.pictures, data.classes), _only(score.pictures, data.classes), data.classes


def _only(pictures: Sequence[Picture], classes: Sequence[str]) -> tuple[Picture, ...]:
    """Returns the pictures without the objects of other classes; the protocol names those that count."""
    chosen = []
    for picture in pictures:
        truth = picture.truth
        kept = np.array([name in classes for name in truth.names], dtype=bool)
        own = replace(
            truth,
            names=tuple(name for name in truth.names if name in classes),
            **{
                key: getattr(truth, key)[kept]
                for key in ("boxes_R4", "is_difficult_R", "is_crowd_R", "area_R")
            },
        )
        chosen.append(replace(picture, truth=own))
    return tuple(chosen)


def _require_objects(root: Path, pictures: Sequence[Picture], where: str) -> None:
    if not any(picture.truth.names for picture in pictures):
        raise DataError(f"{root}: expected objects in {where}, found none; name others, or raise --limit")


def _require_known(root: Path, file: str, found: Sequence[str], classes: Sequence[str]) -> None:
    raise_together(
        [
            f"{root / file}: expected a category {name!r}, as the protocol names it, found none; "
            f"{nearest(name, found)}"
            for name in classes
            if name not in found
        ]
    )


def _require_same(root: Path, data: CocoData, train: Sequence[str], score: Sequence[str]) -> None:
    only_train, only_score = (sorted(set(a) - set(b)) for a, b in ((train, score), (score, train)))
    if only_train or only_score:
        raise DataError(
            f"{root}: expected the same categories by name in {data.train.annotations} and "
            f"{data.score.annotations}, found {only_train} in the first alone and {only_score} in the second "
            "alone; rename them, or name those that count in the protocol, as classes = [...] of [data]"
        )
