"""Splits of pictures in the layout of Pascal VOC.

Dimension key: H x W pixels, R boxes of one picture.
Boxes: (x_min, y_min, x_max, y_max), absolute pixels of the picture as loaded, right and bottom
edges exclusive.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from transferbench.errors import DataError
from transferbench.tasks.detect.sources.annotation import read_annotation
from transferbench.tasks.detect.sources.faults import raise_together
from transferbench.tasks.detect.sources.picture import Picture

_SUFFIXES = (".jpg", ".jpeg", ".png", ".JPG", ".JPEG")
_ARCHIVES = {
    "VOC2007/test": "VOCtest_06-Nov-2007.tar",
    "VOC2007": "VOCtrainval_06-Nov-2007.tar",
    "VOC2012": "VOCtrainval_11-May-2012.tar",
}


def read_pictures(root: Path, sets: Sequence[str], limit: int | None = None) -> tuple[Picture, ...]:
    """Returns the pictures of some image sets; every annotation is parsed, no picture decoded.

    Args:
        root: the folder `VOCdevkit`, or the one that contains it.
        sets: as `VOC2007/trainval`.
        limit: pictures that are used, the first ones; None for all.

    Raises:
        DataError: a folder or file is missing or malformed; up to ten faults are told at once.
    """
    listed = [(folder_of(root, name), name) for name in sets]
    names = [(folder, name, stem) for folder, name in listed for stem in _read_image_set(folder, name)]
    pictures, faults = [], []
    for folder, name, stem in names[:limit]:
        path = _find_picture(folder, stem)
        annotation_path = folder / "Annotations" / f"{stem}.xml"
        try:
            truth = read_annotation(annotation_path, path)
        except DataError as error:
            faults.append(str(error))
        else:
            folder_name = name.rpartition("/")[0]
            pictures.append(Picture(f"{folder_name}/{stem}", stem, path, annotation_path, truth))
    raise_together(faults)
    return tuple(pictures)


def folder_of(root: Path, name: str) -> Path:
    """Returns the folder of an image set, as `ROOT/VOCdevkit/VOC2007`.

    Raises:
        DataError: a folder of the layout is missing.
    """
    year = name.rpartition("/")[0]
    devkit = next((d for d in (root / "VOCdevkit", root) if (d / year).is_dir()), root / "VOCdevkit")
    for part in ("Annotations", "JPEGImages", "ImageSets/Main"):
        if not (devkit / year / part).is_dir():
            archive = _ARCHIVES.get(name) or _ARCHIVES.get(year) or "the data set"
            raise DataError(
                f"{root}: the image set {name!r} needs the folder {Path('VOCdevkit', year, part)}, "
                f"which is not there; unpack {archive} here, or give --data"
            )
    return devkit / year


def _read_image_set(folder: Path, name: str) -> list[str]:
    path = folder / "ImageSets" / "Main" / f"{name.rpartition('/')[2]}.txt"
    try:
        stems = [line.split()[0] for line in path.read_text().splitlines() if line.strip()]
    except OSError as error:
        archive = _ARCHIVES.get(name) or _ARCHIVES.get(folder.name) or "the data set"
        raise DataError(
            f"{path}: expected the list of pictures of {name!r}, found no such file; unpack {archive} here"
        ) from error
    if not stems:
        raise DataError(
            f"{path}: expected a name of a picture in each line, found an empty file; copy it again"
        )
    return stems


def _find_picture(folder: Path, stem: str) -> Path:
    candidates = [folder / "JPEGImages" / f"{stem}{suffix}" for suffix in _SUFFIXES]
    return next((path for path in candidates if path.is_file()), candidates[0])
