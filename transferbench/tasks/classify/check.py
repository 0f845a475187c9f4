"""Whether weights do what they claim on labelled pictures, and which setting is wrong where they do not.

Dimension key: N pictures, H x W pixels, K classes, R ranks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
import torch
from torch import nn

from transferbench.backbones.base import Backbone
from transferbench.backbones.card import Form, Pixels
from transferbench.backbones.catalog import create, spec_of
from transferbench.backbones.weights.load import LoadedBackbone
from transferbench.tasks.classify.augment import scored
from transferbench.tasks.classify.labelled import Labelled
from transferbench.tasks.classify.metric import Share, share_right, sign_test
from transferbench.tasks.classify.model import classifier_of
from transferbench.tasks.decode import read_rgb

Verdict = Literal["agrees", "below the claim", "above the claim", "nothing claimed"]

_RANKS = 5
_BATCH = 25
_MOST_SEARCHED = 250
"""Pictures that other settings are tried on."""
SIGNIFICANT = 0.01
"""Largest probability, by chance, at which other settings are said to be better."""
_NO_RESIZE = 0.01
"""Pictures within 1 % of the size they would get are taken as they are. Copies that were made to size lose
by such a resize, which moves nothing and blurs everything: MobileNet v1 0.5 five points of top-1 from 184 to
183 pixels."""
_NORMALISATIONS: tuple[dict[str, Any], ...] = (
    {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)},
    {"mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)},
    {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)},
    {"mean": (0.485, 0.456, 0.406), "std": (1 / 255, 1 / 255, 1 / 255)},
)
"""ImageNet's; -1 to 1, as TensorFlow; none; bytes less their mean, as Caffe."""


@dataclass(frozen=True)
class Alternative:
    """Other settings, and what they gave on the same pictures."""

    settings: Mapping[str, Any]
    """What was changed."""
    top1: Share
    p_value: float
    """One-sided, of the pictures on which the two disagree (sign test)."""


@dataclass(frozen=True)
class Check:
    """What labelled pictures say of some weights."""

    top1: Share
    top5: Share
    claim: float | None
    """Top-1 that the file or its source states, a fraction."""
    verdict: Verdict
    searched: int = 0
    """Pictures that other settings were tried on; 0 if none were."""
    best: Alternative | None = None
    """The best of the other settings; None if none got more right, or none were tried."""

    @property
    def better(self) -> Alternative | None:
        """The other settings that the pictures speak for, if chance cannot explain it."""
        return self.best if self.best is not None and self.best.p_value < SIGNIFICANT else None

    @property
    def is_sound(self) -> bool:
        """Whether the weights reach their claim, if any, and no other settings do better."""
        return self.verdict != "below the claim" and self.better is None


def check(
    loaded: LoadedBackbone,
    pictures: Labelled,
    *,
    claim: float | None,
    search: bool | None = None,
    report: Callable[[str, int, int], None] = lambda what, done, of: None,
) -> Check:
    """Classifies pictures by the weights' own settings, and looks for better ones if that falls short.

    Args:
        loaded: weights with a classifier.
        pictures: with their labels.
        claim: top-1 that is expected, a fraction.
        search: whether other settings are tried; None to try them unless the claim is met.
        report: given what is at work, pictures done and in all.

    Raises:
        WeightsError: the weights have no classifier that can be used.
        DataError: a picture cannot be read.
    """
    ranked_NR = _guessed(
        classifier_of(loaded),
        _crops(pictures, loaded.backbone.pixels),
        lambda done: report("pictures", done, len(pictures)),
    )
    labels_N = np.array(pictures.labels)
    top1, top5 = (share_right(ranked_NR, labels_N, ranks) for ranks in (1, _RANKS))
    verdict = _verdict(top1, claim)
    if not (verdict != "agrees" if search is None else search):
        return Check(top1, top5, claim, verdict)
    some = pictures.spread(_MOST_SEARCHED)
    return Check(top1, top5, claim, verdict, len(some), _best_other(loaded, some, report))


def outputs_of(loaded: LoadedBackbone) -> int:
    """Returns the number of classes that the weights' classifier tells apart.

    Raises:
        WeightsError: they have no classifier that can be used.
    """
    model, side = classifier_of(loaded), loaded.backbone.pixels.input_size
    return int(model(torch.zeros(1, 3, side, side)).shape[1])


