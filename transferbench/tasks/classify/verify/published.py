"""How many pictures the published data sets have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Published:
    """One split as it was published."""

    pictures: int
    classes: int
    least: int
    """Pictures of the smallest class."""
    most: int
    """Pictures of the largest class."""


PUBLISHED: dict[str, dict[str, Published]] = {
    # Russakovsky et al. 2015, table 2
    "imagenet": {
        "train": Published(1_281_167, classes=1000, least=732, most=1300),
        "val": Published(50_000, classes=1000, least=50, most=50),
    },
    # Zhou et al. 2017 and the development kit of Places365-Standard; not verified against either
    "places365": {
        "train": Published(1_803_460, classes=365, least=3068, most=5000),
        "val": Published(36_500, classes=365, least=100, most=100),
    },
}
"""By the name of the protocol."""


def differences(
    labels_N: np.ndarray, classes: Sequence[str], published: Published
) -> Iterator[tuple[str, str]]:
    """Yields in what a split is not what was published: its pictures, its classes, and each class."""
    counts = np.bincount(labels_N, minlength=len(classes))
    present, pictures = int((counts > 0).sum()), len(labels_N)
    kind = "a subset" if pictures < published.pictures else "more than these data"
    if pictures != published.pictures:
        yield "pictures", f"{pictures:,}, published are {published.pictures:,}: {kind}"
    if present != published.classes:
        yield "classes", f"{present:,} that have pictures, published are {published.classes:,}"
    least, most = published.least, published.most
    bounds = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    for name, count in zip(classes, counts.tolist(), strict=True):
        if count and not least <= count <= most:
            yield name, f"{count:,} pictures, published are {bounds}"
