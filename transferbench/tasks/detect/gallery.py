"""The pictures of a run: what was there and what was found, and the curves of precision over recall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from transferbench.tasks.decode import read_rgb
from transferbench.tasks.detect.curves import draw_curves
from transferbench.tasks.detect.metric.agreement import LEAST_SCORE, agreement, most_and_least
from transferbench.tasks.detect.metric.truth import Found, Truth
from transferbench.tasks.detect.metric.voc import voc_curves
from transferbench.tasks.detect.pictures import draw_boxes, draw_comparison, draw_detections
from transferbench.tasks.detect.settings import Overlap
from transferbench.tasks.detect.sources.picture import Picture


@dataclass(frozen=True)
class Gallery:
    """A scored split, to be drawn; what is less sure than 0.3 is left out."""

    pictures: Sequence[Picture]
    truth: Truth
    found: Found
    classes: Sequence[str]

    def draw_first(self, folder: Path, count: int) -> None:
        """Writes `truth_0.png`, `predicted_0.png`, ... of the first pictures, whatever was found."""
        self.draw_chosen(folder, range(min(count, len(self.pictures))))

    def draw_chosen(self, folder: Path, chosen: Sequence[int]) -> None:
        """Writes the same of pictures at those places of the split."""
        for place, index in enumerate(chosen):
            rgb_HW3 = read_rgb(self.pictures[index].path)
            truth, found = self.truth.of(index), self.found.of(index, LEAST_SCORE)
            captions = [
                self.classes[label] + (" (difficult)" if is_difficult else "")
                for label, is_difficult in zip(
                    truth.label_T.tolist(), truth.is_difficult_T.tolist(), strict=True
                )
            ]
            drawn = draw_boxes(rgb_HW3, truth.boxes_T4, captions, truth.label_T)
            drawn.save(folder / f"truth_{place}.png")
            drawn = draw_detections(rgb_HW3, found.boxes_D4, found.label_D, found.score_D, self.classes)
            drawn.save(folder / f"predicted_{place}.png")

    def draw_extremes(self, folder: Path, count: int) -> None:
        """Writes `best_0.png`, ... and `worst_0.png`, ...: most and least agreement."""
        agreements = agreement(self.truth, self.found, len(self.pictures))
        for kind, chosen in zip(("best", "worst"), most_and_least(agreements, count), strict=True):
            for place, index in enumerate(chosen):
                picture = self.pictures[index]
                drawn = draw_comparison(
                    read_rgb(picture.path),
                    self.truth.of(index),
                    self.found.of(index, LEAST_SCORE),
                    self.classes,
                    title=f"{picture.name}: agreement {agreements[index]:.2f}",
                )
                drawn.save(folder / f"{kind}_{place}.png")

    def draw_curves(self, path: Path, *, overlap: Overlap, title: str) -> None:
        """Writes a PNG of precision over recall of each class that has objects."""
        curves = voc_curves(self.truth, self.found, len(self.classes), overlap=overlap)
        named = {name: curve for name, curve in zip(self.classes, curves, strict=True) if curve.objects}
        draw_curves(named, path, title=title)
