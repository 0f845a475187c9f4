"""Pictures and boxes of a split, as they are trained on and scored.

Dimension key: H x W pixels, R boxes of one picture.
Boxes: (x_min, y_min, x_max, y_max), absolute pixels of the picture as loaded, right and bottom
edges exclusive.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from transferbench.errors import DataError
from transferbench.tasks.cache import PictureCache
from transferbench.tasks.decode import read_rgb, read_rgb_fast
from transferbench.tasks.detect.augment import mirrored
from transferbench.tasks.detect.metric.truth import Truth
from transferbench.tasks.detect.sources.picture import Picture
from transferbench.tasks.faults import raise_together


@dataclass(frozen=True)
class Example:
    """One picture as it is trained on or scored; it is mirrored and resized later, on the device."""

    rgb_HW3: np.ndarray
    """As loaded, not mirrored."""
    boxes_R4: np.ndarray
    """Mirrored if the picture is to be."""
    labels_R: np.ndarray
    """Index of the class, from 0."""
    is_flipped: bool = False
    """Whether the picture is to be mirrored left to right."""
    short_side: int | None = None
    """In pixels, to which the picture is to be resized; None for the protocol's."""


@dataclass(frozen=True)
class DetectBatch:
    """Pictures of one step, each of its own size."""

    images: list[Tensor]
    """RGB bytes, each (H, W, 3), not mirrored."""
    truth: list[tuple[Tensor, Tensor]]
    """For each picture boxes_R4 in its pixels, mirrored if it is to be, and labels_R."""
    is_flipped: tuple[bool, ...] = ()
    """Whether each picture is to be mirrored left to right; empty for none."""
    short_sides: tuple[int, ...] | None = None
    """In pixels, to which each picture is to be resized; None for the protocol's."""

    def __len__(self) -> int:
        return len(self.images)

    def __reduce__(self) -> tuple[Any, ...]:
        """Goes from one process to another in three pieces, each of which costs more than its bytes do."""
        pixels = torch.cat([image.reshape(-1) for image in self.images])
        sizes = [(image.shape[0], image.shape[1]) for image in self.images]
        boxes_R4, labels_R = (torch.cat(parts) for parts in zip(*self.truth, strict=True))
        counts = [len(labels) for _, labels in self.truth]
        return _unpacked, (pixels, sizes, (boxes_R4, labels_R, counts), (self.is_flipped, self.short_sides))

    def pin_memory(self) -> DetectBatch:
        """Returns the batch in memory that an accelerator copies from without the host waiting."""
        return self._moved(lambda tensor: tensor.pin_memory())

    def to(self, device: torch.device | str) -> DetectBatch:
        """Returns the batch on a device."""
        return self._moved(lambda tensor: tensor.to(device, non_blocking=True))

    def _moved(self, move: Callable[[Tensor], Tensor]) -> DetectBatch:
        return replace(
            self,
            images=[move(image) for image in self.images],
            truth=[(move(boxes_R4), move(labels_R)) for boxes_R4, labels_R in self.truth],
        )


def _unpacked(
    pixels: Tensor,
    sizes: Sequence[tuple[int, int]],
    objects: tuple[Tensor, Tensor, list[int]],
    changes: tuple[tuple[bool, ...], tuple[int, ...] | None],
) -> DetectBatch:
    parts = pixels.split_with_sizes([height * width * 3 for height, width in sizes])
    boxes_R4, labels_R, counts = objects
    return DetectBatch(
        [part.view(*size, 3) for part, size in zip(parts, sizes, strict=True)],
        list(zip(boxes_R4.split_with_sizes(counts), labels_R.split_with_sizes(counts), strict=True)),
        *changes,
    )


