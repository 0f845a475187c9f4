"""What a trained network takes the pixels of single pictures for.

Dimension key: H x W pixels, V = 256 values of a label.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from transferbench.tasks.base import ClassMarks
from transferbench.tasks.decode import read_rgb
from transferbench.tasks.predicted import Predicted, told_shortly
from transferbench.tasks.segment.model.scoring import single_scale
from transferbench.tasks.segment.pictures import Palette, draw_prediction
from transferbench.tasks.segment.settings import SegmentProtocol

_BEYOND = 1.5
"""Times that a picture may be larger or smaller than any that was trained on before that is told."""


@dataclass(frozen=True)
class SegmentPredictor:
    """Gives each pixel of a picture a class, at a single scale."""

    model: nn.Module
    """In evaluation mode."""
    protocol: SegmentProtocol
    classes: tuple[str, ...]
    marks: ClassMarks

    @torch.inference_mode()
    def __call__(self, path: Path, least_score: float) -> Predicted:
        rgb_HW3 = read_rgb(path)
        device = next(self.model.parameters()).device
        image_3HW = torch.from_numpy(rgb_HW3).permute(2, 0, 1).to(device)
        labels_HW = single_scale(self.model, image_3HW[None], self.protocol)[0].cpu().numpy()
        values = np.array(self.marks.values, np.uint8)[labels_HW]
        shares = self._shares(labels_HW)
        return Predicted(
            content={
                "picture": str(path),
                "width": rgb_HW3.shape[1],
                "height": rgb_HW3.shape[0],
                "classes": [{"class": name, "share": share} for name, share in shares],
            },
            drawing=draw_prediction(rgb_HW3, labels_HW, Palette.of(self.classes, self.marks)),
            told=told_shortly([f"{name} {_percent(share)}" for name, share in shares]),
            remark=self._remark(labels_HW.shape),
            mask=Image.fromarray(values),
        )

    def _remark(self, size_HW: tuple[int, ...]) -> str:
        """Returns what is said of a picture of a size that the network has never seen."""
        augment = self.protocol.augment
        if self.protocol.short_side is not None:
            return ""
        side = max(size_HW) if augment.side == "long" else min(size_HW)
        low, high = (factor * augment.base_size for factor in augment.scale)
        if low / _BEYOND <= side <= high * _BEYOND:
            return ""
        return (
            f"its {augment.side} side of {side:,} pixels is far from the {low:,.0f} to {high:,.0f} that were "
            "trained on; give a copy of such a size, or do not count on what is predicted"
        )

    def _shares(self, labels_HW: np.ndarray) -> list[tuple[str, float]]:
        """Returns each class that has pixels and its share of them, the largest first."""
        pixels_K = np.bincount(labels_HW.ravel(), minlength=len(self.classes)).tolist()
        present = [(pixels, name) for pixels, name in zip(pixels_K, self.classes, strict=True) if pixels]
        largest_first = sorted(present, key=lambda pair: -pair[0])
        return [(name, pixels / labels_HW.size) for pixels, name in largest_first]


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.01 else "<1 %"
