"""A backbone with a fully convolutional head, and an auxiliary one for training.

Dimension key: N pictures, C channels, K classes, H x W pixels, h x w steps of a map.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from transferbench.backbones.base import Backbone
from transferbench.tasks.segment.settings import Head, SegmentProtocol


class Fcn(nn.Module):
    """Backbone, head on the last map, auxiliary head on the one before."""

    def __init__(
        self, backbone: Backbone, classes: int, *, head: Head, seed: int, is_backbone_frozen: bool = False
    ) -> None:
        """Takes the backbone as it is and makes new heads from `seed` alone.

        Raises:
            ValueError: the backbone was not made for the output stride of the head.
        """
        super().__init__()
        if backbone.strides[-1] != head.output_stride:
            raise ValueError(
                f"output stride {backbone.strides[-1]} of the backbone is not {head.output_stride}"
            )
        self.backbone = backbone.requires_grad_(not is_backbone_frozen)
        self._is_backbone_frozen = is_backbone_frozen
        simple = head.model_copy(update={"convolutions": 1, "joins_map": False})
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.head = FcnHead(backbone.channels[-1], classes, head)
            self.auxiliary = (
                FcnHead(backbone.channels[-2], classes, simple) if head.auxiliary_weight else None
            )

    def train(self, mode: bool = True) -> Fcn:
        """Sets the mode of all but a frozen backbone, which stays in evaluation mode."""
        super().train(mode)
        if self._is_backbone_frozen:
            self.backbone.eval()
        return self

    def forward(self, images_N3HW: Tensor) -> tuple[Tensor, Tensor | None]:
        """Returns logits of the head and of the auxiliary head, (N, K, h, w), of RGB pictures in [0, 1].

        The auxiliary ones are None in evaluation mode and where there is no such head.
        """
        maps = self.backbone(self.backbone.normalize(images_N3HW))
        logits: Tensor = self.head(maps[-1])
        if self.auxiliary is None or not self.training:
            return logits, None
        return logits, self.auxiliary(maps[-2])


class FcnHead(nn.Module):
    """3x3 convolutions with batch norm, dropout, and a 1x1 convolution to the classes."""

    def __init__(self, channels: int, classes: int, head: Head) -> None:
        super().__init__()
        inner = max(1, channels // head.channels_divisor)
        widths = [channels, *[inner] * head.convolutions]
        self.convolutions = nn.Sequential(*map(_convolution, widths, widths[1:]))
        self.join = _convolution(channels + inner, inner) if head.joins_map else None
        self.dropout = nn.Dropout(head.dropout)
        self.classify = nn.Conv2d(inner, classes, 1)

    def forward(self, map_NChw: Tensor) -> Tensor:
        """Returns logits (N, K, h, w)."""
        made = self.convolutions(map_NChw)
        if self.join is not None:
            made = self.join(torch.cat([map_NChw, made], 1))
        logits: Tensor = self.classify(self.dropout(made))
        return logits


def pixels_of(model: nn.Module, images_N3HW: Tensor, protocol: SegmentProtocol) -> Tensor:
    """Returns pictures of bytes as the network takes them: of its type, in [0, 1]."""
    is_last = protocol.plan.channels_last
    return images_N3HW.to(
        dtype=next(model.parameters()).dtype,
        memory_format=torch.channels_last if is_last else torch.contiguous_format,
    ).div_(255)


def _convolution(channels: int, made: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, made, 3, padding=1, bias=False), nn.BatchNorm2d(made), nn.ReLU(inplace=True)
    )