class DetectExamples:
    """A split, picture by picture; difficult objects are trained on like others, as GluonCV does.

    Crowds are not: one box around many objects would teach what no single object looks like.
    """

    def __init__(
        self,
        pictures: Sequence[Picture],
        classes: Sequence[str],
        *,
        flip: float,
        short_sides: Sequence[int] = (),
        cache: PictureCache | None = None,
    ) -> None:
        """Checks that every object is of a known class.

        Args:
            pictures: of the split, in order.
            classes: names in the order of labels.
            flip: probability that a training picture is mirrored.
            short_sides: in pixels, one of which is drawn for each training picture; empty for none.
            cache: for the shapes of these pictures, in order; keeps them as decoded for training, which is
                not quite as for scoring. None keeps none.

        Raises:
            DataError: objects are of unknown classes; up to ten are named.
        """
        self.pictures = tuple(pictures)
        self._label_of = {name: label for label, name in enumerate(classes)}
        self._flip = flip
        self._short_sides = tuple(short_sides)
        self._cache = PictureCache(()) if cache is None else cache
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
        """Returns a picture and its objects.

        With an `rng` it is for training: decoded the fast way, to be mirrored by chance and resized to a size
        drawn. Without, it is for scoring: decoded by the reference.

        Raises:
            DataError: the picture cannot be decoded, or is no longer as it was when its header was read.
        """
        picture = self.pictures[index]
        is_trained_R = ~picture.truth.is_crowd_R
        boxes_R4, labels_R = picture.truth.boxes_R4[is_trained_R], self._labels(picture)[is_trained_R]
        if rng is None:
            return Example(_decoded(picture, read_rgb), boxes_R4, labels_R)
        rgb_HW3 = self._cache.array(index, lambda: _decoded(picture, read_rgb_fast))
        is_flipped = bool(rng.random() < self._flip)
        return Example(
            rgb_HW3,
            mirrored(boxes_R4, rgb_HW3.shape[1]) if is_flipped else boxes_R4,
            labels_R,
            is_flipped,
            short_side=int(rng.choice(self._short_sides)) if self._short_sides else None,
        )

    def collate(self, examples: Sequence[Example]) -> DetectBatch:
        short_sides = tuple(example.short_side for example in examples if example.short_side is not None)
        return DetectBatch(
            [torch.from_numpy(example.rgb_HW3) for example in examples],
            [
                (torch.from_numpy(example.boxes_R4).float(), torch.from_numpy(example.labels_R))
                for example in examples
            ],
            tuple(example.is_flipped for example in examples),
            short_sides or None,
        )

    def truth(self) -> Truth:
        """Returns the objects of all pictures, for scoring; crowds are difficult."""
        truths = [picture.truth for picture in self.pictures]
        counts = [len(truth.names) for truth in truths]
        return Truth(
            np.repeat(np.arange(len(counts)), counts),
            np.concatenate([np.zeros((0, 4)), *(truth.boxes_R4 for truth in truths)]),
            np.concatenate([np.zeros(0, dtype=np.int64), *map(self._labels, self.pictures)]),
            np.concatenate(
                [np.zeros(0, dtype=bool), *(truth.is_difficult_R | truth.is_crowd_R for truth in truths)]
            ),
            np.concatenate([np.zeros(0), *(truth.area_R for truth in truths)]),
        )

    def _labels(self, picture: Picture) -> np.ndarray:
        return np.array([self._label_of[name] for name in picture.truth.names], dtype=np.int64)


def _decoded(picture: Picture, read: Callable[[Path], np.ndarray]) -> np.ndarray:
    rgb_HW3 = read(picture.path)
    width, height = picture.truth.size
    if rgb_HW3.shape[:2] != (height, width):
        raise DataError(
            f"{picture.path}: expected {width} x {height} pixels, as when the data set was read, found "
            f"{rgb_HW3.shape[1]} x {rgb_HW3.shape[0]}; leave the data alone during a run and start again"
        )
    return rgb_HW3


def _class_faults(picture: Picture, classes: Sequence[str]) -> list[str]:
    unknown = sorted(set(picture.truth.names) - set(classes))
    return [_unknown_class(picture.annotation_path, name, classes) for name in unknown]


def _unknown_class(path: Path, name: str, classes: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, classes, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(classes)}"
    return f"{path}: expected objects of the protocol's {len(classes)} classes, found {name!r}; {hint}"
