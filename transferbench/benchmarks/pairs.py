"""Pictures with masks that are timed: real or drawn pictures, and masks drawn for them.

Dimension key: H x W pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from transferbench.benchmarks.pictures import jpegs
from transferbench.tasks.decode import read_rgb
from transferbench.tasks.segment.sources.masks import MaskCode, Pair, mask_code

CLASSES = 150
CODE: MaskCode = mask_code(range(1, CLASSES + 1), (0,), modes=("L",), of="ADE20K")
HEIGHT, WIDTH = 512, 683
"""Of most pictures of ADE20K."""
_PRESENT = 12
_CELL_PIXELS = 80


@contextmanager
def pairs_of(folder: Path | None, count: int) -> Iterator[list[Pair]]:
    """Yields pictures and masks of their size, each with a dozen of ADE20K's classes.

    Args:
        folder: of JPEGs, at any depth; None draws some, 683 x 512 pixels.
        count: of pictures, at most.

    Raises:
        DataError: there are none, or one cannot be decoded.
    """
    with (
        jpegs(folder, count, size=(HEIGHT, WIDTH)) as pictures,
        TemporaryDirectory(prefix="transferbench-") as drawn,
    ):
        pairs = [Pair(path, Path(drawn) / f"{index}.png") for index, path in enumerate(pictures)]
        for index, pair in enumerate(pairs):
            height, width, _ = read_rgb(pair.picture).shape
            labels_HW = regions(np.random.default_rng(index), (height, width))
            Image.fromarray(labels_HW + np.uint8(1)).save(pair.mask)
        yield pairs


def regions(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Returns labels (H, W), uint8, in some regions with smooth borders.

    Args:
        rng: of which they are drawn.
        size: H and W.
    """
    height, width = size
    knots = rng.normal(size=(_PRESENT, height // _CELL_PIXELS + 2, width // _CELL_PIXELS + 2))
    layers = [
        np.asarray(Image.fromarray(each.astype(np.float32)).resize((width, height), Image.Resampling.BICUBIC))
        for each in knots
    ]
    classes = rng.choice(CLASSES, _PRESENT, replace=False).astype(np.uint8)
    labels_HW: np.ndarray = classes[np.argmax(layers, axis=0)]
    return labels_HW
