"""Pictures and labels as the loader takes them, whatever the layout.

Dimension key: N pictures, H x W pixels, 3 colours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from transferbench.tasks.classify.augment import augmented, augmented_from, scored
from transferbench.tasks.classify.colours import ColourMap
from transferbench.tasks.classify.protocols import ClassifyProtocol
from transferbench.tasks.classify.sources.source import Source
from transferbench.tasks.decode import decode_rgb, decode_rgb_fast
from transferbench.tricks.bag import Bag

_KEPT_BYTES = 256 * 2**20
"""Of decoded pictures, in each process that decodes."""


@dataclass(frozen=True)
class ClassifyBatch:
    """Pictures as bytes, the change of colours each is due, and labels."""

    images_NCHW: Tensor
    """uint8."""
    colours: ColourMap
    labels_N: Tensor

    def __len__(self) -> int:
        return len(self.labels_N)

    def pin_memory(self) -> ClassifyBatch:
        """Returns the batch in memory that an accelerator copies from without the host waiting."""
        matrix_N33, offset_N3 = self.colours
        return ClassifyBatch(
            self.images_NCHW.pin_memory(),
            ColourMap(matrix_N33.pin_memory(), offset_N3.pin_memory()),
            self.labels_N.pin_memory(),
        )

    def to(self, device: torch.device) -> ClassifyBatch:
        """Returns the batch on a device."""
        move = {"device": device, "non_blocking": True}
        return ClassifyBatch(
            self.images_NCHW.to(**move),  # type: ignore[call-overload]
            ColourMap(self.colours.matrix_N33.to(**move), self.colours.offset_N3.to(**move)),  # type: ignore[call-overload]
            self.labels_N.to(**move),  # type: ignore[call-overload]
        )


class ClassifyExamples:
    """One split; small ones are kept decoded in memory."""

    def __init__(
        self, source: Source, protocol: ClassifyProtocol, bag: Bag, *, kept_bytes: int = _KEPT_BYTES
    ) -> None:
        """Takes the split.

        Args:
            source: its pictures.
            protocol: what is done to them.
            bag: tricks that change pictures.
            kept_bytes: of decoded pictures, which a process that decodes keeps at most.
        """
        self.source = source
        self._protocol = protocol
        self._bag = bag
        self._most_bytes = kept_bytes
        self._kept: dict[int, np.ndarray] = {}
        self._kept_bytes = 0

    def __len__(self) -> int:
        return len(self.source)

    def name(self, index: int) -> str:
        return self.source.name(index)

    def order(self, rng: np.random.Generator) -> np.ndarray:
        return self.source.order(rng)

    def example(
        self, index: int, rng: np.random.Generator | None, epoch: int = 0
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
        """Returns picture (H, W, 3) uint8, colour matrix (3, 3), offset (3,) and label."""
        side, label = self._protocol.input_size, int(self.source.labels[index])
        if rng is None:
            picture = decode_rgb(self.source.read(index), self.source.name(index))
            picture = scored(picture, side, self._protocol.crop)
            return picture, np.eye(3, dtype=np.float32), np.zeros(3, np.float32), label
        side = self._bag.input_side(side, epoch)
        return *self._augmented(index, side, rng), label

    def collate(self, examples: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray, int]]) -> ClassifyBatch:
        """Returns a batch; the pictures are channels-last views."""
        pictures, matrices, offsets, labels = zip(*examples, strict=True)
        return ClassifyBatch(
            torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2),
            ColourMap(torch.from_numpy(np.stack(matrices)), torch.from_numpy(np.stack(offsets))),
            torch.tensor(labels),
        )

    def _augmented(
        self, index: int, side: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        augment, distort = self._protocol.augment, self._bag.distort
        kept = self._kept.get(index)
        if kept is not None:
            return augmented(kept, side, augment, rng, distort=distort)
        content, name = self.source.read(index), self.source.name(index)
        if self._kept_bytes >= self._most_bytes:
            return augmented_from(content, name, side, augment, rng=rng, distort=distort)
        picture = decode_rgb_fast(content, name)
        self._kept[index] = picture
        self._kept_bytes += picture.nbytes
        return augmented(picture, side, augment, rng, distort=distort)
