"""The JPEGs that are timed: real ones, or some drawn for the purpose.

Dimension key: H x W pixels, 3 colours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from transferbench.errors import DataError
from transferbench.tasks.classify.layouts import FolderData
from transferbench.tasks.classify.protocols import ClassifyProtocol
from transferbench.tasks.classify.task import ClassifyTask
from transferbench.tasks.decode import read_rgb
from transferbench.tricks.bag import Bag

DRAWN = (
    "drawn pictures, whose colours and details are not those of photographs; give --data DIR for real ones"
)
_HEIGHT, _WIDTH = 375, 500
_QUALITY = 92
_CELLS = ((90, 22.0), (30, 18.0), (9, 14.0), (3, 12.0), (1, 5.0))
"""Side of a cell in pixels, and contrast: of smooth noise, from coarse to fine."""
CLASSES = 10


@contextmanager
def jpegs(folder: Path | None, count: int, size: tuple[int, int] = (_HEIGHT, _WIDTH)) -> Iterator[list[Path]]:
    """Yields some of the JPEGs below a folder, evenly spread, or else as many that are drawn.

    Args:
        folder: of pictures, at any depth; None draws them, of about half a byte a pixel.
        count: of pictures, at most.
        size: height and width of drawn ones, in pixels.

    Raises:
        DataError: there are none, or one cannot be decoded.
    """
    if folder is not None:
        chosen = _chosen(folder, count)
        for path in chosen:
            read_rgb(path)
        yield chosen
        return
    with TemporaryDirectory(prefix="transferbench-") as drawn:
        paths = [Path(drawn) / f"{index}.jpg" for index in range(count)]
        for index, path in enumerate(paths):
            Image.fromarray(_texture(np.random.default_rng(index), size)).save(path, quality=_QUALITY)
        yield paths


@contextmanager
def opened(paths: Sequence[Path], *, side: int, count: int) -> Iterator[ClassifyTask]:
    """Yields the task of telling ten classes apart that some pictures are dealt to, in train and val.

    Args:
        paths: of the pictures, which take turns.
        side: of the input, in pixels.
        count: of pictures in each split, at least ten.
    """
    protocol = ClassifyProtocol(
        name="bench", about="pictures dealt to classes", source="ours", data=FolderData(), input_size=side
    )
    with TemporaryDirectory(prefix="transferbench-") as root:
        for split in (FolderData().train, FolderData().score):
            for index in range(count):
                path = paths[index % len(paths)].resolve()
                link = Path(root) / split / f"class{index % CLASSES}" / f"{index}{path.suffix}"
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(path)
        yield ClassifyTask(protocol, Path(root), limit=None, bag=Bag())


def _chosen(folder: Path, count: int) -> list[Path]:
    if not folder.is_dir():
        raise DataError(f"--data {folder}: expected a folder of JPEGs, found none; look after the path")
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg"))
    if not found:
        raise DataError(
            f"--data {folder}: expected JPEGs (.jpg, .jpeg) in it or below it, found none; "
            "give another folder, or leave --data out and some are drawn"
        )
    kept = min(count, len(found))
    return [found[index * len(found) // kept] for index in range(kept)]


def _texture(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Returns smooth noise of many sizes (H, W, 3) in bytes."""
    height, width = size
    total = np.full((height, width, 3), 128.0)
    for side, contrast in _CELLS:
        knots = rng.normal(size=(height // side + 2, width // side + 2, 3)).astype(np.float32)
        shared = knots.mean(2, keepdims=True) * 2 + knots * 0.4  # colours change less than lightness
        for colour in range(3):
            layer = Image.fromarray(np.ascontiguousarray(shared[:, :, colour]))
            total[:, :, colour] += contrast * np.asarray(
                layer.resize((width, height), Image.Resampling.BICUBIC)
            )
    return total.clip(0, 255).astype(np.uint8)
