"""The backbones there are, by name; imports no torch before one is made."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from transferbench.backbones.card import Form, Pixels
from transferbench.backbones.layouts import InceptionLayout, Layout, MobileNetLayout, ResNetLayout
from transferbench.errors import WeightsError

if TYPE_CHECKING:
    from transferbench.backbones.base import Backbone, DilatedShortcut, OutputStride

TIMM = "timm:"
"""Before the name of a network of timm's."""


@dataclass(frozen=True)
class BackboneSpec:
    """One entry of the catalog."""

    name: str
    about: str
    """What it is, in one line."""
    source: str
    layout: Layout
    pixels: Pixels = field(default_factory=Pixels)
    """Where its weights do not say otherwise."""
    strides: tuple[int, ...] = (4, 8, 16, 32)
    """Input pixels for one step of each map, finest first, undilated."""
    dropout: float = 0.0
    """Share of the pooled map that a classifier on it drops in training."""

    @property
    def channels(self) -> tuple[int, ...]:
        """Of each map, finest first."""
        return self.layout.channels

    @property
    def form(self) -> Form:
        """Activation and padding where its weights do not say otherwise."""
        return Form(self.layout.activations[0], self.layout.paddings[0])


def spec_of(name: str) -> BackboneSpec:
    """Returns the entry of that name, or timm's network for `timm:NAME`.

    Raises:
        WeightsError: there is none, or timm is not installed or gives no maps for it.
    """
    if name in BACKBONES:
        return BACKBONES[name]
    if name.startswith(TIMM):
        from transferbench.backbones.timm_network import timm_spec

        return timm_spec(name)
    close = get_close_matches(name, BACKBONES, n=1, cutoff=0.4)
    hint = f"did you mean {close[0]!r}?" if close else "see `transferbench list backbones`"
    raise WeightsError(f"backbone: expected a name of the catalog, found {name!r}; {hint}")


def create(
    name: str,
    *,
    output_stride: OutputStride = 32,
    seed: int = 0,
    form: Form | None = None,
    dilated_shortcut: DilatedShortcut = "identity",
) -> Backbone:
    """Returns a new backbone whose weights are drawn from `seed` alone, in training mode.

    Args:
        name: in the catalog, or `timm:NAME`.
        output_stride: input pixels for one step of the coarsest map; dilation makes up for strides left out.
        seed: of the initialisation.
        form: activation and padding; None for the architecture's own.
        dilated_shortcut: what D's shortcut does where it no longer strides.

    Raises:
        WeightsError: no backbone has that name, or none of that name has this form or stride.
    """
    spec = spec_of(name)
    form = form or spec.form
    require_form(spec, form)
    if spec.layout.family == "timm":
        from transferbench.backbones.timm_network import timm_network

        return timm_network(spec, output_stride=output_stride, seed=seed)
    import torch

    from transferbench.backbones.initialise import initialise

    with torch.random.fork_rng(devices=[]):
        network = _network(spec, output_stride, form, dilated_shortcut)
    initialise(network, seed)
    return network


def _network(
    spec: BackboneSpec, output_stride: OutputStride, form: Form, dilated_shortcut: DilatedShortcut
) -> Backbone:
    if spec.layout.family == "resnet":
        from transferbench.backbones.resnet import ResNet

        return ResNet(spec, output_stride=output_stride, dilated_shortcut=dilated_shortcut)
    if spec.layout.family == "mobilenet":
        from transferbench.backbones.mobilenet import MobileNet

        return MobileNet(spec, output_stride=output_stride, form=form)
    from transferbench.backbones.inception import InceptionV3

    return InceptionV3(spec, output_stride=output_stride, form=form)


def twins_of(name: str) -> tuple[str, ...]:
    """Returns the networks of the catalog that have the same tensors and do something else with them."""
    layout = spec_of(name).layout
    if not isinstance(layout, ResNetLayout) or layout.block == "basic":
        return ()
    elsewhere = replace(layout, strided_conv=2 if layout.strided_conv == 1 else 1)
    return tuple(spec.name for spec in BACKBONES.values() if spec.layout == elsewhere)


