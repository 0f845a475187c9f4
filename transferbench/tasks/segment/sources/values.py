"""What is wrong with the values of a mask.

Dimension key: V = 256 values of a mask file.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from transferbench.tasks.segment.sources.masks import MaskCode

_WHITE = 255
_TOLD = 5


def fault_of_values(path: Path, pixels_V: np.ndarray, code: MaskCode) -> str | None:
    """Returns what to say of a mask that holds illegal values; None if all are legal.

    Args:
        path: of the mask.
        pixels_V: pixels of each value in it.
        code: which values are legal.
    """
    illegal = np.flatnonzero((pixels_V > 0) & ~code.is_legal_V).tolist()
    if not illegal:
        return None
    values = ", ".join(map(str, illegal[:_TOLD])) + (", ..." if len(illegal) > _TOLD else "")
    pixels = int(pixels_V[illegal].sum())
    guess = _guess(illegal, np.flatnonzero(pixels_V).tolist(), code)
    return (
        f"{path}: expected the values {code.legal}, found {values} in {pixels:,} "
        f"{'pixel' if pixels == 1 else 'pixels'}{guess}; {code.advice}"
    )


def _guess(illegal: list[int], found: list[int], code: MaskCode) -> str:
    """Returns what the values look like, where they look like something."""
    if set(found) <= {0, _WHITE}:
        return ": it looks like a black-and-white picture, where a mask would hold 0 and 1"
    classes = set(np.flatnonzero(code.labels_V != _WHITE).tolist())
    if {value - 1 for value in illegal} <= classes:
        return ", one more than the value of a class: values are off by one, or a class is missing"
    if {value + 1 for value in illegal} <= classes:
        return ", one less than the value of a class: values are off by one"
    if illegal == [_WHITE]:
        return ", which many data sets have for ignored pixels: the values look as if the first class were 0"
    return ""
