"""One annotation file of Pascal VOC to boxes.

Dimension key: R boxes of one picture.
Boxes: (x_min, y_min, x_max, y_max), absolute pixels of the picture as loaded, right and bottom
edges exclusive. The file writes them 1-based and inclusive: both minima lose 1, the maxima stay.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from PIL import Image

from transferbench.errors import DataError
from transferbench.tasks.decode import read_size
from transferbench.tasks.detect.sources.picture import Annotation

_EXIF_ORIENTATION = 0x0112
_TURNED_BY_90 = (5, 6, 7, 8)


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
    size = _size_as_annotated(root, picture)
    objects = [_read_object(path, number, element) for number, element in enumerate(root.findall("object"))]
    written_R4 = np.array([box for _, box, _ in objects], dtype=np.float64).reshape(-1, 4)
    boxes_R4 = np.clip(written_R4, 0, (*size, *size))
    kept = np.flatnonzero((boxes_R4[:, 2:] > boxes_R4[:, :2]).all(axis=1))
    return Annotation(
        size=size,
        boxes_R4=boxes_R4[kept],
        names=tuple(objects[number][0] for number in kept),
        is_difficult_R=np.array([objects[number][2] for number in kept], dtype=bool),
        is_crowd_R=np.zeros(len(kept), dtype=bool),
        area_R=np.prod(boxes_R4[kept, 2:] - boxes_R4[kept, :2], axis=1),
        clipped=int((boxes_R4[kept] != written_R4[kept]).any(axis=1).sum()),
        dropped=len(objects) - len(kept),
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
        corners = [float(text or "") for text in texts.values()]
    except ValueError as error:
        raise DataError(
            f"{place} ({name!r}): expected <bndbox> with four numbers, found {texts}; mend the file"
        ) from error
    box = from_voc_corners(*corners)
    if not np.isfinite(box).all() or box[2] < box[0] or box[3] < box[1]:
        raise DataError(
            f"{place} ({name!r}): expected xmin <= xmax and ymin <= ymax, found xmin, ymin, xmax, ymax = "
            f"{', '.join(str(text) for text in texts.values())}; swap the edges"
        )
    return name, box, (element.findtext("difficult") or "0").strip() == "1"


def _size_as_annotated(root: ElementTree.Element, picture: Path) -> tuple[int, int]:
    """Returns (width, height) of the picture, turned by EXIF if the annotation was made on it turned.

    The picture is believed before <size>, which is wrong in some files of VOC 2012.
    """
    width, height = read_size(picture)
    written = root.findtext("size/width"), root.findtext("size/height")
    if width != height and written == (str(height), str(width)):
        with Image.open(picture) as file:
            if file.getexif().get(_EXIF_ORIENTATION) in _TURNED_BY_90:
                return height, width
    return width, height
