"""The backbones there are, by name; imports no torch before one is made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal

from transferbench.errors import WeightsError

if TYPE_CHECKING:
    from transferbench.backbones.base import Backbone, OutputStride


@dataclass(frozen=True)
class ResNetLayout:
    """What tells one ResNet from another."""

    block: Literal["basic", "bottleneck"]
    depths: tuple[int, int, int, int]
    """Blocks of each stage."""
    widths: tuple[int, int, int, int] = (64, 128, 256, 512)
    """Channels within the branches of each stage."""
    stem_channels: tuple[int, ...] = (64,)
    """One for a 7x7 convolution, three for as many 3x3."""
    is_pooled_shortcut: bool = False
    """Whether a shortcut that changes the size averages 2x2 pixels before its convolution, as in D."""
    strided_conv: Literal[1, 2] = 2
    """Convolution of a bottleneck that takes the stride; a basic block strides in the first, which is 3x3."""

    @property
    def channels(self) -> tuple[int, ...]:
        """Of each map, finest first."""
        expansion = 4 if self.block == "bottleneck" else 1
        return tuple(expansion * width for width in self.widths)


@dataclass(frozen=True)
class BackboneSpec:
    """One entry of the catalog."""

    name: str
    about: str
    """What it is, in one line."""
    source: str
    layout: ResNetLayout
    family: str = "resnet"
    """File of this folder."""
    input_size: int = 224
    """Side of the square it was designed for, in pixels."""
    strides: tuple[int, ...] = (4, 8, 16, 32)
    """Input pixels for one step of each map, finest first, undilated."""

    @property
    def channels(self) -> tuple[int, ...]:
        """Of each map, finest first."""
        return self.layout.channels


def spec_of(name: str) -> BackboneSpec:
    """Returns the entry of that name.

    Raises:
        WeightsError: there is none.
    """
    if name in BACKBONES:
        return BACKBONES[name]
    close = get_close_matches(name, BACKBONES, n=1, cutoff=0.4)
    hint = f"did you mean {close[0]!r}?" if close else "see `transferbench list backbones`"
    raise WeightsError(f"backbone: expected a name of the catalog, found {name!r}; {hint}")


def create(name: str, *, output_stride: OutputStride = 32, seed: int = 0) -> Backbone:
    """Returns a new backbone whose weights are drawn from `seed` alone, in training mode.

    Args:
        name: in the catalog.
        output_stride: input pixels for one step of the coarsest map; dilation makes up for strides left out.
        seed: of the initialisation.

    Raises:
        WeightsError: no backbone has that name.
    """
    spec = spec_of(name)
    from transferbench.backbones.resnet import resnet

    return resnet(spec, output_stride=output_stride, seed=seed)


_PAPER = "He et al. 2019 (arXiv 1812.01187), section 4"
_KINDS = {
    "": "stride in the 3x3 convolution, as torchvision",
    "_b": "stride in the 3x3 convolution",
    "_c": "B with a stem of three 3x3 convolutions",
    "_d": "C with average pooling in the shortcuts",
}
_BASIC_KINDS = _KINDS | {"": "as torchvision", "_b": "B changes nothing in blocks without 1x1 convolutions"}
_DEPTHS = {
    18: ResNetLayout("basic", (2, 2, 2, 2)),
    34: ResNetLayout("basic", (3, 4, 6, 3)),
    50: ResNetLayout("bottleneck", (3, 4, 6, 3)),
    101: ResNetLayout("bottleneck", (3, 4, 23, 3)),
    152: ResNetLayout("bottleneck", (3, 8, 36, 3)),
}
_MINI = replace(_DEPTHS[18], widths=(16, 32, 64, 128), stem_channels=(16,))


def _variant(layout: ResNetLayout, kind: str) -> ResNetLayout:
    if kind not in ("_c", "_d"):
        return layout
    half = layout.stem_channels[-1] // 2
    return replace(layout, stem_channels=(half, half, 2 * half), is_pooled_shortcut=kind == "_d")


def _entries() -> list[BackboneSpec]:
    entries = []
    for depth, layout in _DEPTHS.items():
        kinds = _BASIC_KINDS if layout.block == "basic" else _KINDS
        for kind, change in kinds.items():
            about = f"ResNet-{depth}{kind.replace('_', '-').upper()}, {change}"
            source = _PAPER if kind else "He et al. 2016, table 1; torchvision"
            entries.append(BackboneSpec(f"resnet{depth}{kind}", about, source, _variant(layout, kind)))
        if layout.block == "bottleneck":
            original = replace(layout, strided_conv=1)
            about = f"ResNet-{depth}, stride in the first 1x1 convolution: the paper's plain one"
            entries.append(BackboneSpec(f"resnet{depth}_v1", about, "He et al. 2016, table 1", original))
    for kind in ("_b", "_c", "_d"):
        about = (
            f"ResNet-18{kind.replace('_', '-').upper()} at a quarter of the width, for the miniature world"
        )
        entries.append(BackboneSpec(f"mini{kind}", about, _PAPER, _variant(_MINI, kind), input_size=64))
    return entries


BACKBONES: dict[str, BackboneSpec] = {spec.name: spec for spec in _entries()}
