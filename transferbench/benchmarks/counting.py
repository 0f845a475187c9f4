"""The confusion of truth and prediction, ours against torchmetrics, which has to be there for it.

Dimension key: H x W pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from transferbench.benchmarks.pairs import CLASSES, HEIGHT, WIDTH, regions
from transferbench.benchmarks.plain_step import timed
from transferbench.benchmarks.result import Comparison
from transferbench.benchmarks.timing import OURS, Way
from transferbench.tasks.segment.metric.tally import SINGLE, Tally
from transferbench.tasks.segment.sources.masks import IGNORED

_SHIFT = 12
_IGNORED_ROWS = 40
_ABOUT = f"the confusion of {CLASSES} classes, a picture of {HEIGHT} x {WIDTH}; ours keeps that of each too"
MISSING = (
    "the confusion is compared with that of torchmetrics, which is not installed: pip install torchmetrics"
)

Labelled = Sequence[tuple[Tensor, Tensor]]


def counting(device: torch.device, *, pictures: int, rounds: int) -> list[Comparison]:
    """Returns how long counting takes, with torchmetrics' checks of what it is given and without.

    Args:
        device: that the labels are on.
        pictures: in a round.
        rounds: of each comparison.

    Raises:
        ImportError: torchmetrics is not installed.
    """
    from torchmetrics.classification import MulticlassJaccardIndex

    labelled = drawn_labels(pictures, device)
    names = {"torchmetrics": False, "torchmetrics checking": True}
    ways = {name: _theirs(MulticlassJaccardIndex, labelled, checks) for name, checks in names.items()}
    seconds = timed({OURS: _ours(labelled), **ways}, rounds, device)
    return [
        Comparison.of(key, _ABOUT, seconds, reference=name, pictures=pictures)
        for key, name in zip(("confusion", "confusion_checked"), names, strict=True)
    ]


def drawn_labels(count: int, device: torch.device) -> Labelled:
    """Returns truth and prediction of some pictures, each (H, W) uint8; some rows are ignored."""
    found = []
    for index in range(count):
        labels_HW = regions(np.random.default_rng(index), (HEIGHT, WIDTH))
        predicted_HW = np.roll(labels_HW, _SHIFT, (0, 1))
        labels_HW[:_IGNORED_ROWS] = IGNORED
        found.append((torch.from_numpy(labels_HW).to(device), torch.from_numpy(predicted_HW).to(device)))
    return found


def _ours(labelled: Labelled) -> Way:
    def count() -> np.ndarray:
        tally = Tally(CLASSES, labelled[0][0].device)
        for truth_HW, predicted_HW in labelled:
            tally.add(SINGLE, truth_HW, predicted_HW)
        return tally.confusion(SINGLE)

    return count


def _theirs(make: Any, labelled: Labelled, is_checking: bool) -> Way:
    def count() -> Tensor:
        index = make(num_classes=CLASSES, ignore_index=IGNORED, validate_args=is_checking)
        index.to(labelled[0][0].device)
        for truth_HW, predicted_HW in labelled:
            index.update(predicted_HW[None], truth_HW[None])
        confusion_KK: Tensor = index.confmat
        return confusion_KK.cpu()

    return count
