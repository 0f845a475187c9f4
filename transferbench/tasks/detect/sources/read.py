"""Both splits of a data folder, in whatever layout the protocol names."""

from __future__ import annotations

from pathlib import Path

from transferbench.errors import DataError
from transferbench.tasks.detect.settings import CocoData, VocData
from transferbench.tasks.detect.sources.picture import Splits
from transferbench.tasks.detect.sources.voc import read_pictures


def read_splits(root: Path, data: VocData | CocoData, limit: int | None) -> Splits:
    """Returns the pictures of both splits; every annotation is parsed, no picture decoded.

    Args:
        root: data folder.
        data: which pictures of it.
        limit: pictures of each split that are used, the first ones; None for all. Classes that come from the
            data come from all of them.

    Raises:
        DataError: files are missing or malformed, or there is no object to train on.
    """
    assert isinstance(data, VocData)
    train, score = read_pictures(root, data.train), read_pictures(root, data.score, limit)
    found = tuple(sorted({name for picture in train for name in picture.truth.names}))
    if not found:
        raise DataError(f"{root}: expected objects in {', '.join(data.train)}, found none; name others")
    return Splits(train[:limit], score, found if data.classes == "from data" else data.classes)
