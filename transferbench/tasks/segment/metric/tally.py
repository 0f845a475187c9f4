"""Counts of truth against prediction, of a split and of each of its pictures.

Dimension key: H x W pixels, K classes, W ways of predicting.
Convention: labels of 255 are ignored: such a pixel counts nowhere, whatever was predicted there. A prediction
of 255 is none, as another tool may make it: wrong wherever there is a label.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from transferbench.tasks.segment.sources.masks import IGNORED

SINGLE, MULTI = 0, 1
"""Ways of predicting: at a single scale, at several."""
_TYPES = {
    "picture": np.int32,
    "way": np.uint8,
    "truth": np.uint8,
    "predicted": np.uint8,
    "pixels": np.int32,
}
"""Of the columns of the sparse form."""


class Tally:
    """The running confusion of a split on its device, and that of each picture in sparse form."""

    def __init__(self, classes: int, device: torch.device | None = None) -> None:
        self._classes = classes
        self._pictures = {SINGLE: 0, MULTI: 0}
        self._counts: list[tuple[np.ndarray, ...]] = [tuple(np.zeros(0, each) for each in _TYPES.values())]
        self._running = torch.zeros(2, classes, classes + 1, dtype=torch.int64, device=device)

    def add(self, way: int, truth_HW: Tensor, predicted_HW: Tensor) -> None:
        """Counts the next picture of a way; both are uint8 on the device of the tally."""
        counts = confusion(truth_HW, predicted_HW, self._classes)
        self._running[way] += counts
        truth, predicted = counts.nonzero(as_tuple=True)
        entries = torch.stack([truth, predicted, counts[truth, predicted]]).cpu().numpy()
        entries[1, entries[1] == self._classes] = IGNORED
        picture = np.full_like(entries[0], self._pictures[way])
        table = (picture, np.full_like(picture, way), *entries)
        self._counts.append(
            tuple(column.astype(each) for column, each in zip(table, _TYPES.values(), strict=True))
        )
        self._pictures[way] += 1

    def confusion(self, way: int) -> np.ndarray:
        """Returns the confusion (K, K + 1) of all pictures so far, as `confusion_of` does."""
        return self._running[way].cpu().numpy()

    def sparse(self) -> dict[str, np.ndarray]:
        """Returns an entry for each count above zero.

        That is `picture`, `way`, `truth` and `predicted`, which is 255 for none, and `pixels`.
        """
        columns = zip(*self._counts, strict=True)
        return {name: np.concatenate(column) for name, column in zip(_TYPES, columns, strict=True)}


def confusion(truth_HW: Tensor, predicted_HW: Tensor, classes: int) -> Tensor:
    """Returns pixels (K, K + 1), int64, of each class of the truth (rows) by predicted class (columns).

    The last column counts those that are predicted to be of no class.
    """
    # An extra row takes the ignored pixels: ten times faster than leaving them out of the arrays.
    cells = truth_HW.flatten().clamp(max=classes).to(torch.int32).mul_(classes + 1)
    cells.add_(predicted_HW.flatten().clamp(max=classes))
    return torch.bincount(cells, minlength=(classes + 1) ** 2).reshape(classes + 1, classes + 1)[:classes]


def confusion_of(sparse: Mapping[str, np.ndarray], classes: int, way: int = SINGLE) -> np.ndarray:
    """Returns the confusion (K, K + 1) of a split from what `Tally.sparse` gave."""
    chosen = sparse["way"] == way
    columns = np.minimum(sparse["predicted"][chosen], classes)
    confusion_KK1 = np.zeros((classes, classes + 1), np.int64)
    np.add.at(confusion_KK1, (sparse["truth"][chosen], columns), sparse["pixels"][chosen])
    return confusion_KK1


def confusions_of(
    sparse: Mapping[str, np.ndarray], classes: int, way: int = SINGLE
) -> Iterator[tuple[int, np.ndarray]]:
    """Yields the number and the confusion (K, K + 1) of each picture that has labelled pixels, in order."""
    chosen = sparse["way"] == way
    own = {name: sparse[name][chosen] for name in ("picture", "way", "truth", "predicted", "pixels")}
    starts = np.flatnonzero(np.diff(own["picture"], prepend=-1))
    for start, stop in pairwise([*starts.tolist(), len(own["picture"])]):
        of_picture = {name: values[start:stop] for name, values in own.items()}
        yield int(own["picture"][start]), confusion_of(of_picture, classes, way)
