"""Classification: the task that pretraining is, and the only one in which tricks act."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from random import Random

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from transferbench.backbones.base import Backbone
from transferbench.engine.plan import Plan
from transferbench.errors import ConfigError
from transferbench.tasks.base import DataCard, Evidence, Foreign, Outcome, Predictions, joined
from transferbench.tasks.classify.examples import ClassifyBatch, ClassifyExamples
from transferbench.tasks.classify.metric import accuracy_per_class, classify_resampler, is_right, top_accuracy
from transferbench.tasks.classify.model import Classifier
from transferbench.tasks.classify.pictures import draw_guesses
from transferbench.tasks.classify.protocols import ClassifyProtocol
from transferbench.tasks.classify.sources.source import Source, open_source
from transferbench.tasks.decode import require_whole
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
        """Reads the lists of pictures, in whichever layout they are.

        Args:
            protocol: what to do.
            root: data folder.
            limit: pictures of each split that are used, spread evenly over it; None for all.
            bag: tricks that act on batches and loss.

        Raises:
            DataError: the data are not there or not in the layout.
        """
        train = open_source(root, protocol.data, "train")
        score = open_source(root, protocol.data, "score", train.classes)
        sources = _limited(train, limit), _limited(score, limit)
        if sum(map(len, sources)) <= _MOST_CHECKED:
            for source in sources:
                for index in range(len(source)):
                    require_whole(source.read(index), source.name(index))
        self.protocol = protocol
        self.fit_examples, self.score_examples = (
            ClassifyExamples(source, protocol, bag) for source in sources
        )
        self.data = DataCard(
            root=str(root),
            fingerprint=_fingerprint(root / protocol.data.folder, sources),
            pictures={"train": len(sources[0]), "score": len(sources[1])},
            classes=train.classes,
        )
        self._bag = bag

    def preflight(self) -> None:
        """Labels were held against the synsets as they were read."""

    def build(self, backbone: Backbone, seed: int) -> nn.Module:
        return Classifier(backbone, len(self.data.classes), seed)

    def parameter_groups(self, model: nn.Module, plan: Plan) -> list[ParameterGroup]:
        names, parameters = zip(*model.named_parameters(), strict=True)
        return [ParameterGroup(parameters, names=names)]

    def loss(self, model: nn.Module, batch: ClassifyBatch, rng: Random) -> Tensor:
        dtype = next(model.parameters()).dtype
        images_NCHW = batch.colours.apply(batch.images_NCHW, dtype)
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
    ) -> Predictions:
        """Returns `ranked` (N, R), classes from the best, and `labels` (N,)."""
        model.eval()
        dtype = next(model.parameters()).dtype
        ranks = min(_RANKS, len(self.data.classes))
        ranked, labels, done = [np.zeros((0, ranks), np.int64)], [np.zeros(0, np.int64)], 0
        for batch in batches:
            logits_NK = model(batch.images_NCHW.to(dtype).div_(255))
            ranked.append(logits_NK.topk(ranks).indices.cpu().numpy())
            labels.append(batch.labels_N.cpu().numpy())
            done += len(batch)
            report(done)
        return {"ranked": np.concatenate(ranked), "labels": np.concatenate(labels)}

    def outcome(self, parts: Sequence[Predictions]) -> Outcome:
        predictions = joined(parts)
        ranked_NR, labels_N = predictions["ranked"], predictions["labels"]
        return Outcome(
            scores={
                "classify/top1": top_accuracy(ranked_NR, labels_N, 1),
                "classify/top5": top_accuracy(ranked_NR, labels_N, _RANKS),
            },
            per_class={"classify/top1": accuracy_per_class(ranked_NR, labels_N, self.data.classes)},
            predictions=predictions,
        )

    def evidence(self, outcome: Outcome) -> Evidence:
        ranked_NR, labels_N = outcome.predictions["ranked"], outcome.predictions["labels"]
        source = self.score_examples.source
        return Evidence(
            tuple(source.name(index).removeprefix(f"{self.data.root}/") for index in range(len(source))),
            is_right(ranked_NR, labels_N, 1).astype(float),
            classify_resampler(ranked_NR, labels_N, {"classify/top1": 1, "classify/top5": _RANKS}),
        )

    def read_predictions(self, path: Path) -> Foreign:
        raise ConfigError(f"{path}: expected predictions of a transfer, found {self.name!r} asked for")

    def draw(self, outcome: Outcome, folder: Path, count: int) -> None:
        spread = np.linspace(0, len(self.score_examples) - 1, count).astype(int)
        self.draw_chosen(outcome.predictions, spread.tolist(), folder)

    def draw_chosen(self, predictions: Predictions, chosen: Sequence[int], folder: Path) -> None:
        draw_guesses(self.score_examples.source, chosen, predictions, self.data.classes, folder)


def _fingerprint(folder: Path, sources: Sequence[Source]) -> str:
    """Returns that of the files; where these hold many pictures, with their labels and classes as well."""
    files = [file for source in sources for file in source.files]
    counts = [len(source) for source in sources]
    of_files = fingerprint(folder, files)
    if sum(counts) == len(files):
        return of_files
    digest = sha256(f"{of_files}\t{counts}".encode())
    for source in sources:
        digest.update("\n".join(source.classes).encode())
        digest.update(source.labels.astype("<i8").tobytes())
    return digest.hexdigest()


def _limited(source: Source, limit: int | None) -> Source:
    """Returns `limit` of the pictures, evenly from first to last."""
    if limit is None or limit >= len(source):
        return source
    return source.take(np.arange(limit) * len(source) // limit)
