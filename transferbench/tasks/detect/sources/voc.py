"""Splits of pictures in the layout of Pascal VOC.

Dimension key: H x W pixels, R boxes of one picture.
Boxes: (x_min, y_min, x_max, y_max), absolute pixels of the picture as loaded, right and bottom
edges exclusive.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from transferbench.errors import DataError
from transferbench.tasks.detect.sources.annotation import read_annotation
from transferbench.tasks.detect.sources.picture import Picture
from transferbench.tasks.faults import raise_together
from transferbench.tasks.picture_files import voc_picture

_ARCHIVES = {
    "VOC2007/test": "VOCtest_06-Nov-2007.tar",
    "VOC2007": "VOCtrainval_06-Nov-2007.tar",
    "VOC2012": "VOCtrainval_11-May-2012.tar",
}

_OF_ONE_CLASS = re.compile(r"\S+\s+(-1|0|1)")
"""A line of a list of one class: the name, and whether the class is in the picture."""


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
    raise_together(list(_listed_twice(names)))
    pictures, faults = [], []
    for folder, name, stem in names[:limit]:
        path = voc_picture(folder, stem)
        annotation_path = folder / "Annotations" / f"{stem}.xml"
        try:
            truth = read_annotation(annotation_path, path)
        except DataError as error:
            faults.append(_absent(_image_set_path(folder, name), annotation_path, path) or str(error))
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


def _image_set_path(folder: Path, name: str) -> Path:
    return folder / "ImageSets" / "Main" / f"{name.rpartition('/')[2]}.txt"


def _read_image_set(folder: Path, name: str) -> list[str]:
    path = _image_set_path(folder, name)
    try:
        stems = [line.strip() for line in path.read_text("utf-8-sig").splitlines() if line.strip()]
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: expected a name of a picture in each line, found a file that is no text in UTF-8; save "
            "it so"
        ) from error
    except OSError as error:
        archive = _ARCHIVES.get(name) or _ARCHIVES.get(folder.name) or "the data set"
        raise DataError(
            f"{path}: expected the list of pictures of {name!r}, found no such file; unpack {archive} here"
        ) from error
    if not stems:
        raise DataError(
            f"{path}: expected a name of a picture in each line, found an empty file; copy it again"
        )
    if all(_OF_ONE_CLASS.fullmatch(stem) for stem in stems):
        raise DataError(
            f"{path}: expected a name of a picture in each line, found {stems[0]!r}, as the lists of one "
            f"class have it; name the list of the split, as {folder.name}/{path.stem.rpartition('_')[2]}"
        )
    return stems


def _listed_twice(names: Sequence[tuple[Path, str, str]]) -> Iterator[str]:
    first_in: dict[tuple[Path, str], str] = {}
    for folder, name, stem in names:
        if (folder, stem) in first_in:
            lists = " and ".join(sorted({first_in[folder, stem], name}))
            yield (
                f"{_image_set_path(folder, name)}: expected each picture once, found {stem!r} twice in "
                f"{lists}; take it out"
            )
        first_in.setdefault((folder, stem), name)


def _absent(image_set: Path, annotation: Path, picture: Path) -> str | None:
    """Returns what is said where an image set names what is not there."""
    what = {"annotation": annotation, "picture": picture}
    absent = {kind: path for kind, path in what.items() if not path.is_file()}
    if not absent:
        return None
    kinds = " and ".join(absent)
    paths = " and ".join(map(str, absent.values()))
    return (
        f"{image_set}: expected {kinds} of {annotation.stem!r}, found no {paths}; copy the data set again, "
        "or take the name out"
    )
