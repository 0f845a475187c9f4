"""In what a split is not the data set that was published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from transferbench.tasks.classify.counts import Published


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
