"""Weights into a backbone: one that did not load whole is an error."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transferbench.backbones.card import FILE_NAME, WeightsCard, read_card
from transferbench.backbones.catalog import BACKBONES, TIMM, create, spec_of
from transferbench.backbones.weights.asked import CLASSIFYING, NOTHING, Asked, Use
from transferbench.backbones.weights.fetch import Fetched, fetch, is_remote
from transferbench.backbones.weights.hints import Hints
from transferbench.backbones.weights.likely import likely
from transferbench.backbones.weights.parts import arch_of, names_known, take_apart
from transferbench.backbones.weights.report import LoaderReport, insane, report_on
from transferbench.backbones.weights.settings import Settings, settle
from transferbench.backbones.weights.tensors import SUFFIXES, read_file, unwrap
from transferbench.errors import WeightsError

if TYPE_CHECKING:
    from torch import Tensor

    from transferbench.backbones.base import Backbone

RANDOM = "random:"


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
            `timm:NAME[.TAG]`, `hf:ORG/REPO[@REVISION][:FILE]` or a name of the index.
        use: what it is loaded for.
        seed: of the weights of `random:ARCH`.
        asked: what the user adds.

    Raises:
        WeightsError: there is no such source, it is broken, or it is not the whole backbone.
    """
    if source.startswith(RANDOM):
        return _random(source, use, seed, asked)
    found = fetch(source) if is_remote(source) else _local(source)
    path = found.path
    card = read_card(path) if path.suffix == ".safetensors" else None
    content = read_file(path, trust=asked.trust)
    arch = arch_of(path, content, card, found.hints, asked.arch)
    settings = _settled(arch, use, asked, card=card, hints=found.hints)
    backbone = _built(arch, settings, use)

    apart = partial(take_apart, backbone, is_ours=card is not None)
    expected = backbone.state_dict()
    unwrapped = unwrap(content, lambda tensors: len(apart(tensors).body.keys() & expected.keys()), path)
    parts = apart(unwrapped.tensors)
    report = report_on(expected, parts.body, source=source, arch=arch, allow_missing=asked.allow_missing)
    _require_whole(path, report, parts.body)
    _require_sane(path, {**parts.body, **parts.head}, asked)

    backbone.load_state_dict(dict(parts.body), strict=False)  # copies into float32
    backbone.is_loaded = True
    report = replace(
        report,
        origin=found.origin,
        sha256=found.sha256,
        sha256_from=found.sha256_from or "",
        wrappings=unwrapped.wrappings,
        left_out=unwrapped.left_out + parts.left_out,
        classifier=tuple(parts.head),
        settings=settings.as_dict(),
    )
    claims = found.hints.scores if card is None else card.scores
    return LoadedBackbone(backbone, report, card, parts.head, claims)


def weights_sha256(source: str) -> str:
    """Returns the sha256 of a run's weights, of a file, or of what a remote source gives.

    Raises:
        WeightsError: there is no such source.
    """
    return (fetch(source) if is_remote(source) else _local(source)).sha256


def describe_file(source: str, *, trust: bool = False) -> dict[str, Any]:
    """Returns what a local file says of itself: size, hash, tensors, card.

    Raises:
        WeightsError: there is no such file, or it is broken.
    """
    found = _local(source)
    content = read_file(found.path, trust=trust)
    card = read_card(found.path) if found.path.suffix == ".safetensors" else None
    unwrapped = unwrap(content, names_known, found.path)
    tensors = unwrapped.tensors
    return {
        "bytes": found.path.stat().st_size,
        "sha256": found.sha256,
        "tensors": len(tensors),
        "numbers": sum(tensor.numel() for tensor in tensors.values()),
        "dtypes": sorted({str(tensor.dtype).removeprefix("torch.") for tensor in tensors.values()}),
        "wrappings": list(unwrapped.wrappings),
        "fault": insane(tensors) or "none",
        "card": "none; " + likely(tensors).rstrip("; ") if card is None else asdict(card),
    }


def _random(source: str, use: Use, seed: int, asked: Asked) -> LoadedBackbone:
    name = source.removeprefix(RANDOM)
    card = None
    if name not in BACKBONES and not name.startswith(TIMM) and Path(name).exists():
        card = read_card(_file_of(name))
        if card is None:
            raise WeightsError(
                f"{source}: expected a file with a card, found none in it; name an architecture"
            )
    arch = card.arch if card is not None else name
    settings = _settled(arch, use, asked, card=card)
    backbone = _built(arch, settings, use, seed=seed)
    report = LoaderReport(source, arch, was_random=True, settings=settings.as_dict())
    return LoadedBackbone(backbone, report)


def _settled(
    arch: str, use: Use, asked: Asked, *, card: WeightsCard | None = None, hints: Hints | None = None
) -> Settings:
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


def _require_whole(path: Path, report: LoaderReport, body: Mapping[str, Tensor]) -> None:
    if not report.is_full:
        is_short = not (report.misshapen or report.unexpected)
        leave = f", or, if that is meant, give --allow-missing {report.missing[0]!r}" if is_short else ""
        raise WeightsError(
            f"{path}: expected the weights of {report.arch!r}, found {report.share_loaded:.1%} of them; "
            f"tensors: {report.faults()}; {likely(body, asked=report.arch)}take another file{leave}"
        )


def _require_sane(path: Path, tensors: Mapping[str, Tensor], asked: Asked) -> None:
    fault = insane(tensors, allow_missing=asked.allow_missing)
    if fault is not None:
        raise WeightsError(
            f"{path}: expected the weights of a trained network, found {fault}; "
            "take another file or an earlier run"
        )


def _local(source: str) -> Fetched:
    path = _file_of(source)
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return Fetched(path, sha256, None, str(path), Hints())


def _file_of(source: str) -> Path:
    path = Path(source)
    if path.is_dir():
        path = path / FILE_NAME
        fault = "a folder without it; finish the pretraining first"
    else:
        fault = "nothing; check the name"
    if not path.is_file():
        raise WeightsError(
            f"{source}: expected '{RANDOM}ARCH', a run's folder with {FILE_NAME}, a file "
            f"({', '.join(SUFFIXES)}), timm:NAME, torchvision:NAME, hf:ORG/REPO or a name of "
            f"`weights list`, found {fault}"
        )
    return path