def require_form(spec: BackboneSpec, form: Form) -> None:
    """Refuses an activation or a padding that a network is never built with.

    Raises:
        WeightsError: it is none of the architecture's.
    """
    for key, known in (("activation", spec.layout.activations), ("padding", spec.layout.paddings)):
        found = getattr(form, key)
        if found not in known:
            raise WeightsError(
                f"{spec.name}: {key}: expected {' or '.join(map(repr, known))}, found {found!r}; "
                "set another, or take another architecture"
            )


_PAPER = "He et al. 2019 (arXiv 1812.01187), section 4"
_KINDS = {
    "": "stride in the 3x3 convolution, as torchvision",
    "_b": "stride in the 3x3 convolution",
    "_c": "B with a stem of three 3x3 convolutions",
    "_d": "C with average pooling in the shortcuts",
}
_FIGURES = {"": "", "_b": ", figure 2a", "_c": ", figure 2b", "_d": ", figure 2c"}
_BASIC_KINDS = _KINDS | {"": "as torchvision", "_b": "B changes nothing in blocks without 1x1 convolutions"}
_DEPTHS = {
    18: ResNetLayout("basic", (2, 2, 2, 2)),
    34: ResNetLayout("basic", (3, 4, 6, 3)),
    50: ResNetLayout("bottleneck", (3, 4, 6, 3)),
    101: ResNetLayout("bottleneck", (3, 4, 23, 3)),
    152: ResNetLayout("bottleneck", (3, 8, 36, 3)),
}
_MINI = replace(_DEPTHS[18], widths=(16, 32, 64, 128), stem_channels=(16,))
_MIDI = replace(_DEPTHS[18], widths=(32, 64, 128, 256), stem_channels=(32,))


def _variant(layout: ResNetLayout, kind: str) -> ResNetLayout:
    if kind not in ("_c", "_d"):
        return layout
    half = layout.stem_channels[-1] // 2
    return replace(layout, stem_channels=(half, half, 2 * half), is_pooled_shortcut=kind == "_d")


def _resnets() -> list[BackboneSpec]:
    entries = []
    for depth, layout in _DEPTHS.items():
        kinds = _BASIC_KINDS if layout.block == "basic" else _KINDS
        for kind, change in kinds.items():
            about = f"ResNet-{depth}{kind.replace('_', '-').upper()}, {change}"
            source = f"{_PAPER}{_FIGURES[kind]}" if kind else "He et al. 2016, table 1; torchvision"
            entries.append(BackboneSpec(f"resnet{depth}{kind}", about, source, _variant(layout, kind)))
        if layout.block == "bottleneck":
            original = replace(layout, strided_conv=1)
            about = f"ResNet-{depth}, stride in the first 1x1 convolution: the paper's plain one"
            source = "He et al. 2016, table 1; He et al. 2019, figure 1"
            entries.append(BackboneSpec(f"resnet{depth}_v1", about, source, original))
    return entries


def _mobilenets() -> list[BackboneSpec]:
    return [
        BackboneSpec(
            f"mobilenet_v1_{round(100 * width):03}",
            f"MobileNet v1, width {width}; ReLU and symmetric padding unless its weights say otherwise",
            "Howard et al. 2017 (arXiv 1704.04861), table 1; GluonCV's mobilenet.py",
            MobileNetLayout(width),
        )
        for width in (0.25, 0.5, 0.75, 1.0)
    ]


def _inceptions() -> list[BackboneSpec]:
    return [
        BackboneSpec(
            "inception_v3",
            "Inception-V3 without the auxiliary head, for 299 pixels",
            "Szegedy et al. 2016 (arXiv 1512.00567), table 1; torchvision",
            InceptionLayout(),
            pixels=Pixels(input_size=299),
            dropout=0.5,
        )
    ]


def _minis() -> list[BackboneSpec]:
    entries = [("mini_b", _MINI, "a quarter"), ("mini_c", _MINI, "a quarter"), ("mini_d", _MINI, "a quarter")]
    entries += [("midi_d", _MIDI, "half")]
    return [
        BackboneSpec(
            name,
            f"ResNet-18-{name[-1].upper()} at {share} of the width, for the miniature world",
            _PAPER,
            _variant(layout, name[-2:]),
            pixels=Pixels(input_size=64),
        )
        for name, layout, share in entries
    ]


BACKBONES: dict[str, BackboneSpec] = {
    spec.name: spec for spec in (*_resnets(), *_mobilenets(), *_inceptions(), *_minis())
}
