"""What a trained detector finds in single pictures.

Boxes: (x_min, y_min, x_max, y_max), absolute pixels of the picture as loaded, right and bottom
edges exclusive.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from transferbench.tasks.decode import read_rgb
from transferbench.tasks.detect.pictures import draw_detections
from transferbench.tasks.predicted import Predicted, told_shortly


@dataclass(frozen=True)
class DetectPredictor:
    """Names the objects of a picture."""

    detector: nn.Module
    """In evaluation mode."""
    classes: tuple[str, ...]

    @torch.inference_mode()
    def __call__(self, path: Path, least_score: float) -> Predicted:
        rgb_HW3 = read_rgb(path)
        device = next(self.detector.parameters()).device
        (found,) = self.detector([torch.from_numpy(rgb_HW3).to(device)])
        boxes_R4, labels_R, scores_R = (
            found[key].cpu().float().numpy() for key in ("boxes", "labels", "scores")
        )
        labels_R = labels_R.astype(int)
        detections = [
            {"class": self.classes[label], "score": score, "box": box}
            for label, score, box in zip(labels_R.tolist(), scores_R.tolist(), boxes_R4.tolist(), strict=True)
        ]
        shown = scores_R >= least_score
        names = [
            f"{self.classes[label]} {score:.2f}"
            for label, score in zip(labels_R[shown], scores_R[shown], strict=True)
        ]
        return Predicted(
            content={
                "picture": str(path),
                "width": rgb_HW3.shape[1],
                "height": rgb_HW3.shape[0],
                "detections": detections,
            },
            drawing=draw_detections(rgb_HW3, boxes_R4[shown], labels_R[shown], scores_R[shown], self.classes),
            told=told_shortly(names),
        )
