"""Segmentation: a backbone in a fully convolutional network.

Dimension key: N pictures, 3 colours, H x W pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from random import Random

import numpy as np
import torch
from torch import Tensor, nn

from transferbench.backbones.base import Backbone
from transferbench.engine.plan import Plan
from transferbench.errors import ConfigError, DataError, RunError
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
from transferbench.tasks.fingerprint import fingerprint, require_same_pictures
from transferbench.tasks.segment.examples import SegmentBatch, SegmentExamples
from transferbench.tasks.segment.foreign import read_masks
from transferbench.tasks.segment.gallery import Gallery
from transferbench.tasks.segment.metric.resample import PictureCounts, segment_resampler
from transferbench.tasks.segment.metric.scores import scored
from transferbench.tasks.segment.metric.tally import MULTI, SINGLE, Tally, confusion_of
from transferbench.tasks.segment.model.fcn import Fcn
from transferbench.tasks.segment.model.loss import training_loss
from transferbench.tasks.segment.model.scoring import multi_scale, single_scale
from transferbench.tasks.segment.settings import SegmentProtocol
from transferbench.tasks.segment.sources.read import read_splits
from transferbench.tasks.segment.stored import packed, stored
from transferbench.tricks.base import ParameterGroup

_KEPT = ("picture", "way", "truth", "predicted", "pixels", "pictures", "masks", "mask_bytes")
_PREFIXES = {SINGLE: "segment/", MULTI: "segment/ms_"}
"""Of the names of scores, by the way of predicting."""


class SegmentTask:
    """One segmentation protocol on one data folder."""

    name = "segment"

    def __init__(
        self,
        protocol: SegmentProtocol,
        root: Path,
        limit: int | None = None,
        *,
        is_scored_only: bool = False,
        cache: Cache = NO_CACHE,
    ) -> None:
        """Pairs pictures with masks and checks every mask.

        Args:
            protocol: what to do.
            root: data folder.
            limit: pictures of each split that are used, the first ones; None for all.
            is_scored_only: whether nothing is trained, so that the training split may be missing.
            cache: whether decoded pictures and labels of the training split stay in memory.

        Raises:
            DataError: the data are not there, not in the layout, or a mask is faulty.
            RunError: decoded pictures are to stay in memory and do not fit.
        """
        self.protocol = protocol
        self._splits = read_splits(root, protocol.data, limit, is_scored_only=is_scored_only)
        train, score, code = self._splits.train, self._splits.score, self._splits.code
        pairs = (*train, *score)
        kept = PictureCache.for_shapes(
            [
                (height, width, *colours)
                for colours in ((3,), ())  # of the pictures, then of the labels
                for width, height in self._splits.train_sizes
            ],
            cache.mode,
            processes=cache.processes,
        )
        self.fit_examples = SegmentExamples(train, code, protocol.augment, cache=kept)
        self.score_examples = SegmentExamples(score, code, protocol.augment)
        self.data = DataCard(
            root=str(root),
            fingerprint=fingerprint(
                self._splits.folder, (pair.picture for pair in pairs), (pair.mask for pair in pairs)
            ),
            pictures={"train": len(train), "score": len(score)},
            classes=self._splits.classes,
            remarks=self._splits.remarks,
            note=kept.note,
            marks=self._splits.marks,
        )

    def preflight(self) -> None:
        """Values were held against the classes as the masks were read."""

    def build(self, backbone: Backbone, seed: int) -> nn.Module:
        rules = self.protocol
        if rules.is_backbone_frozen and (not backbone.is_loaded or backbone.absent):
            found = "tensors that its file lacks" if backbone.is_loaded else "untrained weights"
            raise ConfigError(
                f"{rules.key}: expected a pretrained backbone, because all of it is frozen, found "
                f"{backbone.arch!r} with {found}; train it too, or take another file"
            )
        return Fcn(
            backbone,
            len(self.data.classes),
            head=rules.head,
            seed=seed,
            is_backbone_frozen=rules.is_backbone_frozen,
        )

    def parameter_groups(self, model: nn.Module, plan: Plan) -> list[ParameterGroup]:
        named = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
        backbone = [name for name in named if name.startswith("backbone.")]
        heads = [name for name in named if not name.startswith("backbone.")]
        return [
            ParameterGroup([named[name] for name in names], lr_scale=lr_scale, names=names)
            for names, lr_scale in ((backbone, 1.0), (heads, self.protocol.head.lr_scale))
            if names
        ]

    def loss(self, model: nn.Module, batch: SegmentBatch, rng: Random) -> Tensor:
        (group,) = batch.groups
        return training_loss(model, group.images_N3HW, group.labels_NHW, self.protocol)

    @torch.inference_mode()
    def measure(
        self, model: nn.Module, batches: Iterable[SegmentBatch], report: Callable[[int], None]
    ) -> Predictions:
        """Returns what whole pictures are taken for, at a single scale and, by some protocols, at several.

        That is the sparse confusion of each picture by each way (see `Tally.sparse`), the number of
        `pictures`, and the labels of each at a single scale as PNG: `masks`, one after the other, and the
        `mask_bytes` of each.
        """
        model.eval()
        tally = Tally(len(self.data.classes), next(model.parameters()).device)
        masks: list[bytes] = []
        for batch in batches:
            for group in batch.groups:
                predicted_NHW = single_scale(model, group.images_N3HW, self.protocol)
                for image_3HW, labels_HW, predicted_HW in zip(
                    group.images_N3HW, group.labels_NHW, predicted_NHW, strict=True
                ):
                    tally.add(SINGLE, labels_HW, predicted_HW)
                    masks.append(stored(predicted_HW.cpu().numpy()))
                    if self.protocol.multi_scale is not None:
                        tally.add(MULTI, labels_HW, multi_scale(model, image_3HW, self.protocol))
            report(len(masks))
        return {**tally.sparse(), **packed(masks)}

    def outcome(self, parts: Sequence[Predictions]) -> Outcome:
        names = np.array(self._names())
        for part in parts:
            _require_kept(part, len(self.data.classes))
            require_same_pictures(self.data.root, part.get("picture_names", names), names)
        found = joined([{name: part[name] for name in _KEPT} for part in parts])
        self._require_same_masks(found)
        scores: dict[str, float] = {}
        per_class: dict[str, Mapping[str, float | None]] = {}
        for way in np.unique(found["way"]).tolist():
            confusion_KK1 = confusion_of(found, len(self.data.classes), way)
            of_way = scored(confusion_KK1, self.data.classes, prefix=_PREFIXES[way])
            scores |= of_way.scores
            per_class |= of_way.per_class
            if way == SINGLE:
                pixels_K = confusion_KK1.sum(axis=1).tolist()
                per_class["segment/pixels"] = dict(zip(self.data.classes, pixels_K, strict=True))
        named = {
            "picture_names": names,
            "classes": np.array(self.data.classes),
            "protocol": np.array([self.protocol.key]),
        }
        return Outcome(scores, per_class, {**found, **named})

    def _names(self) -> tuple[str, ...]:
        folder = self._splits.folder
        return tuple(pair.picture.relative_to(folder).as_posix() for pair in self._splits.score)

    def _require_same_masks(self, found: Predictions) -> None:
        """Checks that predictions were counted against masks with as many pixels of each class."""
        pixels_PV = self._splits.score_pixels_PV
        assert pixels_PV is not None
        counted_PK = np.zeros((len(pixels_PV), len(self.data.classes)), np.int64)
        is_single = found["way"] == SINGLE
        places = tuple(found[name][is_single] for name in ("picture", "truth"))
        np.add.at(counted_PK, places, found["pixels"][is_single])
        others = np.flatnonzero((counted_PK != pixels_PV[:, list(self.data.marks.values)]).any(axis=1))
        if len(others):
            raise DataError(
                f"{self.data.root}: expected the masks that the predictions were counted against, found "
                f"others for {len(others):,} of {len(pixels_PV):,} pictures, first "
                f"{self._splits.score[others[0]].mask}; give --data with the folder of the run, as it was"
            )

    def evidence(self, outcome: Outcome) -> Evidence:
        found = outcome.predictions
        by_way = {
            way: PictureCounts.of(found, len(self.score_examples), len(self.data.classes), way)
            for way in np.unique(found["way"]).tolist()
        }
        return Evidence(
            self._names(),
            by_way[SINGLE].accuracy_of_picture(),
            segment_resampler({_PREFIXES[way]: counts for way, counts in by_way.items()}),
        )

    def read_predictions(self, path: Path) -> Foreign:
        return read_masks(path, self._splits)

    def draw(self, outcome: Outcome, folder: Path, count: int) -> None:
        gallery = Gallery(self.score_examples, outcome, self.data, title=self.protocol.key)
        gallery.draw_first(folder, count)
        gallery.draw_extremes(folder, count)
        gallery.draw_bars(folder / "classes.png")

    def draw_chosen(self, predictions: Predictions, chosen: Sequence[int], folder: Path) -> None:
        gallery = Gallery(self.score_examples, Outcome({}, {}, predictions), self.data, title="")
        gallery.draw_chosen(folder, chosen)


def _require_kept(part: Predictions, classes: int) -> None:
    lacking = [name for name in _KEPT if name not in part]
    if lacking:
        raise RunError(
            f"predictions of a run: expected {', '.join(_KEPT)}, found no {' and no '.join(lacking)}, as "
            "before both ways were scored; do the run again with --overwrite"
        )
    if (part["truth"] >= classes).any():
        raise RunError(
            f"predictions of a run: expected labels of {classes} classes, found {int(part['truth'].max())}; "
            "do the run again with --overwrite"
        )
