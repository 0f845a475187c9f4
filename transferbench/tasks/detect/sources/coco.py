"""Splits of pictures in the layout of COCO.

Dimension key: P pictures, R objects of all pictures.
Boxes: (x_min, y_min, x_max, y_max), absolute pixels of the picture as loaded, right and bottom
edges exclusive.

The rule for odd boxes: one that reaches out of the picture is clipped, one without area, before or after
that, is dropped, both are counted; one with a negative side is a fault.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from transferbench.errors import DataError
from transferbench.tasks.detect.settings import CocoSet
from transferbench.tasks.detect.sources.coco_file import CocoFile, read_coco_file
from transferbench.tasks.detect.sources.frame import Frame, clipped, frame_of, turned
from transferbench.tasks.detect.sources.picture import Annotation, Picture
from transferbench.tasks.faults import raise_together


@dataclass(frozen=True)
class CocoSplit:
    """One file of annotations with its pictures."""

    pictures: tuple[Picture, ...]
    classes: tuple[str, ...]
    """The names of the categories, in the order of their ids, also of those without objects."""


def read_split(root: Path, data: CocoSet, limit: int | None = None) -> CocoSplit:
    """Returns the pictures of a file of annotations, in its order; no picture is decoded.

    A picture without annotations is a valid negative. A picture whose header has another size than the file
    of annotations is a fault: its boxes would be wrong.

    Args:
        root: data folder.
        data: where the file and the pictures lie in it.
        limit: pictures that are used, the first ones; None for all.

    Raises:
        DataError: a file is missing or malformed; up to ten faults are told at once.
    """
    annotations, folder = root / data.annotations, root / data.pictures
    content = read_coco_file(annotations)
    if not folder.is_dir():
        raise DataError(
            f"{root}: expected the pictures of {data.annotations} in the folder {data.pictures!r}, found no "
            f"such folder; unpack {folder.name or 'the pictures'}.zip here, or give --data"
        )
    paths = [folder / file for file in content.files[:limit]]
    frames = _frames(annotations, paths, content)
    names = [Path(data.pictures, file).as_posix() for file in content.files[:limit]]
    truths = _truths(content, frames)
    pictures = tuple(
        Picture(name, picture_id, path, annotations, truth)
        for name, picture_id, path, truth in zip(names, content.ids, paths, truths, strict=False)
    )
    return CocoSplit(pictures, content.classes)


def _frames(annotations: Path, paths: list[Path], content: CocoFile) -> list[Frame]:
    # One by one: threads that take turns at so short reads are slower than one.
    found = [_frame(annotations, path, size) for path, size in zip(paths, content.sizes, strict=False)]
    raise_together([fault for fault in found if isinstance(fault, str)])
    return [frame for frame in found if isinstance(frame, Frame)]


def _frame(annotations: Path, path: Path, written: tuple[int, int] | None) -> Frame | str:
    """Returns how a picture lies, or what is wrong with it."""
    try:
        frame = frame_of(path, written)
    except DataError as error:
        return str(error)
    if frame.doubt == "size" and written is not None:
        return (
            f"{path}: expected {written[0]} x {written[1]} pixels, as {annotations} has it, found "
            f"{frame.size[0]} x {frame.size[1]}; its boxes are of another picture: export both again"
        )
    return frame


def _truths(content: CocoFile, frames: list[Frame]) -> Iterator[Annotation]:
    """Yields the objects of the first pictures."""
    ends_P = np.searchsorted(content.picture_R, np.arange(len(frames) + 1))
    count = ends_P[-1]
    picture_R, boxes_R4 = content.picture_R[:count], content.boxes_R4[:count].copy()
    for place, frame in enumerate(frames):
        own = slice(ends_P[place], ends_P[place + 1])
        boxes_R4[own] = turned(boxes_R4[own], frame)
    sizes_P2 = np.array([frame.size for frame in frames], dtype=np.int64).reshape(-1, 2)
    boxes_R4, has_area_R, is_cut_R = clipped(boxes_R4, sizes_P2[picture_R])
    areas_R = np.prod(boxes_R4[:, 2:] - boxes_R4[:, :2], axis=1)
    areas_R = np.where(np.isnan(content.area_R[:count]), areas_R, content.area_R[:count])
    names_R = np.array(content.classes, dtype=object)[content.class_R[:count]]
    for place, frame in enumerate(frames):
        kept = np.arange(ends_P[place], ends_P[place + 1])
        objects = len(kept)
        kept = kept[has_area_R[kept]]
        yield Annotation(
            size=frame.size,
            boxes_R4=boxes_R4[kept],
            names=tuple(names_R[kept]),
            is_difficult_R=np.zeros(len(kept), dtype=bool),
            is_crowd_R=content.is_crowd_R[kept],
            area_R=areas_R[kept],
            clipped=int(is_cut_R[kept].sum()),
            dropped=objects - len(kept),
            doubt=frame.doubt,
        )
