"""Weights as other programs name them: timm, torchvision, ONNX, and our own file with its card.

Dimension key: N images, H x W pixels, K classes.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from transferbench.backbones.card import METADATA_KEY, WeightsCard, to_metadata
from transferbench.backbones.catalog import TIMM as OF_TIMM
from transferbench.backbones.catalog import spec_of
from transferbench.backbones.peers import TIMM, TORCHVISION, Target
from transferbench.backbones.timm_network import TimmNetwork
from transferbench.backbones.weights.load import LoadedBackbone
from transferbench.backbones.weights.save import save_backbone, write_whole
from transferbench.errors import WeightsError

if TYPE_CHECKING:
    from torch import Tensor, nn

_SUFFIXES = {"transferbench": (".safetensors",), "onnx": (".onnx",)}
_TENSOR_SUFFIXES = (".safetensors", ".pth")


@dataclass(frozen=True)
class Exported:
    """A file that was written."""

    path: Path
    how_to_load: str
    """A line of Python, or words."""


def export(
    loaded: LoadedBackbone,
    target: Target,
    path: Path,
    *,
    classifier_of: Callable[[LoadedBackbone], nn.Module],
) -> Exported:
    """Writes a file that gives the same logits elsewhere, whole or not at all.

    Args:
        loaded: weights, with their classifier where the target has one.
        target: who will read it.
        path: `.safetensors` or `.pth`; `.onnx` for ONNX.
        classifier_of: gives RGB images in [0, 1] to logits (N, K); used for ONNX alone.

    Raises:
        WeightsError: the target has no such network, or the path ends otherwise.
        RunError: the file cannot be written.
    """
    suffixes = _SUFFIXES.get(target, _TENSOR_SUFFIXES)
    if path.suffix not in suffixes:
        raise WeightsError(
            f"{path}: expected a name that ends in {' or '.join(suffixes)} for {target}, "
            f"found {path.suffix!r}; give another --out"
        )
    if loaded.report.is_control:
        raise WeightsError(
            f"{loaded.report.source}: expected trained weights, found none; name another source"
        )
    lacking = loaded.report.allowed_missing
    if lacking:
        raise WeightsError(
            f"{loaded.report.source}: expected all of the weights, found {len(lacking)} tensors missing "
            f"(the first is {lacking[0]!r}); in a new file nobody could tell their random values from "
            "trained ones: use it as it is"
        )
    if target == "transferbench":
        save_backbone(path, loaded.backbone, card_of(loaded), head=loaded.head)
        return Exported(path, f"transferbench detect {path}")
    if target == "onnx":
        _write_onnx(path, loaded, classifier_of)
        side = loaded.backbone.pixels.input_size
        return Exported(
            path,
            f"import onnxruntime; model = onnxruntime.InferenceSession({str(path)!r})  "
            f"# images: RGB of [0, 1], not normalised, N x 3 x {side} x {side}",
        )
    name = _name_in(target, loaded)
    tensors = _published(loaded)
    _write_tensors(path, tensors)
    return Exported(path, _loading_line(target, name, path, loaded))


def card_of(loaded: LoadedBackbone) -> WeightsCard:
    """Returns the card of weights as they are used here; one that came without gets its parent's hash."""
    if loaded.card is not None:
        return replace(loaded.card, pixels=loaded.backbone.pixels, form=loaded.backbone.form)
    return WeightsCard(
        arch=loaded.backbone.arch,
        pixels=loaded.backbone.pixels,
        form=loaded.backbone.form,
        scores=dict(loaded.claims),
        lineage={"parent": loaded.report.sha256} if loaded.report.sha256 else {},
    )


