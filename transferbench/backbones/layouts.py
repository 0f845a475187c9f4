"""What tells one network of a family from another. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from transferbench.backbones.card import Activation, Padding


@dataclass(frozen=True)
class ResNetLayout:
    """Figures 1 and 2 of He et al. 2019: depth, width, stem and shortcut."""

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

    family = "resnet"
    published_head = "fc."
    """Before the names of the classifier's tensors in timm's and torchvision's files."""
    training_only: tuple[str, ...] = ()
    """Before the names of tensors that only training uses."""
    activations: tuple[Activation, ...] = ("relu",)
    paddings: tuple[Padding, ...] = ("symmetric",)

    @property
    def channels(self) -> tuple[int, ...]:
        """Of each map, finest first."""
        expansion = 4 if self.block == "bottleneck" else 1
        return tuple(expansion * width for width in self.widths)


@dataclass(frozen=True)
class MobileNetLayout:
    """Table 1 of Howard et al. 2017."""

    width: float = 1.0
    """Factor on all channels, the stem's 32 too."""

    family = "mobilenet"
    published_head = "classifier."
    """Before the names of the classifier's tensors in timm's files."""
    training_only: tuple[str, ...] = ()
    """Before the names of tensors that only training uses."""
    activations: tuple[Activation, ...] = ("relu", "relu6")
    paddings: tuple[Padding, ...] = ("symmetric", "same")

    @property
    def channels(self) -> tuple[int, ...]:
        """Of each map, finest first."""
        return tuple(int(self.width * channels) for channels in (128, 256, 512, 1024))


@dataclass(frozen=True)
class InceptionLayout:
    """Table 1 of Szegedy et al. 2016, as torchvision and GluonCV build it."""

    family = "inception"
    published_head = "fc."
    """Before the names of the classifier's tensors in timm's and torchvision's files."""
    training_only: tuple[str, ...] = ("AuxLogits.",)
    """Before the names of tensors that only training uses: the auxiliary head."""
    activations: tuple[Activation, ...] = ("relu",)
    paddings: tuple[Padding, ...] = ("valid", "symmetric")
    channels: tuple[int, ...] = (192, 288, 768, 2048)
    """Of each map, finest first."""


@dataclass(frozen=True)
class TimmLayout:
    """A network of timm's, by timm's name."""

    model: str
    channels: tuple[int, ...]
    """Of each map, finest first."""

    family = "timm"
    published_head = ""
    """Told by the network, see `timm_network`."""
    training_only: tuple[str, ...] = ()
    """Before the names of tensors that only training uses."""
    activations: tuple[Activation, ...] = ("own",)
    paddings: tuple[Padding, ...] = ("own",)


Layout = ResNetLayout | MobileNetLayout | InceptionLayout | TimmLayout
