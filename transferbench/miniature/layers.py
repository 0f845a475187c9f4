"""What lies over what in a scene, and what can still be seen of it.

Dimension key: H x W pixels; both are the same. Convention: boxes are (x_min, y_min, x_max, y_max) in pixels,
right and bottom edges exclusive.
"""

from __future__ import annotations

import numpy as np

from transferbench.miniature.canvas import Stencil

BLOB = 255
"""Value of an instance map where something lies that is of no class."""


class Layers:
    """The objects of a scene, the latest on top; a pixel belongs to what covers half of it."""

    def __init__(self, pixels: int) -> None:
        self.instances_HW = np.zeros((pixels, pixels), np.uint8)
        """0 for the ground, k for the k-th object, `BLOB` for a blob."""
        self._areas: list[int] = []
        self._inside: list[float] = []

    def lay_object(self, shape: Stencil) -> None:
        """Lays the next object on top."""
        self._areas.append(int((shape.alpha_hw >= 0.5).sum()))
        self._inside.append(self.share_inside(shape))
        self._lay(shape, len(self._areas))

    def lay_blob(self, shape: Stencil) -> None:
        """Lays something of no class on top."""
        self._lay(shape, BLOB)

    def least_seen_under(self, shape: Stencil) -> float:
        """Returns the smallest share that could be seen of an object under the shape; 1 if none is met."""
        window, alpha = shape.on(len(self.instances_HW))
        hidden = np.bincount(self.instances_HW[window][alpha >= 0.5], minlength=256)
        shares = [self.share_seen(k) - hidden[k] / self._areas[k - 1] for k in self._numbers if hidden[k]]
        return float(min(shares, default=1))

    def share_inside(self, shape: Stencil) -> float:
        """Returns the share of a shape that is not cut off by the border."""
        _, alpha = shape.on(len(self.instances_HW))
        return float((alpha >= 0.5).sum() / max((shape.alpha_hw >= 0.5).sum(), 1))

    def share_seen(self, number: int) -> float:
        """Returns the share of an object that can be seen; what the border cuts off cannot."""
        return float((self.instances_HW == number).sum()) / self._areas[number - 1]

    def is_cut_off(self, number: int) -> bool:
        """Returns whether the border cuts off a part of an object."""
        return self._inside[number - 1] < 1

    def box(self, number: int) -> tuple[int, int, int, int]:
        """Returns the box tight around what can be seen of an object.

        Raises:
            ValueError: nothing can be seen of it.
        """
        rows, columns = np.nonzero(self.instances_HW == number)
        return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1

    @property
    def _numbers(self) -> range:
        return range(1, len(self._areas) + 1)

    def _lay(self, shape: Stencil, number: int) -> None:
        window, alpha = shape.on(len(self.instances_HW))
        self.instances_HW[window][alpha >= 0.5] = number
