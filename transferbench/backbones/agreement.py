"""The proof that ours are the networks of timm and torchvision: one set of weights, two implementations.

Dimension key: N images, C channels, H x W pixels, K classes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from transferbench.backbones.base import DilatedShortcut, OutputStride
from transferbench.backbones.card import Form
from transferbench.backbones.catalog import create, spec_of
from transferbench.backbones.peers import TIMM
from transferbench.backbones.timm_facts import timm_for

TOLERANCE = 1e-5
"""What float32 leaves open between two orders of one sum, of numbers near one."""

_CLASSES = 1_000


@dataclass(frozen=True)
class Agreement:
    """How far one of ours is from its peer with the same weights, in evaluation mode and float32."""

    ours: str
    """Name in the catalog."""
    peer: str
    """As `timm resnet50d`."""
    output_stride: int
    logits: float | None
    """Largest absolute difference; None where there are none, which is under dilation."""
    maps: tuple[float, ...]
    """Largest absolute difference of each map, finest first."""
    setting: str = ""
    """What ours was told beside the stride, as `dilated_shortcut identity`."""
    is_meant_to_agree: bool = True
    """Whether the two do the same by design."""

    @property
    def agrees(self) -> bool:
        """Whether no number is further off than `TOLERANCE`."""
        return max(self.logits or 0.0, *self.maps) <= TOLERANCE


@dataclass(frozen=True)
class _Pair:
    library: Literal["timm", "torchvision"]
    ours: str
    theirs: str
    output_strides: tuple[OutputStride, ...] = (32, 16, 8)
    form: Form | None = None
    dilated_shortcut: DilatedShortcut = "identity"
    setting: str = ""
    is_meant_to_agree: bool = True


def agreements(pattern: str = "*") -> Iterator[Agreement]:
    """Yields a comparison a row, each as soon as it is made: logits and maps undilated, maps dilated.

    Weights are random, and the norms do something.

    Args:
        pattern: of our names, as `resnet50*`.

    Raises:
        WeightsError: timm is not installed.
    """
    _timm()  # before the first row, not after half of them
    for pair in _pairs():
        if not fnmatch(pair.ours, pattern):
            continue
        for output_stride in pair.output_strides:
            yield _agreement(pair, output_stride)


def shake(network: nn.Module, images_NCHW: Tensor) -> None:
    """Gives norms gammas and betas of many sizes, and the images' statistics: no activation fades or grows.

    Args:
        network: edited in place and left in evaluation mode.
        images_NCHW: shown to it once.
    """
    generator = torch.Generator().manual_seed(1)
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        # Wide enough for some activations to reach the clip of ReLU6.
        nn.init.uniform_(norm.weight, 0.5, 1.5, generator=generator)
        nn.init.normal_(norm.bias, 0.0, 0.3, generator=generator)
        norm.momentum = 1.0
    with torch.no_grad():
        network.train()(images_NCHW)
    for norm in norms:
        norm.momentum = 0.1
    network.eval()


def _agreement(pair: _Pair, output_stride: OutputStride) -> Agreement:
    images_NCHW = torch.randn(2, 3, 97, 129, generator=torch.Generator().manual_seed(7))
    ours = create(
        pair.ours, output_stride=output_stride, form=pair.form, dilated_shortcut=pair.dilated_shortcut
    )
    shake(ours, images_NCHW)
    weight_KC, bias_K = _classifier(ours.channels[-1])
    head = spec_of(pair.ours).layout.published_head
    tensors = ours.state_dict() | {f"{head}weight": weight_KC, f"{head}bias": bias_K}
    run_peer = _run_timm if pair.library == "timm" else _run_torchvision

    with torch.no_grad():
        maps = ours(images_NCHW)
        logits_NK = linear(maps[-1].mean((2, 3)), weight_KC, bias_K)
        their_logits_NK, their_maps = run_peer(pair, output_stride, tensors, images_NCHW)
    return Agreement(
        pair.ours,
        f"{pair.library} {pair.theirs}",
        output_stride,
        None if output_stride < 32 else _difference(logits_NK, their_logits_NK),
        tuple(_difference(*both) for both in zip(maps, their_maps, strict=True)),
        pair.setting,
        pair.is_meant_to_agree,
    )


def _classifier(channels: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(2)
    weight_KC = torch.randn(_CLASSES, channels, generator=generator) / channels**0.5
    return weight_KC, torch.randn(_CLASSES, generator=generator)


def _run_timm(
    pair: _Pair, output_stride: int, tensors: dict[str, Tensor], images_NCHW: Tensor
) -> tuple[Tensor, list[Tensor]]:
    timm = _timm()
    settings: dict[str, Any] = {} if output_stride == 32 else {"output_stride": output_stride}
    if pair.form is not None and pair.form.padding == "same":
        settings["pad_type"] = "same"
    # Drawing weights only to replace them takes most of the time that making a network takes.
    with torch.device("meta"):
        whole = timm.create_model(pair.theirs, **settings)
        staged = timm.create_model(pair.theirs, features_only=True, out_indices=(1, 2, 3, 4), **settings)
    head = spec_of(pair.ours).layout.published_head
    whole.load_state_dict(tensors, assign=True)
    staged.load_state_dict({k: t for k, t in tensors.items() if not k.startswith(head)}, assign=True)
    return whole.eval()(images_NCHW), staged.eval()(images_NCHW)


def _timm() -> Any:
    return timm_for("agreement", "the package timm to compare with")


def _run_torchvision(
    pair: _Pair, output_stride: int, tensors: dict[str, Tensor], images_NCHW: Tensor
) -> tuple[Tensor, list[Tensor]]:
    import torchvision

    is_inception = pair.ours == "inception_v3"
    settings: dict[str, Any] = (
        {"aux_logits": False, "transform_input": False, "init_weights": False}
        if is_inception
        else {"replace_stride_with_dilation": [False, output_stride <= 8, output_stride <= 16]}
    )
    with torch.device("meta"):
        peer = getattr(torchvision.models, pair.theirs)(weights=None, **settings)
    peer.load_state_dict(tensors, assign=True)
    maps: list[Tensor] = []
    for name in _INCEPTION_STAGES if is_inception else _RESNET_STAGES:
        peer.get_submodule(name).register_forward_hook(
            lambda _module, _inputs, map_NCHW: maps.append(map_NCHW)
        )
    return peer.eval()(images_NCHW), maps


def _difference(ours: Tensor, theirs: Tensor) -> float:
    assert ours.shape == theirs.shape
    return (ours - theirs).abs().max().item()


_RESNET_STAGES = ("layer1", "layer2", "layer3", "layer4")
_INCEPTION_STAGES = ("Conv2d_4a_3x3", "Mixed_5d", "Mixed_6e", "Mixed_7c")


def _pairs() -> Iterator[_Pair]:
    yield _Pair("torchvision", "resnet18", "resnet18", (32,))
    for name in ("resnet50", "resnet101"):
        yield _Pair("torchvision", name, name)
    yield _Pair("torchvision", "inception_v3", "inception_v3", (32,))
    for name in ("resnet50", "resnet50_c"):
        yield _Pair("timm", name, TIMM[name])
    for name in ("resnet18_d", "resnet50_d", "resnet152_d"):
        yield _Pair("timm", name, TIMM[name], (32,))
        pooled = _Pair("timm", name, TIMM[name], (16, 8), dilated_shortcut="pool")
        yield replace(pooled, setting="dilated_shortcut pool")
        yield replace(
            pooled, dilated_shortcut="identity", setting="dilated_shortcut identity", is_meant_to_agree=False
        )
    yield _Pair("timm", "inception_v3", "inception_v3", (32,))
    mobilenet = _Pair("timm", "mobilenet_v1_100", TIMM["mobilenet_v1_100"])
    yield replace(mobilenet, form=Form("relu6", "symmetric"), setting="relu6, symmetric padding")
    yield replace(mobilenet, form=Form("relu6", "same"), setting="relu6, same padding")
