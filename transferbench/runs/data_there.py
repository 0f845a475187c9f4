"""Whether a data folder has the files that a protocol's layout is known by. Imports no torch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from transferbench.errors import DataError
from transferbench.tasks.base import TaskProtocol
from transferbench.tasks.classify.layouts import AnyData, FolderData
from transferbench.tasks.classify.protocols import ClassifyProtocol
from transferbench.tasks.detect.settings import CocoData, DetectProtocol
from transferbench.tasks.segment.settings import (
    Ade20kData,
    CityscapesData,
    SegmentProtocol,
    VocMaskData,
)


def require_layout(protocol: TaskProtocol, root: Path) -> None:
    """Refuses a folder that is not in the layout; no list and no picture is read.

    Args:
        protocol: of any task.
        root: data folder.

    Raises:
        DataError: it is not there, or lacks a file or folder of the layout; the first is told.
    """
    if not root.is_dir():
        raise DataError(f"{root}: expected the data of {protocol.key}, found no such folder; check the path")
    if isinstance(protocol, ClassifyProtocol) and isinstance(protocol.data, AnyData):
        from transferbench.tasks.classify.sources.recognise import recognised

        recognised(root / protocol.data.folder, protocol.data)
        return
    for path in _needed(protocol, root):
        if not path.exists():
            raise DataError(
                f"{root}: expected {path.relative_to(root)}, as the layout {_layout(protocol)!r} of "
                f"{protocol.key} has it, found none; unpack the data set here, or give --data another folder"
            )


def _layout(protocol: TaskProtocol) -> str:
    return str(getattr(getattr(protocol, "data", None), "layout", ""))


def _needed(protocol: TaskProtocol, root: Path) -> Iterator[Path]:
    """Yields files and folders without which nothing of a layout can be read."""
    if isinstance(protocol, ClassifyProtocol):
        folder = root / protocol.data.folder
        yield folder
        if isinstance(protocol.data, FolderData):
            yield from (folder / protocol.data.train, folder / protocol.data.score)
    elif isinstance(protocol, DetectProtocol):
        yield from _of_boxes(protocol, root)
    elif isinstance(protocol, SegmentProtocol):
        yield from _of_masks(protocol, root)


def _of_boxes(protocol: DetectProtocol, root: Path) -> Iterator[Path]:
    data = protocol.data
    if isinstance(data, CocoData):
        for split in (data.train, data.score):
            yield from (root / split.annotations, root / split.pictures)
        return
    from transferbench.tasks.detect.sources.voc import folder_of

    for name in (*data.train, *data.score):
        yield folder_of(root, name) / "ImageSets" / "Main" / f"{name.rpartition('/')[2]}.txt"


def _of_masks(protocol: SegmentProtocol, root: Path) -> Iterator[Path]:
    data = protocol.data
    splits = (data.train, data.score)
    if isinstance(data, Ade20kData):
        base = root / "ADEChallengeData2016"
        base = base if base.is_dir() else root
        yield from (base / kind / str(split) for kind in ("images", "annotations") for split in splits)
        if not isinstance(data.classes, tuple):
            yield base / "objectInfo150.txt"
    elif isinstance(data, VocMaskData):
        base = (root / "VOCdevkit" if (root / "VOCdevkit").is_dir() else root) / data.year
        yield from (base / "SegmentationClass", base / "JPEGImages")
        yield from (base / "ImageSets" / "Segmentation" / f"{split}.txt" for split in splits)
    elif isinstance(data, CityscapesData):
        yield from (root / kind / str(split) for kind in ("leftImg8bit", "gtFine") for split in splits)
    else:
        for pair in (data.train, data.score):
            yield from (root / pair.pictures, root / pair.masks)
        if isinstance(data.classes, str):
            yield root / data.classes
