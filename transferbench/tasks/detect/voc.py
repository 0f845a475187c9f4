"""Splits of pictures in the layout of Pascal VOC.

Dimension key: H x W pixels, R boxes of one picture.
Boxes: (x_min, y_min, x_max, y_max), absolute pixels of the picture as loaded, right and bottom
edges exclusive.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from transferbench.errors import DataError
from transferbench.tasks.decode import read_rgb
from transferbench.tasks.detect.annotation import Annotation, read_annotation
from transferbench.tasks.detect.augment import random_flip
from transferbench.tasks.detect.metric import Truth

_MOST_FAULTS = 10
_SUFFIXES = (".jpg", ".jpeg", ".png", ".JPG", ".JPEG")
_ARCHIVES = {
    "VOC2007/test": "VOCtest_06-Nov-2007.tar",
    "VOC2007": "VOCtrainval_06-Nov-2007.tar",
    "VOC2012": "VOCtrainval_11-May-2012.tar",
}


@dataclass(frozen=True)
class Picture:
    """One picture of a split."""

    name: str
    """As `VOC2007/000005`."""
    path: Path
    annotation_path: Path
    truth: Annotation


@dataclass(frozen=True)
class Example:
    """One picture as it is trained on or scored."""

    rgb_HW3: np.ndarray
    boxes_R4: np.ndarray
    labels_R: np.ndarray
    """Index of the class, from 0."""


@dataclass(frozen=True)
class DetectBatch:
    """Pictures of one step, each of its own size."""

    images: list[Tensor]
    """RGB bytes, each (H, W, 3)."""
    truth: list[tuple[Tensor, Tensor]]
    """For each picture boxes_R4 in its pixels and labels_R."""

    def __len__(self) -> int:
        return len(self.images)

    def to(self, device: torch.device | str) -> DetectBatch:
        """Returns the batch on a device."""
        return DetectBatch(
            [image.to(device, non_blocking=True) for image in self.images],
            [(boxes_R4.to(device), labels_R.to(device)) for boxes_R4, labels_R in self.truth],
        )


class VocExamples:
    """A split, picture by picture; difficult objects are trained on like others, as GluonCV does."""

    def __init__(self, pictures: Sequence[Picture], classes: Sequence[str], flip: float) -> None:
        """Checks that every object is of a known class.

        Args:
            pictures: of the split, in order.
            classes: names in the order of labels.
            flip: probability that a training picture is mirrored.

        Raises:
            DataError: objects are of unknown classes; up to ten are named.
        """
        self.pictures = tuple(pictures)
        self._label_of = {name: label for label, name in enumerate(classes)}
        self._flip = flip
        raise_together([fault for picture in pictures for fault in _class_faults(picture, classes)])

    def __len__(self) -> int:
        return len(self.pictures)

    def name(self, index: int) -> str:
        """Returns the path of a picture."""
        return str(self.pictures[index].path)

    def order(self, rng: np.random.Generator) -> np.ndarray:
        """Returns the indices of all pictures as one epoch takes them."""
        return rng.permutation(len(self))

    def example(self, index: int, rng: np.random.Generator | None, epoch: int = 0) -> Example:
        """Returns a picture and its objects; mirrored by chance if there is an `rng`.

        Raises:
            DataError: the picture cannot be decoded, or EXIF turns it and its annotation does not say so.
        """
        picture = self.pictures[index]
        rgb_HW3 = read_rgb(picture.path)
        width, height = picture.truth.size
        if rgb_HW3.shape[:2] != (height, width):
            raise DataError(
                f"{picture.path}: expected {width} x {height} pixels, as its boxes have it, "
                f"found {rgb_HW3.shape[1]} x {rgb_HW3.shape[0]} after its EXIF tag turned it; "
                "save it without the tag"
            )
        boxes_R4 = picture.truth.boxes_R4
        if rng is not None:
            rgb_HW3, boxes_R4 = random_flip(rgb_HW3, boxes_R4, self._flip, rng)
        return Example(rgb_HW3, boxes_R4, self._labels(picture))

    def collate(self, examples: Sequence[Example]) -> DetectBatch:
        return DetectBatch(
            [torch.from_numpy(example.rgb_HW3) for example in examples],
            [
                (torch.from_numpy(example.boxes_R4).float(), torch.from_numpy(example.labels_R))
                for example in examples
            ],
        )

    def truth(self) -> Truth:
        """Returns the objects of all pictures, for scoring."""
        counts = [len(picture.truth.names) for picture in self.pictures]
        return Truth(
            np.repeat(np.arange(len(counts)), counts),
            np.concatenate([np.zeros((0, 4)), *(picture.truth.boxes_R4 for picture in self.pictures)]),
            np.concatenate([np.zeros(0, dtype=np.int64), *map(self._labels, self.pictures)]),
            np.concatenate(
                [np.zeros(0, dtype=bool), *(picture.truth.is_difficult_R for picture in self.pictures)]
            ),
        )

    def _labels(self, picture: Picture) -> np.ndarray:
        return np.array([self._label_of[name] for name in picture.truth.names], dtype=np.int64)


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
            pictures.append(Picture(f"{name.rpartition('/')[0]}/{stem}", path, annotation_path, truth))
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


def raise_together(faults: Sequence[str]) -> None:
    """Raises one DataError that tells all faults, ten at most; nothing if there are none."""
    if faults:
        more = len(faults) - _MOST_FAULTS
        rest = [f"... and {more} more faults like these"] if more > 0 else []
        raise DataError("\n".join([*faults[:_MOST_FAULTS], *rest]))


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


def _class_faults(picture: Picture, classes: Sequence[str]) -> list[str]:
    unknown = sorted(set(picture.truth.names) - set(classes))
    return [_unknown_class(picture.annotation_path, name, classes) for name in unknown]


def _unknown_class(path: Path, name: str, classes: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, classes, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(classes)}"
    return f"{path}: expected objects of the protocol's {len(classes)} classes, found {name!r}; {hint}"