def _name_in(target: Target, loaded: LoadedBackbone) -> str:
    arch, names = loaded.backbone.arch, TIMM if target == "timm" else TORCHVISION
    if target == "timm" and arch.startswith(OF_TIMM) and loaded.head and not loaded.has_linear_head:
        return arch.removeprefix(OF_TIMM)
    if arch not in names:
        raise WeightsError(
            f"{loaded.report.source}: expected one of our architectures that {target} has too "
            f"({', '.join(names)}), found {arch!r}; export it to onnx"
        )
    if loaded.head and not loaded.has_linear_head:
        raise WeightsError(
            f"{loaded.report.source}: expected a classifier of one linear layer, as {target}'s {arch!r} has, "
            f"found {', '.join(map(repr, loaded.head))}; give --without-classifier"
        )
    if not loaded.head and target == "torchvision":
        raise WeightsError(
            f"{loaded.report.source}: expected a classifier, which torchvision's networks have, found none; "
            "export it to timm, or export weights with one"
        )
    can_be_told = target == "timm" and arch.startswith("mobilenet")
    if not can_be_told and loaded.backbone.form != spec_of(arch).form:
        raise WeightsError(
            f"{loaded.report.source}: expected activation and padding of {target}'s {arch!r}, "
            f"found {loaded.backbone.form}; "
            "export it to onnx"
        )
    return names[arch]


def _published(loaded: LoadedBackbone) -> dict[str, Tensor]:
    if isinstance(loaded.backbone, TimmNetwork):
        full: Mapping[str, Tensor] = loaded.backbone.classifier(loaded.head).state_dict()
        return {name: tensor.detach().contiguous() for name, tensor in full.items()}
    prefix = spec_of(loaded.backbone.arch).layout.published_head
    head = {f"{prefix}{name}": tensor for name, tensor in loaded.head.items()}
    tensors: Mapping[str, Tensor] = {**loaded.backbone.state_dict(), **head}
    return {name: tensor.detach().contiguous() for name, tensor in tensors.items()}


def _write_tensors(path: Path, tensors: dict[str, Tensor]) -> None:
    import torch
    from safetensors.torch import save

    if path.suffix == ".safetensors":
        content = save(tensors, {"format": "pt"})
    else:
        buffer = io.BytesIO()
        torch.save(tensors, buffer)
        content = buffer.getvalue()
    write_whole(path, content)


def _loading_line(target: Target, name: str, path: Path, loaded: LoadedBackbone) -> str:
    classes = (loaded.report.classes or 0) if loaded.head else 0
    if target == "timm":
        form, extra = loaded.backbone.form, ""
        if loaded.backbone.arch.startswith("mobilenet"):
            extra = ", act_layer='relu'" if form.activation == "relu" else ""
            extra += ", pad_type='same'" if form.padding == "same" else ""
        return (
            f"import timm; model = timm.create_model({name!r}, num_classes={classes}{extra}, "
            f"checkpoint_path={str(path)!r})"
        )
    module, read = ("safetensors.torch", "load_file") if path.suffix == ".safetensors" else ("torch", "load")
    extra = ", aux_logits=False, init_weights=False" if name.startswith("inception") else ""
    return (
        f"import {module}, torchvision; model = torchvision.models.{name}(num_classes={classes}{extra}); "
        f"model.load_state_dict({module}.{read}({str(path)!r}))"
    )


def _write_onnx(
    path: Path, loaded: LoadedBackbone, classifier_of: Callable[[LoadedBackbone], nn.Module]
) -> None:
    """Writes RGB images (N, 3, side, side) in [0, 1] to logits (N, K); normalisation is part of the graph."""
    try:
        import onnx
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise WeightsError(
            "export to onnx: expected the packages onnx and onnxscript, found them missing; "
            "pip install 'transferbench[onnx]'"
        ) from error
    import torch

    side = loaded.backbone.pixels.input_size
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own, about its own insides
        program = torch.onnx.export(
            classifier_of(loaded),
            (torch.zeros(2, 3, side, side),),
            input_names=["images"],
            output_names=["logits"],
            dynamic_shapes=({0: torch.export.Dim("images")},),
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    model = program.model_proto
    model.doc_string = "images: RGB of [0, 1], not normalised, which the graph does; logits: one a class"
    onnx.helper.set_model_props(model, {METADATA_KEY: to_metadata(card_of(loaded))[METADATA_KEY]})
    write_whole(path, model.SerializeToString())
