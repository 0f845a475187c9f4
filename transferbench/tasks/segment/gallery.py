"""The pictures of a run: what was there, what was predicted and where the two differ, and IoU by class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from transferbench.tasks.base import DataCard, Outcome
from transferbench.tasks.segment.bars import Bar, draw_bars
from transferbench.tasks.segment.examples import SegmentExamples
from transferbench.tasks.segment.metric.scores import mean_iou, pixel_accuracy
from transferbench.tasks.segment.metric.tally import confusions_of
from transferbench.tasks.segment.pictures import Palette, draw_comparison, overlay
from transferbench.tasks.segment.stored import masks_of


class Gallery:
    """A scored split, to be drawn; as it was predicted at a single scale."""

    def __init__(self, examples: SegmentExamples, outcome: Outcome, data: DataCard, *, title: str) -> None:
        """Takes what was scored.

        Args:
            examples: the split.
            outcome: what measuring it gave, with predictions.
            data: classes and their marks.
            title: of what is drawn of the whole split, as the protocol's name.
        """
        self._examples = examples
        self._outcome = outcome
        self._data = data
        self._title = title
        self._palette = Palette.of(data.classes, data.marks)
        self._masks = masks_of(outcome.predictions)

    def draw_first(self, folder: Path, count: int) -> None:
        """Writes `truth_0.png`, `predicted_0.png`, ... of the first pictures, whatever was predicted."""
        self.draw_chosen(folder, range(min(count, len(self._examples))))

    def draw_chosen(self, folder: Path, chosen: Sequence[int]) -> None:
        """Writes the same of pictures at those places of the split."""
        for place, index in enumerate(chosen):
            picture_HW3, truth_HW = self._examples.example(index, None)
            overlay(picture_HW3, truth_HW, self._palette).save(folder / f"truth_{place}.png")
            drawn = overlay(picture_HW3, self._masks[index], self._palette)
            drawn.save(folder / f"predicted_{place}.png")

    def draw_extremes(self, folder: Path, count: int) -> None:
        """Writes `best_0.png`, ..., `median_0.png`, ... and `worst_0.png`, ..., by the picture's own mIoU."""
        found = confusions_of(self._outcome.predictions, len(self._data.classes))
        scores = {index: (pixel_accuracy(counts), mean_iou(counts)) for index, counts in found}
        for kind, chosen in ranked({index: iou for index, (_, iou) in scores.items()}, count).items():
            for place, index in enumerate(chosen):
                picture_HW3, truth_HW = self._examples.example(index, None)
                accuracy, iou = scores[index]
                drawn = draw_comparison(
                    picture_HW3,
                    truth_HW,
                    self._masks[index],
                    self._palette,
                    title=f"{self._examples.pairs[index].picture.stem}: pixAcc {100 * accuracy:.1f}, "
                    f"mIoU {100 * iou:.1f}",
                )
                drawn.save(folder / f"{kind}_{place}.png")

    def draw_bars(self, path: Path) -> None:
        """Writes a PNG of the IoU of each class, at a single scale and, where there, at several."""
        per_class, scores = self._outcome.per_class, self._outcome.scores
        several = per_class.get("segment/ms_miou", {})
        pixels = {name: count or 0 for name, count in per_class["segment/pixels"].items()}
        bars = [
            Bar(name, colour, per_class["segment/miou"][name], share, several.get(name))
            for name, colour, share in zip(
                self._data.classes,
                self._data.marks.colours,
                (pixels[name] / sum(pixels.values()) for name in self._data.classes),
                strict=True,
            )
        ]
        counted = f"{len(self._examples):,} picture{'' if len(self._examples) == 1 else 's'}"
        told = [f"{self._title}: {counted}", f"mIoU {100 * scores['segment/miou']:.1f}"]
        if "segment/ms_miou" in scores:
            told.append(f"at several scales {100 * scores['segment/ms_miou']:.1f}")
        draw_bars(bars, path, title=", ".join(told))


def ranked(ious: Mapping[int, float], count: int) -> dict[str, list[int]]:
    """Returns the `best`, the `median` and the `worst` pictures, each kind with its most typical first.

    Of equal ones the first comes first. No picture is twice within a kind.

    Args:
        ious: mIoU of each picture by its number.
        count: pictures of each kind, at most.
    """
    best = sorted(ious, key=lambda picture: (-ious[picture], picture))
    middle = (len(best) - 1) / 2
    places = sorted(range(len(best)), key=lambda place: abs(place - middle))
    worst = sorted(ious, key=lambda picture: (ious[picture], picture))
    chosen = {"best": best, "median": [best[place] for place in places], "worst": worst}
    return {kind: pictures[:count] for kind, pictures in chosen.items()}
