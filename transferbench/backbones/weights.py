"""Weights in and out, as safetensors."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from transferbench.backbones.card import FILE_NAME as FILE_NAME
from transferbench.backbones.card import Pixels as Pixels
from transferbench.backbones.card import WeightsCard as WeightsCard
from transferbench.backbones.card import read_card as read_card
from transferbench.backbones.card import to_metadata
from transferbench.backbones.catalog import BACKBONES, create, spec_of
from transferbench.backbones.report import LoaderReport as LoaderReport
from transferbench.backbones.report import report_on
from transferbench.errors import RunError, WeightsError
from transferbench.files import whole_file

if TYPE_CHECKING:
    from torch import Tensor

    from transferbench.backbones.base import Backbone, OutputStride

RANDOM = "random:"
OUR_HEAD, PUBLISHED_HEAD = "head.", "fc."
"""Before the names of a classifier's tensors, in our files and in torchvision's and timm's ResNets."""


@dataclass(frozen=True)
class LoadedBackbone:
    """A backbone and where its weights came from."""

    backbone: Backbone
    report: LoaderReport
    card: WeightsCard | None = None
    """None where the file has none, or there is no file."""
    head: Mapping[str, Tensor] = field(default_factory=dict)
    """The classifier's tensors, as its `state_dict()` names them; empty if the file has none."""


def save_backbone(
    path: Path, backbone: Backbone, card: WeightsCard, *, head: Mapping[str, Tensor] | None = None
) -> None:
    """Writes weights and card to one file, whole or not at all.

    Args:
        path: of the file; its folder exists.
        backbone: on any device.
        card: its `arch` is the backbone's.
        head: the classifier's tensors, as its `state_dict()` gives them.

    Raises:
        RunError: the file cannot be written.
    """
    from safetensors.torch import save

    assert card.arch == backbone.arch
    tensors = backbone.state_dict() | {f"{OUR_HEAD}{name}": t for name, t in (head or {}).items()}
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    content = save(plain, to_metadata(card))
    try:
        with whole_file(path) as file:
            file.write(content)
    except OSError as error:
        raise RunError(
            f"{path}: expected to write {len(content)} bytes of weights, found {error.strerror!r}; "
            "make room there or give another --out"
        ) from error


def load_backbone(
    source: str, *, output_stride: OutputStride = 32, seed: int = 0, arch: str | None = None
) -> LoadedBackbone:
    """Returns the backbone that `source` names, with every one of its weights loaded.

    Args:
        source: `random:ARCH`, a run's folder, or a `.safetensors` file: ours, or one with
            torchvision's or timm's names for a ResNet, whose classifier `fc` is set apart.
        output_stride: input pixels for one step of the coarsest map.
        seed: of the weights of `random:ARCH`.
        arch: name in the catalog, for a file without a card.

    Raises:
        WeightsError: there is no such source, it is broken, or it is not the whole backbone.
    """
    if source.startswith(RANDOM):
        name = source.removeprefix(RANDOM)
        backbone = create(name, output_stride=output_stride, seed=seed)
        return LoadedBackbone(backbone, LoaderReport(source, name, was_random=True))

    path = _file_of(source)
    card = read_card(path)
    body, head = _read(path, PUBLISHED_HEAD if card is None else OUR_HEAD)
    backbone = create(_arch_of(path, card, arch, body), output_stride=output_stride)
    report = report_on(
        backbone.state_dict(), body, source=source, arch=backbone.arch, sha256=_sha256_of(path)
    )
    if not report.is_full:
        raise WeightsError(
            f"{path}: expected the weights of {backbone.arch!r}, found {report.share_loaded:.1%} of them; "
            f"tensors: {report.faults()}; {_likely(body)}take another file"
        )
    backbone.load_state_dict(body, strict=False)
    if card is not None:
        backbone.pixels = card.pixels
    return LoadedBackbone(backbone, replace(report, classifier=tuple(head)), card, head)


def weights_sha256(source: str) -> str:
    """Returns the sha256 of a run's weights or of a file of weights.

    Raises:
        WeightsError: there is no such source.
    """
    return _sha256_of(_file_of(source))


def _file_of(source: str) -> Path:
    path = Path(source)
    if path.is_dir():
        path = path / FILE_NAME
        fault = "a folder without it; finish the pretraining first"
    else:
        fault = "nothing; check the name"
    if not path.is_file():
        raise WeightsError(
            f"{source}: expected '{RANDOM}ARCH', a run's folder with {FILE_NAME} or a .safetensors file, "
            f"found {fault}"
        )
    if path.suffix != ".safetensors":
        raise WeightsError(
            f"{path}: expected a .safetensors file, found {path.suffix!r}; "
            "save its state dict with safetensors"
        )
    return path


def _read(path: Path, head_prefix: str) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    from safetensors.torch import load_file

    tensors = load_file(path)
    for name, tensor in tensors.items():
        if not tensor.isfinite().all():
            raise WeightsError(
                f"{path}: expected finite weights, found NaN or infinity in {name!r}; "
                "take another file or an earlier run"
            )
    body = {name: tensor for name, tensor in tensors.items() if not name.startswith(head_prefix)}
    head = {
        name.removeprefix(head_prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(head_prefix)
    }
    return body, head


def _arch_of(path: Path, card: WeightsCard | None, arch: str | None, body: Mapping[str, Tensor]) -> str:
    if card is None:
        if arch is not None:
            return arch
        raise WeightsError(
            f"{path}: expected a card in the header or a named architecture, found neither; "
            f"{_likely(body)}name one with --arch"
        )
    if arch is not None and spec_of(arch).layout != spec_of(card.arch).layout:
        raise WeightsError(
            f"{path}: expected weights of {arch!r}, found a card that says {card.arch!r}; "
            "leave the architecture out or take another file"
        )
    return arch or card.arch


def _likely(body: Mapping[str, Tensor]) -> str:
    import torch

    from transferbench.backbones.resnet import ResNet

    for spec in BACKBONES.values():
        with torch.device("meta"):
            expected = ResNet(spec).state_dict()
        if report_on(expected, body, source="", arch=spec.name).is_full:
            return f"it looks like a file for {spec.name!r}; "
    return ""


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
