"""Reads a folder of folders, one a class.

Dimension key: N pictures, H x W pixels, 3 colours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from transferbench.errors import DataError
from transferbench.tasks.classify.augment import ColourMap, augmented, scored
from transferbench.tasks.classify.protocols import ClassifyProtocol
from transferbench.tasks.decode import read_rgb, read_rgb_fast
from transferbench.tricks.bag import Bag

EXTENSIONS = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
_KEPT_BYTES = 256 * 2**20


@dataclass(frozen=True)
class ClassifyBatch:
    """Pictures as bytes, the change of colours each is due, and labels."""

    images_NCHW: Tensor
    """uint8."""
    colours: ColourMap
    labels_N: Tensor

    def __len__(self) -> int:
        return len(self.labels_N)

    def to(self, device: torch.device) -> ClassifyBatch:
        """Returns the batch on a device."""
        move = {"device": device, "non_blocking": True}
        return ClassifyBatch(
            self.images_NCHW.to(**move),  # type: ignore[call-overload]
            ColourMap(self.colours.matrix_N33.to(**move), self.colours.offset_N3.to(**move)),  # type: ignore[call-overload]
            self.labels_N.to(**move),  # type: ignore[call-overload]
        )


class FolderExamples:
    """One split; small ones are kept decoded in memory."""

    def __init__(
        self, files: Sequence[Path], labels: Sequence[int], protocol: ClassifyProtocol, bag: Bag
    ) -> None:
        self.files = files
        self.labels = labels
        self._protocol = protocol
        self._bag = bag
        self._kept: dict[int, np.ndarray] = {}
        self._kept_bytes = 0

    def __len__(self) -> int:
        return len(self.files)

    def name(self, index: int) -> str:
        """Returns the path of a picture."""
        return str(self.files[index])

    def order(self, rng: np.random.Generator) -> np.ndarray:
        """Returns the indices of all pictures as one epoch takes them."""
        return rng.permutation(len(self))

    def example(
        self, index: int, rng: np.random.Generator | None, epoch: int = 0
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
        """Returns picture (H, W, 3) uint8, colour matrix (3, 3), offset (3,) and label."""
        side = self._protocol.input_size
        if rng is None:
            picture = scored(read_rgb(self.files[index]), side, self._protocol.crop)
            return picture, np.eye(3, dtype=np.float32), np.zeros(3, np.float32), self.labels[index]
        side = self._bag.input_side(side, epoch)
        picture, matrix, offset = augmented(
            self._decoded(index), side, self._protocol.augment, rng, distort=self._bag.distort
        )
        return picture, matrix, offset, self.labels[index]

    def collate(self, examples: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray, int]]) -> ClassifyBatch:
        """Returns a batch; the pictures are channels-last views."""
        pictures, matrices, offsets, labels = zip(*examples, strict=True)
        return ClassifyBatch(
            torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2),
            ColourMap(torch.from_numpy(np.stack(matrices)), torch.from_numpy(np.stack(offsets))),
            torch.tensor(labels),
        )

    def _decoded(self, index: int) -> np.ndarray:
        picture = self._kept.get(index)
        if picture is None:
            picture = read_rgb_fast(self.files[index])
            if self._kept_bytes + picture.nbytes <= _KEPT_BYTES:
                self._kept[index] = picture
                self._kept_bytes += picture.nbytes
        return picture


def read_split(
    root: Path, split: str, classes: Sequence[str] | None
) -> tuple[list[Path], list[int], list[str]]:
    """Returns files, labels and class names of a split, both in alphabetical order.

    Args:
        root: folder of the splits.
        split: name of the folder of class folders.
        classes: the classes there may be; None takes those that are there.

    Raises:
        DataError: the split is missing or empty, or has a class that is not in `classes`.
    """
    folder = root / split
    if not folder.is_dir():
        raise DataError(
            f"{root}: expected the folder {split}/ with one folder a class, which is not there; "
            "unpack the pictures here, or give --data"
        )
    found = sorted(child.name for child in folder.iterdir() if child.is_dir())
    names = list(classes) if classes is not None else found
    unknown = [name for name in found if name not in set(names)]
    if unknown:
        raise DataError(
            f"{folder}: expected the classes of the training split, found {len(unknown)} more, "
            f"the first is {unknown[0]!r}; remove them or train on them"
        )
    files: list[Path] = []
    labels: list[int] = []
    for label, name in enumerate(names):
        pictures = _pictures(folder / name)
        files += pictures
        labels += [label] * len(pictures)
    if not files:
        raise DataError(
            f"{folder}: expected pictures ({', '.join(EXTENSIONS)}) in folders, found none; give --data"
        )
    return files, labels, names


def _pictures(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.suffix.lower() in EXTENSIONS) if folder.is_dir() else []
