"""Weights into a backbone: one that did not load whole is an error."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from transferbench.backbones.card import WeightsCard, read_card
from transferbench.backbones.catalog import create, spec_of, twins_of
from transferbench.backbones.weights.asked import CLASSIFYING, NOTHING, Asked, Use
from transferbench.backbones.weights.fetch import Fetched, fetch, is_remote
from transferbench.backbones.weights.hints import Hints
from transferbench.backbones.weights.local import RANDOM, SHUFFLED, file_of, random_like, unshuffled
from transferbench.backbones.weights.parts import arch_of, take_apart
from transferbench.backbones.weights.report import LoaderReport, report_on
from transferbench.backbones.weights.require import require_classes, require_sane, require_whole
from transferbench.backbones.weights.settings import OF_CLASSIFYING, Settings, settle
from transferbench.backbones.weights.shuffled import shuffle, shuffled_sha256
from transferbench.backbones.weights.tensors import read_file, unwrap
from transferbench.errors import WeightsError

if TYPE_CHECKING:
    from torch import Tensor

    from transferbench.backbones.base import Backbone


@dataclass(frozen=True)
class LoadedBackbone:
    """A backbone and where its weights came from."""

    backbone: Backbone
    report: LoaderReport
    card: WeightsCard | None = None
    """None where the file has none, or there is no file."""
    head: Mapping[str, Tensor] = field(default_factory=dict)
    """The classifier's tensors, as its `state_dict()` names them; empty if the file has none."""
    claims: Mapping[str, float] = field(default_factory=dict)
    """Scores that the file or its source states, as `classify/top1`, fractions."""

    @property
    def has_linear_head(self) -> bool:
        """Whether the classifier is one linear layer on the last map's channels."""
        shapes = {name: tuple(tensor.shape) for name, tensor in self.head.items()}
        classes = shapes.get("weight", (0,))[0]
        return shapes == {"weight": (classes, self.backbone.channels[-1]), "bias": (classes,)}


def load_backbone(
    source: str,
    use: Use = CLASSIFYING,
    *,
    seed: int = 0,
    asked: Asked = NOTHING,
) -> LoadedBackbone:
    """Returns the backbone that `source` names, with every one of its weights loaded.

    Args:
        source: `random:ARCH`, a run's folder, a file of weights, `torchvision:NAME[.WEIGHTS]`,
            `timm:NAME[.TAG]`, `hf:ORG/REPO[@REVISION][:FILE]` or a name of the index; `shuffled:` before
            any of these but the first.
        use: what it is loaded for.
        seed: of the weights of `random:ARCH`, and of where those of `shuffled:BACKBONE` come to stand.
        asked: what the user adds.

    Raises:
        WeightsError: there is no such source, it is broken, or it is not the whole backbone.
    """
    if source.startswith(RANDOM):
        return _random(source, use, seed, asked)
    if source.startswith(SHUFFLED):
        return _shuffled(source, use, seed, asked)
    found = found_at(source)
    path = found.path
    card = read_card(path)
    content = read_file(path, trust=asked.trust)
    arch = arch_of(path, content, card, found.hints, asked.arch)
    settings = settled(arch, use, asked, card=card, hints=found.hints)
    backbone = _built(arch, settings, use)

    apart = partial(take_apart, backbone, is_ours=card is not None)
    expected = backbone.state_dict()
    unwrapped = unwrap(content, lambda tensors: len(apart(tensors).body.keys() & expected.keys()), path)
    parts = apart(unwrapped.tensors)
    report = report_on(expected, parts.body, source=source, arch=arch, allow_missing=asked.allow_missing)
    require_whole(path, report, parts.body, asked.allow_missing)
    require_sane(path, {**parts.body, **parts.head}, asked.allow_missing)
    require_classes(path, parts.head, found.hints)

    backbone.load_state_dict(dict(parts.body), strict=False)  # copies into float32
    backbone.is_loaded, backbone.absent = True, frozenset(report.allowed_missing)
    report = replace(
        report,
        origin=found.origin,
        sha256=found.sha256,
        sha256_from=found.sha256_from or "",
        wrappings=unwrapped.wrappings,
        left_out=unwrapped.left_out + parts.left_out,
        classifier=tuple(parts.head),
        classes=_classes(parts.head),
        twins=twins_of(arch) if card is None and found.hints.arch is None else (),
        settings=settings.as_dict(),
    )
    claims = found.hints.scores if card is None else card.scores
    head = {name: tensor.float() for name, tensor in parts.head.items()}
    return LoadedBackbone(backbone, report, card, head, claims)


