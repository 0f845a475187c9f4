"""How the predicted labels of pictures are kept: each as a small PNG, one after the other.

Dimension key: H x W pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO

import numpy as np
from PIL import Image

from transferbench.tasks.base import Predictions


def stored(labels_HW: np.ndarray) -> bytes:
    """Returns labels, uint8, as the content of a grey PNG, in which each grey is a label."""
    content = BytesIO()
    Image.fromarray(labels_HW).save(content, format="PNG", compress_level=1)
    return content.getvalue()


def restored(content: bytes) -> np.ndarray:
    """Returns the labels (H, W), uint8, that `stored` made a content of."""
    with Image.open(BytesIO(content)) as file:
        return np.array(file)


def packed(contents: Sequence[bytes]) -> dict[str, np.ndarray]:
    """Returns what predictions hold of the contents that `stored` gave for a split: see `masks_of`."""
    return {
        "pictures": np.array([len(contents)]),
        "masks": np.frombuffer(b"".join(contents), np.uint8),
        "mask_bytes": np.array([len(content) for content in contents], np.int64),
    }


class StoredMasks:
    """The predicted labels of a split by the number of the picture, each unpacked when it is asked for."""

    def __init__(self, masks: np.ndarray, mask_bytes: np.ndarray) -> None:
        """Takes what predictions hold.

        Args:
            masks: uint8, the contents of all pictures.
            mask_bytes: how many of them each picture has.
        """
        self._masks = masks
        self._ends = np.cumsum(mask_bytes).tolist()

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, picture: int) -> np.ndarray:
        if not 0 <= picture < len(self):
            raise IndexError(picture)
        start = self._ends[picture - 1] if picture else 0
        return restored(self._masks[start : self._ends[picture]].tobytes())

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[picture] for picture in range(len(self)))


def masks_of(predictions: Predictions) -> StoredMasks:
    """Returns the predicted labels of each picture of a split, from its `masks` and `mask_bytes`."""
    return StoredMasks(predictions["masks"], predictions["mask_bytes"])
