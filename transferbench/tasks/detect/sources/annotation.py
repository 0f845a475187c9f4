"""One annotation file of Pascal VOC to boxes.

Dimension key: R boxes of one picture.
Boxes: (x_min, y_min, x_max, y_max), absolute pixels of the picture as loaded, right and bottom
edges exclusive. The file writes them 1-based and inclusive: both minima lose 1, the maxima stay.

The rule for odd boxes: one that reaches out of the picture is clipped, one without area, before or after
that, is dropped, both are counted; one whose edges are swapped is a fault. An annotation made before EXIF
turned the picture is turned with it.
"""

from __future__ import annotations

import math
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from transferbench.errors import DataError
from transferbench.tasks.detect.sources.frame import clipped, frame_of, turned
from transferbench.tasks.detect.sources.picture import Annotation


def read_annotation(path: Path, picture: Path) -> Annotation:
    """Returns the objects of a picture; a file without objects is a valid negative.

    Args:
        path: the XML file.
        picture: the picture; only its header is read.

    Raises:
        DataError: either file is missing or malformed, or a box has swapped edges.
    """
    try:
        root = ElementTree.parse(path).getroot()
    except FileNotFoundError as error:
        raise DataError(
            f"{path}: expected an annotation, found no such file; copy the data set again"
        ) from error
    except (OSError, ElementTree.ParseError) as error:
        raise DataError(
            f"{path}: expected an annotation in XML, found a file that cannot be parsed ({error}); mend it"
        ) from error
    frame = frame_of(picture, _written_size(root))
    objects = [_read_object(path, number, element) for number, element in enumerate(root.findall("object"))]
    written_R4 = turned(np.array([box for _, box, _ in objects], dtype=np.float64).reshape(-1, 4), frame)
    boxes_R4, has_area_R, is_cut_R = clipped(written_R4, np.array(frame.size))
    kept = np.flatnonzero(has_area_R)
    return Annotation(
        size=frame.size,
        boxes_R4=boxes_R4[kept],
        names=tuple(objects[number][0] for number in kept),
        is_difficult_R=np.array([objects[number][2] for number in kept], dtype=bool),
        is_crowd_R=np.zeros(len(kept), dtype=bool),
        area_R=np.prod(boxes_R4[kept, 2:] - boxes_R4[kept, :2], axis=1),
        clipped=int(is_cut_R[kept].sum()),
        dropped=len(objects) - len(kept),
        doubt=frame.doubt,
    )


def from_voc_corners(
    x_min: float, y_min: float, x_max: float, y_max: float
) -> tuple[float, float, float, float]:
    """Returns a box with exclusive edges from one that is 1-based and inclusive, as VOC writes it."""
    return x_min - 1, y_min - 1, x_max, y_max


def _read_object(
    path: Path, number: int, element: ElementTree.Element
) -> tuple[str, tuple[float, float, float, float], bool]:
    place = f"{path}: object {number + 1}"
    name = (element.findtext("name") or "").strip()
    if not name:
        raise DataError(f"{place}: expected a <name>, found none; mend the file")
    texts = {key: element.findtext(f"bndbox/{key}") for key in ("xmin", "ymin", "xmax", "ymax")}
    try:
        box = from_voc_corners(*(float(text or "") for text in texts.values()))
    except ValueError:
        box = (math.nan,) * 4
    if not all(map(math.isfinite, box)):
        raise DataError(
            f"{place} ({name!r}): expected <bndbox> with four numbers, found {texts}; mend the file"
        )
    if box[2] < box[0] or box[3] < box[1]:
        raise DataError(
            f"{place} ({name!r}): expected xmin <= xmax and ymin <= ymax, found xmin, ymin, xmax, ymax = "
            f"{', '.join(str(text) for text in texts.values())}; swap the edges"
        )
    return name, box, (element.findtext("difficult") or "0").strip() == "1"


def _written_size(root: ElementTree.Element) -> tuple[int, int] | None:
    """Returns (width, height) as <size> has it; None where it is missing or, as some tools write it, 0."""
    try:
        width, height = (int(root.findtext(f"size/{key}") or "") for key in ("width", "height"))
    except ValueError:
        return None
    return (width, height) if width > 0 and height > 0 else None
