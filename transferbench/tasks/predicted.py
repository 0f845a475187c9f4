"""What a network says of single pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from PIL.Image import Image

MASK_ENDING = "_mask"
"""What the name of a predicted mask has after that of its picture."""
_TOLD = 8


@dataclass(frozen=True)
class Predicted:
    """What a network says of one picture."""

    content: dict[str, Any]
    """As JSON has it."""
    drawing: Image
    """The picture with it drawn in."""
    told: str
    """In a few words, for a line."""
    remark: str = ""
    """What a reader should know of it, if anything."""
    mask: Image | None = None
    """What each pixel is taken for, in the values of the data set's own masks; of segmentation."""


def told_shortly(found: Sequence[str]) -> str:
    """Returns the first eight of what was found in a picture, for a line."""
    return ", ".join([*found[:_TOLD], *(["..."] if len(found) > _TOLD else [])]) or "nothing"


class Predictor(Protocol):
    """Says of single pictures what a trained network finds in them."""

    def __call__(self, path: Path, least_score: float) -> Predicted:
        """Returns what is found in a picture.

        An object that is less sure than `least_score`, in [0, 1], is not drawn; a pixel always is.

        Raises:
            DataError: the picture cannot be decoded.
        """
