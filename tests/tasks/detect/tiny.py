"""A small backbone and small protocols for tests of detection."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from transferbench.backbones.base import Backbone, Pixels
from transferbench.tasks.detect.protocols import PROTOCOLS
from transferbench.tasks.detect.settings import C4, DetectProtocol, Fpn, Roi, Rpn, VocData

DATA = VocData(train=("VOC2007/trainval",), score=("VOC2007/test",))
FPN = Fpn(
    name="fpn",
    channels=16,
    anchor_sizes=(8, 16, 24, 32, 48),
    canonical_size=32,
    width=32,
    rpn=Rpn(batch=32, before_nms=(50, 50), after_nms=(50, 20)),
    roi=Roi(batch=16, bins=3),
)
C4_HEAD = C4(
    name="c4",
    anchor_sizes=(16, 32),
    rpn=Rpn(batch=32, before_nms=(50, 50), after_nms=(50, 20)),
    roi=Roi(batch=16, bins=4),
)


def protocol(**changes: object) -> DetectProtocol:
    """Returns the miniature protocol on the fabricated data, with a tiny head and these changes."""
    base = {"data": DATA, "head": FPN, "short_side": 32, "longest_side": 64}
    return PROTOCOLS["miniature@1"].model_copy(update=base | changes)


class TinyBackbone(Backbone):
    """Four strided convolutions with batch norm after a strided stem."""

    def __init__(self, channels: tuple[int, ...] = (8, 8, 12, 16), *, is_used: bool = False) -> None:
        super().__init__()
        self.arch = "tiny"
        self.channels = channels
        self.strides = (4, 8, 16, 32)
        self.pixels = Pixels()
        self.is_loaded = is_used
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.first = _layer(3, channels[0])
            pairs = zip((channels[0], *channels[:-1]), channels, strict=True)
            self.layers = nn.ModuleList(_layer(before, after) for before, after in pairs)
        if is_used:
            self(torch.rand(2, 3, 32, 64, generator=torch.Generator().manual_seed(1)))

    def stem(self, images_NCHW: Tensor) -> Tensor:
        """Returns maps at stride 2."""
        map_NCHW: Tensor = self.first(images_NCHW)
        return map_NCHW

    @property
    def stages(self) -> tuple[nn.Module, ...]:
        return tuple(self.layers)


def _layer(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()
    )
