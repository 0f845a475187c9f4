"""Segmentation: a backbone in a fully convolutional network.

Dimension key: N pictures, 3 colours, H x W pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from random import Random

import numpy as np
import torch
from torch import Tensor, nn

from transferbench.backbones.base import Backbone
from transferbench.engine.plan import Plan
from transferbench.errors import ConfigError
from transferbench.tasks.base import DataCard, Foreign, Outcome, Predictions, joined
from transferbench.tasks.fingerprint import fingerprint
from transferbench.tasks.segment.ade20k import read_ade20k
from transferbench.tasks.segment.examples import SegmentBatch, SegmentExamples
from transferbench.tasks.segment.masks import SplitPairs
from transferbench.tasks.segment.metric import Tally, confusion_of, iou_per_class, mean_iou, pixel_accuracy
from transferbench.tasks.segment.model import Fcn, likeliest, pixel_loss
from transferbench.tasks.segment.pictures import overlay
from transferbench.tasks.segment.protocols import Ade20kData, SegmentProtocol
from transferbench.tasks.segment.voc_masks import read_voc_masks
from transferbench.tricks.base import ParameterGroup

_MASKS_KEPT = 16
"""Those of the first pictures, of each stretch of the split."""
_MASK = "mask_"


class SegmentTask:
    """One segmentation protocol on one data folder."""

    name = "segment"

    def __init__(self, protocol: SegmentProtocol, root: Path, limit: int | None = None) -> None:
        """Pairs pictures with masks and checks every mask.

        Args:
            protocol: what to do.
            root: data folder.
            limit: pictures of each split that are used, the first ones; None for all.

        Raises:
            DataError: the data are not there, not in the layout, or a mask is faulty.
        """
        self.protocol = protocol
        read = _read(root, protocol, limit)
        self.fit_examples = SegmentExamples(read.train, read.code, protocol.augment)
        self.score_examples = SegmentExamples(read.score, read.code, protocol.augment)
        self.data = DataCard(
            root=str(root),
            fingerprint=fingerprint(
                read.folder,
                (path for pair in (*read.train, *read.score) for path in (pair.picture, pair.mask)),
            ),
            pictures={"train": len(read.train), "score": len(read.score)},
            classes=read.classes,
        )

    def preflight(self) -> None:
        """Values were held against the classes as the masks were read."""

    def build(self, backbone: Backbone, seed: int) -> nn.Module:
        rules = self.protocol
        if rules.is_backbone_frozen and (not backbone.is_loaded or backbone.absent):
            found = "tensors that its file lacks" if backbone.is_loaded else "random weights"
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
        logits, auxiliary = model(self._pixels(model, group.images_N3HW))
        head = self.protocol.head
        loss = pixel_loss(logits, group.labels_NHW, every=head.loss_every)
        if auxiliary is None:
            return loss
        return loss + head.auxiliary_weight * pixel_loss(auxiliary, group.labels_NHW, every=head.loss_every)

    @torch.inference_mode()
    def measure(
        self, model: nn.Module, batches: Iterable[SegmentBatch], report: Callable[[int], None]
    ) -> Predictions:
        """Returns what whole pictures at their own size, at a single scale, are taken for.

        That is the sparse confusion of each picture (see `Tally.sparse`), the number of `pictures` and the
        labels `mask_0`, `mask_1`, ... of the first ones.
        """
        model.eval()
        tally = Tally(len(self.data.classes))
        masks: dict[str, np.ndarray] = {}
        done = 0
        for batch in batches:
            for group in batch.groups:
                logits_NKhw, _ = model(self._pixels(model, group.images_N3HW))
                for logits_Khw, labels_HW in zip(logits_NKhw, group.labels_NHW, strict=True):
                    predicted_HW = likeliest(logits_Khw, (labels_HW.shape[0], labels_HW.shape[1]))
                    tally.add(labels_HW, predicted_HW)
                    if len(masks) < _MASKS_KEPT:
                        masks[f"{_MASK}{len(masks)}"] = predicted_HW.cpu().numpy()
            done += len(batch)
            report(done)
        return {**tally.sparse(), "pictures": np.array([done]), **masks}

    def outcome(self, parts: Sequence[Predictions]) -> Outcome:
        masks = [part[name] for part in parts for name in sorted(filter(_is_mask, part), key=_mask_number)]
        sparse = joined([{name: part[name] for name in part if not _is_mask(name)} for part in parts])
        confusion_KK = confusion_of(sparse, len(self.data.classes))
        return Outcome(
            scores={
                "segment/pix_acc": pixel_accuracy(confusion_KK),
                "segment/miou": mean_iou(confusion_KK),
            },
            per_class={"segment/iou": dict(zip(self.data.classes, iou_per_class(confusion_KK), strict=True))},
            predictions={**sparse, **{f"{_MASK}{n}": mask for n, mask in enumerate(masks[:_MASKS_KEPT])}},
        )

    def read_predictions(self, path: Path) -> Foreign:
        raise ConfigError(f"{path}: expected predictions of a detection, found {self.name!r} asked for")

    def draw(self, outcome: Outcome, folder: Path, count: int) -> None:
        for index in range(min(count, _MASKS_KEPT, len(self.score_examples))):
            picture_HW3, labels_HW = self.score_examples.example(index, None)
            overlay(picture_HW3, labels_HW).save(folder / f"truth_{index}.png")
            predicted_HW = outcome.predictions[f"{_MASK}{index}"]
            overlay(picture_HW3, predicted_HW).save(folder / f"predicted_{index}.png")

    def _pixels(self, model: nn.Module, images_N3HW: Tensor) -> Tensor:
        is_last = self.protocol.plan.channels_last
        return images_N3HW.to(
            dtype=next(model.parameters()).dtype,
            memory_format=torch.channels_last if is_last else torch.contiguous_format,
        ).div_(255)


def _is_mask(name: str) -> bool:
    return name.startswith(_MASK)


def _mask_number(name: str) -> int:
    return int(name.removeprefix(_MASK))


def _read(root: Path, protocol: SegmentProtocol, limit: int | None) -> SplitPairs:
    if isinstance(protocol.data, Ade20kData):
        return read_ade20k(root, protocol.data, limit)
    return read_voc_masks(root, protocol.data, limit)