def _verdict(top1: Share, claim: float | None) -> Verdict:
    if claim is None:
        return "nothing claimed"
    if top1.high < claim:
        return "below the claim"
    return "above the claim" if top1.low > claim else "agrees"


def _best_other(
    loaded: LoadedBackbone, pictures: Labelled, report: Callable[[str, int, int], None]
) -> Alternative | None:
    """Returns the best of all other settings, with the fewest changes, if it gets more right."""
    labels_N = np.array(pictures.labels)
    crops_NHW3 = np.concatenate(list(_crops(pictures, loaded.backbone.pixels)))
    batches = np.array_split(crops_NHW3, -(-len(crops_NHW3) // _BATCH))
    used_N = best_N = _guessed(classifier_of(loaded), batches)[:, 0] == labels_N
    best: dict[str, Any] = {}
    models: dict[tuple[str, Form], nn.Module] = {}
    changes = _combinations(loaded)
    for done, change in enumerate(changes):
        report("other settings", done, len(changes))
        arch, form, pixels = _changed(loaded.backbone, change)
        if (arch, form) not in models:
            models[arch, form] = classifier_of(_rebuilt(loaded, arch, form))
        models[arch, form].backbone.pixels = pixels  # type: ignore[union-attr]
        is_right_N = _guessed(models[arch, form], batches)[:, 0] == labels_N
        if is_right_N.sum() > best_N.sum():
            best, best_N = change, is_right_N
    return Alternative(best, Share.of(best_N), sign_test(best_N, used_N)) if best else None


def _combinations(loaded: LoadedBackbone) -> list[dict[str, Any]]:
    """Returns the other ways to set what is most often wrong, those with the fewest changes first."""
    backbone = loaded.backbone
    layout = spec_of(backbone.arch).layout
    now = {"arch": backbone.arch, **asdict(backbone.pixels), **asdict(backbone.form)}
    every = [
        normalisation | {"arch": arch, "colours": colours, "padding": padding, "activation": activation}
        for arch in (backbone.arch, *loaded.report.twins[:1])
        for normalisation in _NORMALISATIONS
        for colours in ("rgb", "bgr")
        for padding in layout.paddings
        for activation in layout.activations
    ]
    changes = [{key: value for key, value in each.items() if now[key] != value} for each in every]
    return sorted((change for change in changes if change), key=len)


def _changed(backbone: Backbone, change: Mapping[str, Any]) -> tuple[str, Form, Pixels]:
    form, pixels = backbone.form, backbone.pixels
    return (
        change.get("arch", backbone.arch),
        replace(form, **{key: value for key, value in change.items() if key in asdict(form)}),
        replace(pixels, **{key: value for key, value in change.items() if key in asdict(pixels)}),
    )


def _rebuilt(loaded: LoadedBackbone, arch: str, form: Form) -> LoadedBackbone:
    backbone = create(arch, form=form)
    backbone.load_state_dict(loaded.backbone.state_dict())
    return replace(loaded, backbone=backbone)


def _crops(pictures: Labelled, pixels: Pixels) -> Iterator[np.ndarray]:
    """Yields batches (N, H, W, 3) of bytes, as a classifier is shown them."""
    for start in range(0, len(pictures), _BATCH):
        files = pictures.files[start : start + _BATCH]
        yield np.stack(
            [
                scored(
                    read_rgb(file),
                    pixels.input_size,
                    pixels.crop,
                    pixels.interpolation,
                    tolerance=_NO_RESIZE,
                )
                for file in files
            ]
        )


@torch.inference_mode()
def _guessed(
    model: nn.Module, batches: Iterable[np.ndarray], report: Callable[[int], None] = lambda done: None
) -> np.ndarray:
    """Returns for each picture the classes of the largest logits, best first, (N, R)."""
    ranked: list[np.ndarray] = []
    done = 0
    for batch_NHW3 in batches:
        logits_NK = model(torch.from_numpy(batch_NHW3).permute(0, 3, 1, 2).float().div_(255))
        ranked.append(logits_NK.topk(min(_RANKS, logits_NK.shape[1])).indices.numpy())
        done += len(batch_NHW3)
        report(done)
    return np.concatenate(ranked)
