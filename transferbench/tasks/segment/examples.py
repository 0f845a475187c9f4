"""Pictures and labels for the loader.

Dimension key: N pictures, 3 colours, H x W pixels.
Convention: labels of 255 are ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import torch
from torch import Tensor

from transferbench.errors import DataError
from transferbench.tasks.cache import PictureCache
from transferbench.tasks.decode import read_rgb, read_rgb_fast
from transferbench.tasks.segment.augment import augmented
from transferbench.tasks.segment.settings import Augment
from transferbench.tasks.segment.sources.masks import MaskCode, Pair, read_labels


@dataclass(frozen=True)
class Group:
    """Pictures of one size."""

    images_N3HW: Tensor
    """uint8, RGB; a view of pixels that lie channels last."""
    labels_NHW: Tensor
    """uint8."""


@dataclass(frozen=True)
class SegmentBatch:
    """Pictures in the order of the split; a training batch has one group, as its crops are of one size.

    Pictures are not padded to a common size, so that the scores do not depend on who shares a batch.
    """

    groups: tuple[Group, ...]
    """Neighbours of the same size stand together."""

    def __len__(self) -> int:
        return sum(len(group.labels_NHW) for group in self.groups)

    def pin_memory(self) -> SegmentBatch:
        """Returns the batch in memory that an accelerator copies from without the host waiting."""
        return self._moved(lambda tensor: tensor.pin_memory())

    def to(self, device: torch.device) -> SegmentBatch:
        """Returns the batch on a device."""
        return self._moved(lambda tensor: tensor.to(device, non_blocking=True))

    def _moved(self, move: Callable[[Tensor], Tensor]) -> SegmentBatch:
        return SegmentBatch(
            tuple(Group(move(group.images_N3HW), move(group.labels_NHW)) for group in self.groups)
        )


class SegmentExamples:
    """One split."""

    def __init__(
        self,
        pairs: Sequence[Pair],
        code: MaskCode,
        augment: Augment,
        *,
        cache: PictureCache | None = None,
    ) -> None:
        """Takes a split; no file is read yet.

        Args:
            pairs: of pictures and masks, in order.
            code: what the values of the masks mean.
            augment: what is done to a training picture.
            cache: for the shapes (H, W, 3) of all pictures in order and then (H, W) of all masks; keeps both
                as decoded for training, which is not quite as for scoring. None keeps none.
        """
        self.pairs = pairs
        self._code = code
        self._augment = augment
        self._cache = PictureCache(()) if cache is None else cache

    def __len__(self) -> int:
        return len(self.pairs)

    def name(self, index: int) -> str:
        """Returns the path of a picture."""
        return str(self.pairs[index].picture)

    def order(self, rng: np.random.Generator) -> np.ndarray:
        """Returns the indices of all pictures as one epoch takes them."""
        return rng.permutation(len(self))

    def example(
        self, index: int, rng: np.random.Generator | None, epoch: int = 0
    ) -> tuple[np.ndarray, np.ndarray]:
        """Returns picture (H, W, 3) and labels (H, W), uint8.

        With an `rng` it is for training: decoded the fast way, and augmented. Without, it is for scoring:
        decoded by the reference, and whole.

        Raises:
            DataError: picture or mask cannot be read, they differ in size, or the picture is no longer as it
                was when its header was read.
        """
        pair = self.pairs[index]
        if rng is None:
            picture_HW3 = read_rgb(pair.picture)
            return picture_HW3, self._labels(pair, picture_HW3)
        picture_HW3 = self._cache.array(index, lambda: self._picture(index))
        labels_HW = self._cache.array(len(self) + index, lambda: self._labels(pair, picture_HW3))
        return augmented(picture_HW3, labels_HW, self._augment, rng)

    def collate(self, examples: Sequence[tuple[np.ndarray, np.ndarray]]) -> SegmentBatch:
        """Returns a batch on the CPU."""
        return SegmentBatch(
            tuple(_stacked(list(group)) for _, group in groupby(examples, lambda pair: pair[1].shape))
        )

    def _picture(self, index: int) -> np.ndarray:
        path, said = self.pairs[index].picture, self._cache.shape(index)
        picture_HW3 = read_rgb_fast(path)
        if said is not None and picture_HW3.shape != said:
            raise DataError(
                f"{path}: expected {said[1]}x{said[0]} pixels, as when the data set was read, found "
                f"{_told(picture_HW3)}; leave the data alone during a run and start again"
            )
        return picture_HW3

    def _labels(self, pair: Pair, picture_HW3: np.ndarray) -> np.ndarray:
        labels_HW = read_labels(pair, self._code)
        if picture_HW3.shape[:2] != labels_HW.shape:
            raise DataError(
                f"{pair.mask}: expected the size of its picture, {_told(picture_HW3)}, "
                f"found {_told(labels_HW)}; replace the one or the other"
            )
        return labels_HW


def _told(array: np.ndarray) -> str:
    return f"{array.shape[1]}x{array.shape[0]}"


def _stacked(examples: Sequence[tuple[np.ndarray, np.ndarray]]) -> Group:
    pictures, labels = zip(*examples, strict=True)
    return Group(torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2), torch.from_numpy(np.stack(labels)))
