"""Detection: Faster R-CNN fine-tuned and scored on a folder in the layout of Pascal VOC.

Dimension key: D detections over all pictures.
Boxes: (x_min, y_min, x_max, y_max), absolute pixels of the picture as loaded, right and bottom
edges exclusive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from random import Random

import numpy as np
import torch
from torch import Tensor, nn

from transferbench.backbones.base import Backbone
from transferbench.engine.plan import Plan
from transferbench.errors import DataError
from transferbench.tasks.base import DataCard, Outcome, Predictions, joined
from transferbench.tasks.decode import read_rgb
from transferbench.tasks.detect.examples import DetectBatch, DetectExamples
from transferbench.tasks.detect.metric.coco import coco_ap
from transferbench.tasks.detect.metric.truth import Found, Truth
from transferbench.tasks.detect.metric.voc import mean_ap, voc_ap
from transferbench.tasks.detect.model.detector import detector
from transferbench.tasks.detect.pictures import draw_boxes
from transferbench.tasks.detect.settings import DetectProtocol
from transferbench.tasks.detect.sources.read import read_splits
from transferbench.tasks.fingerprint import fingerprint
from transferbench.tricks.base import ParameterGroup

_LEAST_SCORE_DRAWN = 0.3


class DetectTask:
    """One detection protocol on one data folder."""

    name = "detect"

    def __init__(self, protocol: DetectProtocol, root: Path, limit: int | None = None) -> None:
        """Reads the annotations of both splits.

        Args:
            protocol: what is measured, and how.
            root: the folder `VOCdevkit`, or the one that contains it.
            limit: pictures of each split that are used, the first ones; None for all.

        Raises:
            DataError: the folder does not hold what the protocol needs.
        """
        splits = read_splits(root, protocol.data, limit)
        train, score, classes = splits.train, splits.score, splits.classes
        self.protocol = protocol
        self.fit_examples = DetectExamples(train, classes, protocol.flip)
        self.score_examples = DetectExamples(score, classes, flip=0.0)
        if self.score_examples.truth().is_difficult_T.all():
            raise DataError(
                f"{root}: expected objects to score, found {len(score)} pictures without any that is not "
                "difficult; raise --limit or choose another split"
            )
        files = {file for picture in train + score for file in (picture.path, picture.annotation_path)}
        self.data = DataCard(
            str(root), fingerprint(root, files), {"train": len(train), "score": len(score)}, classes
        )

    def build(self, backbone: Backbone, seed: int) -> nn.Module:
        return detector(backbone, len(self.data.classes), self.protocol, seed)

    def parameter_groups(self, model: nn.Module, plan: Plan) -> list[ParameterGroup]:
        trained = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
        return [ParameterGroup(list(trained.values()), names=list(trained))]

    def loss(self, model: nn.Module, batch: DetectBatch, rng: Random) -> Tensor:
        losses: dict[str, Tensor] = model(batch.images, batch.truth)
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
        own = ("picture", "boxes", "label", "score", "pictures")
        found = joined([{name: part[name] for name in own} for part in parts])
        named = {
            "picture_names": np.array([picture.name for picture in self.score_examples.pictures]),
            "picture_ids": np.array([picture.id for picture in self.score_examples.pictures]),
            "classes": np.array(self.data.classes),
            "protocol": np.array([self.protocol.key]),
        }
        return score(self.score_examples.truth(), {**found, **named})

    def draw(self, outcome: Outcome, folder: Path, count: int) -> None:
        found = outcome.predictions
        truth = self.score_examples.truth()
        classes = self.data.classes
        for index, picture in enumerate(self.score_examples.pictures[:count]):
            rgb_HW3 = read_rgb(picture.path)
            mine = truth.picture_T == index
            hard = [" (difficult)" if is_hard else "" for is_hard in picture.truth.is_difficult_R]
            captions = [name + note for name, note in zip(picture.truth.names, hard, strict=True)]
            drawn = draw_boxes(rgb_HW3, truth.boxes_T4[mine], captions, truth.label_T[mine])
            drawn.save(folder / f"truth_{index}.png")
            # Worst first, so that the best lies on top.
            shown = np.flatnonzero((found["picture"] == index) & (found["score"] >= _LEAST_SCORE_DRAWN))[::-1]
            captions = [f"{classes[found['label'][d]]} {found['score'][d]:.2f}" for d in shown]
            drawn = draw_boxes(rgb_HW3, found["boxes"][shown], captions, found["label"][shown])
            drawn.save(folder / f"predicted_{index}.png")


def _as_arrays(found: dict[str, Tensor]) -> dict[str, np.ndarray]:
    return {
        "boxes": found["boxes"].cpu().float().numpy(),
        "labels": found["labels"].cpu().int().numpy(),
        "scores": found["scores"].cpu().float().numpy(),
    }


def score(truth: Truth, predictions: Mapping[str, np.ndarray]) -> Outcome:
    """Returns all scores of saved predictions.

    Args:
        truth: objects of the pictures that were scored, in the same order.
        predictions: `picture` (D,), `boxes` (D, 4) in pixels, `label` (D,) and `score` (D,) in [0, 1]; the
            indices count `picture_names` and `classes`.
    """
    names = predictions["classes"].tolist()
    found = Found(predictions["picture"], predictions["boxes"], predictions["label"], predictions["score"])
    coco, coco50 = coco_ap(truth, found, len(predictions["picture_names"]), len(names))
    aps = {
        "detect/map_voc07": voc_ap(truth, found, len(names), points=11),
        "detect/map_area": voc_ap(truth, found, len(names)),
        "detect/coco_ap": coco,
        "detect/coco_ap50": coco50,
    }
    return Outcome(
        scores={name: mean_ap(by_class) for name, by_class in aps.items()},
        per_class={name: dict(zip(names, by_class, strict=True)) for name, by_class in aps.items()},
        predictions=predictions,
    )
