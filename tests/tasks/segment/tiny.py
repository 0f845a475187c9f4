"""A backbone small enough to reason about."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from transferbench.backbones.base import Backbone, Pixels


class TinyBackbone(Backbone):
    """Four convolutions; strides 4, 8, 8, 8."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        self.arch = "tiny"
        self.channels = (8, 8, 12, 16)
        self.strides = (4, 8, 8, 8)
        self.pixels = Pixels()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.first = nn.Conv2d(3, 8, 3, stride=2, padding=1)
            self.layers = nn.ModuleList(
                nn.Sequential(nn.Conv2d(i, o, 3, stride=s, padding=1), nn.ReLU())
                for i, o, s in ((8, 8, 2), (8, 8, 2), (8, 12, 1), (12, 16, 1))
            )

    def stem(self, images_NCHW: Tensor) -> Tensor:
        return torch.relu(self.first(images_NCHW))

    @property
    def stages(self) -> tuple[nn.Module, ...]:
        return tuple(self.layers)
