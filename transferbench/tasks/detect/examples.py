"""Pictures and boxes of a split, as they are trained on and scored.

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
from transferbench.tasks.detect.augment import random_flip
from transferbench.tasks.detect.metric.truth import Truth
from transferbench.tasks.detect.sources.faults import raise_together
from transferbench.tasks.detect.sources.picture import Picture


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


class DetectExamples:
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


def _class_faults(picture: Picture, classes: Sequence[str]) -> list[str]:
    unknown = sorted(set(picture.truth.names) - set(classes))
    return [_unknown_class(picture.annotation_path, name, classes) for name in unknown]


def _unknown_class(path: Path, name: str, classes: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, classes, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(classes)}"
    return f"{path}: expected objects of the protocol's {len(classes)} classes, found {name!r}; {hint}"
