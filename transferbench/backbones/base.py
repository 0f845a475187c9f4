"""What a backbone is: images to feature maps, with channels and strides stated.

Dimension key: N images, C channels, H x W pixels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor, nn

from transferbench.backbones.card import Form as Form
from transferbench.backbones.card import Pixels as Pixels

if TYPE_CHECKING:
    from transferbench.backbones.catalog import BackboneSpec

OutputStride = Literal[8, 16, 32]
DilatedShortcut = Literal["identity", "pool"]
"""What a pooled shortcut does in a stage whose stride became a dilation: nothing, as in GluonCV, or average
2x2 pixels at stride 1, as in timm."""


class Backbone(nn.Module):
    """Images to maps, from fine to coarse.

    A subclass sets the attributes below and gives `stem` and `stages`; the maps are the outputs
    of the stages. Detection with a C4 head uses the last stage apart from the others.
    """

    is_staged: bool = True
    """Whether `stem` and `stages` can be run one by one; where not, only `forward` gives maps."""
    is_loaded: bool = False
    """Whether trained weights were put into it: of one without, nothing may be frozen."""
    absent: frozenset[str] = frozenset()
    """Names of tensors that its file lacked, with leave: they may not be frozen either."""
    dropout: float = 0.0
    """Share of the pooled map that a classifier on it drops in training."""

    arch: str
    """Name in the catalog."""
    channels: tuple[int, ...]
    """Of each map, finest first."""
    strides: tuple[int, ...]
    """Input pixels for one step of each map, finest first."""
    pixels: Pixels
    form: Form = Form()

    def describe_by(
        self, spec: BackboneSpec, *, output_stride: OutputStride, form: Form | None = None
    ) -> None:
        """Takes the attributes from the catalog.

        Args:
            spec: entry of the catalog.
            output_stride: input pixels for one step of the coarsest map.
            form: activation and padding; None for the entry's own.
        """
        self.arch = spec.name
        self.channels = spec.channels
        self.strides = tuple(min(stride, output_stride) for stride in spec.strides)
        self.pixels = spec.pixels
        self.form = form or spec.form
        self.dropout = spec.dropout

    def stem(self, images_NCHW: Tensor) -> Tensor:
        """Returns what the first stage is given."""
        raise NotImplementedError

    @property
    def stages(self) -> tuple[nn.Module, ...]:
        """One module a map, in order."""
        raise NotImplementedError

    def forward(self, images_NCHW: Tensor) -> list[Tensor]:
        """Returns the maps of normalised images, finest first."""
        map_NCHW = self.stem(images_NCHW)
        maps = []
        for stage in self.stages:
            map_NCHW = stage(map_NCHW)
            maps.append(map_NCHW)
        return maps

    def front_parameters(self, stages: int) -> list[nn.Parameter]:
        """Returns the parameters of the stem and of the first `stages` stages; none for 0 stages."""
        if stages == 0:
            return []
        later = {id(p) for stage in self.stages[stages:] for p in stage.parameters()}
        return [p for p in self.parameters() if id(p) not in later]

    def normalize(self, images_NCHW: Tensor) -> Tensor:
        """Returns RGB images of [0, 1] as the weights expect them."""
        mean = torch.tensor(self.pixels.mean, dtype=images_NCHW.dtype, device=images_NCHW.device)
        std = torch.tensor(self.pixels.std, dtype=images_NCHW.dtype, device=images_NCHW.device)
        normalized = (images_NCHW - mean[:, None, None]).div_(std[:, None, None])
        return normalized.flip(1) if self.pixels.colours == "bgr" else normalized
