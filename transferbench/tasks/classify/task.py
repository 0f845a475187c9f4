"""Classification: the task that pretraining is, and the only one in which tricks act."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from transferbench.backbones.base import Backbone
from transferbench.engine.plan import Plan
from transferbench.tasks.base import DataCard, Outcome
from transferbench.tasks.classify.imagefolder import ClassifyBatch, FolderExamples, read_split
from transferbench.tasks.classify.metric import accuracy_per_class, top_accuracy
from transferbench.tasks.classify.model import Classifier
from transferbench.tasks.classify.pictures import draw_guesses
from transferbench.tasks.classify.protocols import ClassifyProtocol
from transferbench.tasks.decode import read_size
from transferbench.tasks.fingerprint import fingerprint
from transferbench.tricks.bag import Bag
from transferbench.tricks.base import ParameterGroup

_RANKS = 5
_MOST_CHECKED = 20_000
"""Pictures of a set that is checked whole before it is used; larger ones tell when a picture is read."""


class ClassifyTask:
    """One classification protocol on one data folder."""

    name = "classify"

    def __init__(self, protocol: ClassifyProtocol, root: Path, *, limit: int | None, bag: Bag) -> None:
        """Reads the lists of pictures.

        Args:
            protocol: what to do.
            root: data folder.
            limit: pictures of each split that are used, spread evenly over it; None for all.
            bag: tricks that act on batches and loss.

        Raises:
            DataError: the data are not there or not in the layout.
        """
        folder = root / protocol.data.folder
        files, labels, classes = read_split(folder, protocol.data.train, None)
        score_files, score_labels, _ = read_split(folder, protocol.data.score, classes)
        self.protocol = protocol
        self.fit_examples = _limited(files, labels, limit, protocol, bag)
        self.score_examples = _limited(score_files, score_labels, limit, protocol, bag)
        used = [*self.fit_examples.files, *self.score_examples.files]
        if len(used) <= _MOST_CHECKED:
            for file in used:
                read_size(file)
        self.data = DataCard(
            root=str(root),
            fingerprint=fingerprint(folder, used),
            pictures={"train": len(self.fit_examples), "score": len(self.score_examples)},
            classes=tuple(classes),
        )
        self._bag = bag

    def build(self, backbone: Backbone, seed: int) -> nn.Module:
        return Classifier(backbone, len(self.data.classes), seed)

    def parameter_groups(self, model: nn.Module, plan: Plan) -> list[ParameterGroup]:
        names, parameters = zip(*model.named_parameters(), strict=True)
        return [ParameterGroup(parameters, names=names)]

    def loss(self, model: nn.Module, batch: ClassifyBatch, rng: Random) -> Tensor:
        dtype = next(model.parameters()).dtype
        images_NCHW = batch.colours.apply(batch.images_NCHW.to(dtype).div_(255))
        targets_NK = self._bag.soften(one_hot(batch.labels_N, len(self.data.classes)).to(dtype))
        images_NCHW, targets_NK = self._bag.mix(images_NCHW, targets_NK, rng)
        logits_NK = model(images_NCHW)
        return self._bag.reshape_loss(
            cross_entropy(logits_NK, targets_NK),
            images_NCHW=images_NCHW,
            logits_NK=logits_NK,
            targets_NK=targets_NK,
        )

    @torch.inference_mode()
    def measure(
        self, model: nn.Module, batches: Iterable[ClassifyBatch], report: Callable[[int], None]
    ) -> Outcome:
        model.eval()
        dtype = next(model.parameters()).dtype
        ranks = min(_RANKS, len(self.data.classes))
        ranked, labels, done = [], [], 0
        for batch in batches:
            logits_NK = model(batch.images_NCHW.to(dtype).div_(255))
            ranked.append(logits_NK.topk(ranks).indices.cpu().numpy())
            labels.append(batch.labels_N.cpu().numpy())
            done += len(batch)
            report(done)
        ranked_NR, labels_N = np.concatenate(ranked), np.concatenate(labels)
        return Outcome(
            scores={
                "classify/top1": top_accuracy(ranked_NR, labels_N, 1),
                "classify/top5": top_accuracy(ranked_NR, labels_N, _RANKS),
            },
            per_class={"classify/top1": accuracy_per_class(ranked_NR, labels_N, self.data.classes)},
            predictions={"ranked": ranked_NR, "labels": labels_N},
        )

    def draw(self, outcome: Outcome, folder: Path, count: int) -> None:
        spread = np.linspace(0, len(self.score_examples) - 1, count).astype(int)
        draw_guesses(self.score_examples, spread, outcome, self.data.classes, folder)


def _limited(
    files: list[Path], labels: list[int], limit: int | None, protocol: ClassifyProtocol, bag: Bag
) -> FolderExamples:
    if limit is None or limit >= len(files):
        return FolderExamples(files, labels, protocol, bag)
    kept = [i * len(files) // limit for i in range(limit)]
    return FolderExamples([files[i] for i in kept], [labels[i] for i in kept], protocol, bag)
