"""Detection: Faster R-CNN fine-tuned and scored on a folder in the layout of Pascal VOC.

Dimension key: D detections over all pictures.
Boxes: (x_min, y_min, x_max, y_max), absolute pixels of the picture as loaded, right and bottom
edges exclusive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from pathlib import Path
from random import Random

import numpy as np
import torch
from torch import Tensor, nn

from transferbench.backbones.base import Backbone
from transferbench.engine.plan import Plan
from transferbench.errors import DataError
from transferbench.tasks.base import (
    NO_CACHE,
    Cache,
    DataCard,
    Evidence,
    Foreign,
    Outcome,
    Predictions,
    joined,
)
from transferbench.tasks.cache import PictureCache
from transferbench.tasks.detect.examples import DetectBatch, DetectExamples
from transferbench.tasks.detect.foreign.read import read_predictions
from transferbench.tasks.detect.foreign.results import categories_of
from transferbench.tasks.detect.gallery import Gallery
from transferbench.tasks.detect.metric.agreement import agreement
from transferbench.tasks.detect.metric.resample import detect_resampler
from transferbench.tasks.detect.metric.score import score_detections
from transferbench.tasks.detect.metric.truth import Found
from transferbench.tasks.detect.model.detector import detector
from transferbench.tasks.detect.preflight import require_labels
from transferbench.tasks.detect.settings import DetectProtocol
from transferbench.tasks.detect.sources.read import read_splits
from transferbench.tasks.fingerprint import fingerprint, require_same_pictures
from transferbench.tricks.base import ParameterGroup


class DetectTask:
    """One detection protocol on one data folder."""

    name = "detect"

    def __init__(
        self,
        protocol: DetectProtocol,
        root: Path,
        limit: int | None = None,
        *,
        is_scored_only: bool = False,
        cache: Cache = NO_CACHE,
    ) -> None:
        """Reads the annotations of both splits.

        Args:
            protocol: what is measured, and how.
            root: data folder.
            limit: pictures of each split that are used, the first ones; None for all.
            is_scored_only: whether nothing is trained, so that the training split may be missing.
            cache: whether decoded pictures of the training split stay in memory.

        Raises:
            DataError: the folder does not hold what the protocol needs.
            RunError: decoded pictures are to stay in memory and do not fit.
        """
        splits = read_splits(root, protocol.data, limit, is_scored_only=is_scored_only)
        train, score, classes = splits.train, splits.score, splits.classes
        sizes = [picture.truth.size for picture in train]
        kept = PictureCache.for_shapes(
            [(height, width, 3) for width, height in sizes], cache.mode, processes=cache.processes
        )
        self.protocol = protocol
        self.fit_examples = DetectExamples(
            train, classes, flip=protocol.flip, short_sides=protocol.train_short_sides, cache=kept
        )
        self.score_examples = DetectExamples(score, classes, flip=0.0)
        if self.score_examples.truth().is_difficult_T.all():
            raise DataError(
                f"{root}: expected objects to score, found {len(score)} pictures without any that is not "
                "difficult; raise --limit or choose another split"
            )
        pictures = train + score
        self.data = DataCard(
            root=str(root),
            fingerprint=fingerprint(
                root, (each.path for each in pictures), (each.annotation_path for each in pictures)
            ),
            pictures={"train": len(train), "score": len(score)},
            classes=classes,
            remarks=splits.remarks,
            note=kept.note,
        )

    def preflight(self) -> None:
        require_labels(self.fit_examples, self.data.classes)

    def build(self, backbone: Backbone, seed: int) -> nn.Module:
        return detector(backbone, len(self.data.classes), self.protocol, seed)

    def parameter_groups(self, model: nn.Module, plan: Plan) -> list[ParameterGroup]:
        trained = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
        return [ParameterGroup(list(trained.values()), names=list(trained))]

    def loss(self, model: nn.Module, batch: DetectBatch, rng: Random) -> Tensor:
        losses: dict[str, Tensor] = model(
            batch.images, batch.truth, is_flipped=batch.is_flipped, short_sides=batch.short_sides
        )
        return torch.stack(list(losses.values())).sum()

    @torch.inference_mode()
    def measure(
        self, model: nn.Module, batches: Iterable[DetectBatch], report: Callable[[int], None]
    ) -> Predictions:
        """Returns the detections of all pictures: `picture`, `boxes` (D, 4) in pixels, `label` and `score`.

        `pictures` (1,) is the number of pictures.
        """
        model.eval()
        found: list[dict[str, np.ndarray]] = []
        for batch in batches:
            # Padding to a common size would let a picture's neighbours change its borders.
            for _, same_size in groupby(batch.images, key=lambda image: image.shape):
                found += map(_as_arrays, model(list(same_size)))
            report(len(found))
        counts = [len(each["scores"]) for each in found]
        return {
            "picture": np.repeat(np.arange(len(counts), dtype=np.int32), counts),
            "boxes": np.concatenate([np.zeros((0, 4), np.float32), *(each["boxes"] for each in found)]),
            "label": np.concatenate([np.zeros(0, np.int32), *(each["labels"] for each in found)]),
            "score": np.concatenate([np.zeros(0, np.float32), *(each["scores"] for each in found)]),
            "pictures": np.array([len(counts)]),
        }

    def outcome(self, parts: Sequence[Predictions]) -> Outcome:
        names = np.array([picture.name for picture in self.score_examples.pictures])
        for part in parts:
            require_same_pictures(self.data.root, part.get("picture_names", names), names)
        own = ("picture", "boxes", "label", "score", "pictures")
        found = joined([{name: part[name] for name in own} for part in parts])
        named = {
            "picture_names": names,
            "picture_ids": np.array([picture.id for picture in self.score_examples.pictures]),
            "classes": np.array(self.data.classes),
            "protocol": np.array([self.protocol.key]),
        }
        worth = score_detections(
            self.score_examples.truth(),
            _found(found),
            pictures=len(self.score_examples),
            classes=self.data.classes,
            overlap=self.protocol.overlap,
        )
        return Outcome(
            scores={**worth.scores, **worth.errors},
            per_class=worth.per_class,
            predictions={**found, **named},
        )

    def evidence(self, outcome: Outcome) -> Evidence:
        truth, found = self.score_examples.truth(), _found(outcome.predictions)
        count = len(self.score_examples)
        return Evidence(
            tuple(picture.name for picture in self.score_examples.pictures),
            np.array(agreement(truth, found, count), float),
            detect_resampler(
                truth, found, pictures=count, classes=len(self.data.classes), overlap=self.protocol.overlap
            ),
        )

    def read_predictions(self, path: Path) -> Foreign:
        read = read_predictions(
            path,
            pictures=self.score_examples.pictures,
            truth=self.score_examples.truth(),
            classes=self.data.classes,
            categories=categories_of(self.score_examples.pictures[0].annotation_path),
        )
        predictions = {
            "picture": read.found.picture_D,
            "boxes": read.found.boxes_D4,
            "label": read.found.label_D,
            "score": read.found.score_D,
            "pictures": np.array([len(self.score_examples)]),
        }
        return Foreign(predictions, read.remarks)

    def draw(self, outcome: Outcome, folder: Path, count: int) -> None:
        gallery = self._gallery(outcome.predictions)
        gallery.draw_first(folder, count)
        gallery.draw_extremes(folder, count)
        title = f"{self.protocol.key}, {len(self.score_examples):,} pictures"
        gallery.draw_curves(folder / "curves.png", overlap=self.protocol.overlap, title=title)

    def draw_chosen(self, predictions: Predictions, chosen: Sequence[int], folder: Path) -> None:
        self._gallery(predictions).draw_chosen(folder, chosen)

    def _gallery(self, predictions: Predictions) -> Gallery:
        examples = self.score_examples
        return Gallery(examples.pictures, examples.truth(), _found(predictions), self.data.classes)


def _found(predictions: Predictions) -> Found:
    return Found(*(predictions[name] for name in ("picture", "boxes", "label", "score")))


def _as_arrays(found: dict[str, Tensor]) -> dict[str, np.ndarray]:
    return {
        "boxes": found["boxes"].cpu().float().numpy(),
        "labels": found["labels"].cpu().int().numpy(),
        "scores": found["scores"].cpu().float().numpy(),
    }
