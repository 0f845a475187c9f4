"""Tells two data sets apart without reading their pictures; their truth is read."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from transferbench.errors import DataError

if TYPE_CHECKING:
    import numpy as np


def fingerprint(root: Path, pictures: Iterable[Path], truth: Iterable[Path] = ()) -> str:
    """Returns sha256 over names below `root`, sizes in bytes and what is in the truth, in the order of names.

    Args:
        root: folder that all files are in.
        pictures: files that are told apart by name and size, as there are gigabytes of them.
        truth: files of annotations or masks, which people correct in place without changing their size.
    """
    read = set(truth)
    digest = sha256()
    for path in sorted(read.union(pictures)):
        line = f"{path.relative_to(root).as_posix()}\t{path.stat().st_size}\n"
        digest.update(line.encode("utf-8", "surrogateescape"))
        if path in read:
            digest.update(sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def require_same_pictures(root: str, predicted: np.ndarray, scored: np.ndarray) -> None:
    """Checks that predictions are of the pictures that are scored, in their order.

    Args:
        root: data folder.
        predicted: names of the pictures of the predictions.
        scored: names of the pictures of the split.

    Raises:
        DataError: they are not.
    """
    if len(predicted) != len(scored) or (predicted != scored).any():
        pairs = zip(predicted.tolist(), scored.tolist(), strict=False)
        theirs, ours = next(((a, b) for a, b in pairs if a != b), (f"{len(predicted)} pictures", len(scored)))
        raise DataError(
            f"{root}: expected the pictures that the predictions are of, in their order, found {ours!r} in "
            f"the place of {theirs!r}; give --data with the folder of the run, as it was"
        )