def found_at(source: str) -> Fetched:
    """Returns the file that a source names, fetched if it is not on this machine.

    Raises:
        WeightsError: there is no such source.
    """
    return fetch(source) if is_remote(source) else _local(source)


def _classes(head: Mapping[str, Tensor]) -> int | None:
    """Returns the outputs of a classifier's last layer; None if there is none."""
    biases = [tensor for name, tensor in head.items() if name.rpartition(".")[2] == "bias"]
    return len(biases[-1]) if biases else None


def _random(source: str, use: Use, seed: int, asked: Asked) -> LoadedBackbone:
    if asked.arch is not None or asked.allow_missing:
        raise WeightsError(
            f"{source}: expected neither --arch nor --allow-missing for random weights, found one, which "
            "would have no effect; leave it out"
        )
    arch, card = random_like(source)
    settings = settled(arch, use, asked, card=card)
    backbone = _built(arch, settings, use, seed=seed)
    report = LoaderReport(source, arch, was_random=True, settings=settings.as_dict())
    return LoadedBackbone(backbone, report)


def _shuffled(source: str, use: Use, seed: int, asked: Asked) -> LoadedBackbone:
    """Loads trained weights and shuffles them; their classifier and their claims no longer hold."""
    loaded = load_backbone(unshuffled(source), use, asked=asked)
    shuffle(loaded.backbone, seed)
    loaded.backbone.is_loaded = False
    report = replace(
        loaded.report,
        source=source,
        sha256=shuffled_sha256(loaded.report.sha256, seed),
        shuffled_from=loaded.report.sha256,
        left_out=(*loaded.report.left_out, *loaded.report.classifier),
        classifier=(),
        classes=None,
    )
    return LoadedBackbone(loaded.backbone, report)


def settled(
    arch: str, use: Use, asked: Asked, *, card: WeightsCard | None = None, hints: Hints | None = None
) -> Settings:
    """Returns the settings of weights for a use, as `settle` does.

    Raises:
        WeightsError: a setting is unknown, has no such value, or has no effect on that use.
    """
    unused = [key for key in asked.settings if use.is_dense and key in OF_CLASSIFYING]
    if unused:
        raise WeightsError(
            f"setting {unused[0]!r}: expected one that steers a detector or a segmenter, found one of "
            "classification alone; the protocol says how pictures are resized: leave it out"
        )
    settings = settle(spec_of(arch), card=card, hints=hints, asked=asked.settings)
    if use.is_dense and settings.form.padding == "valid" and settings.told_by["padding"] != "you":
        form = replace(settings.form, padding="symmetric")
        told_by = {**settings.told_by, "padding": "the task, in place of 'valid'"}
        settings = replace(settings, form=form, told_by=told_by)
    return settings


def _built(arch: str, settings: Settings, use: Use, *, seed: int = 0) -> Backbone:
    backbone = create(
        arch,
        output_stride=use.output_stride,
        seed=seed,
        form=settings.form,
        dilated_shortcut=use.dilated_shortcut,
    )
    backbone.pixels = settings.pixels
    return backbone


def _local(source: str) -> Fetched:
    path = file_of(source)
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return Fetched(path, sha256, None, str(path), Hints())
