"""One picture to be drawn, and how a data set says what it consists of."""

from __future__ import annotations

import io
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from PIL import Image

from transferbench.miniature.sizes import Size


class Item(NamedTuple):
    """One picture of a data set; its seed is made of these and of the world's."""

    split: str
    number: int
    """From 0 within its split."""


class Layout(Protocol):
    """A data set of the miniature world: each module of that kind offers this."""

    FOLDER: str
    """Its folder in the world's root."""

    def splits(self, size: Size) -> dict[str, int]:
        """Returns the number of pictures of each split that is drawn."""

    def folders(self, size: Size) -> list[str]:
        """Returns all folders of files, below the world's root."""

    def draw(self, root: Path, item: Item, *, size: Size, rng: np.random.Generator) -> None:
        """Draws one picture and writes it with its truth."""

    def write_lists(self, root: Path, size: Size) -> None:
        """Writes every file that is not about one picture, once all pictures are there."""


def save_jpeg(path: Path, picture_HW3: np.ndarray) -> None:
    """Writes a picture without halving its colours, which at this size are all there is to see."""
    buffer = io.BytesIO()
    Image.fromarray(picture_HW3).save(buffer, "JPEG", quality=92, subsampling=0)
    path.write_bytes(buffer.getvalue())
