"""ResNet: plain, B, C and D.

Parameters are called as in torchvision and timm, whose state dicts load as they stand.

Dimension key: N images, C channels, H x W pixels.
"""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, pad

from transferbench.backbones.base import Backbone, DilatedShortcut, OutputStride
from transferbench.backbones.catalog import BackboneSpec
from transferbench.backbones.layouts import ResNetLayout


class ResNet(Backbone):
    """A stem and four stages of residual blocks; the maps have strides 4, 8, 16 and 32.

    With an output stride of 16 or 8 the last one or two stages keep their resolution and dilate
    their 3x3 convolutions; a stage's first block keeps the dilation of the stage before, and D's
    shortcuts that no longer stride do not pool, unless timm's way is asked for.

    Maps for an image of H x W: C1 x H/4 x W/4, C2 x H/8 x W/8, C3 x H/16 x W/16, C4 x H/32 x W/32
    (rounded up), with (C1 ... C4) = (256, 512, 1024, 2048) for bottlenecks and (64, 128, 256, 512)
    for basic blocks.

    Source:
        He et al. 2016; He et al. 2019, section 4; GluonCV's `resnetv1b.py` for the dilation.
    """

    def __init__(
        self,
        spec: BackboneSpec,
        *,
        output_stride: OutputStride = 32,
        dilated_shortcut: DilatedShortcut = "identity",
    ) -> None:
        super().__init__()
        layout = spec.layout
        assert isinstance(layout, ResNetLayout)
        self.describe_by(spec, output_stride=output_stride)

        self.conv1 = _stem(layout.stem_channels)
        self.bn1 = nn.BatchNorm2d(layout.stem_channels[-1])
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1, self.layer2, self.layer3, self.layer4 = _stages(layout, output_stride, dilated_shortcut)

    def stem(self, images_NCHW: Tensor) -> Tensor:
        map_NCHW: Tensor = self.maxpool(self.relu(self.bn1(self.conv1(images_NCHW))))
        return map_NCHW

    @property
    def stages(self) -> tuple[nn.Module, ...]:
        return self.layer1, self.layer2, self.layer3, self.layer4


class BasicBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut."""

    def __init__(
        self, channels_in: int, width: int, layout: ResNetLayout, *, stride: int, dilations: tuple[int, int]
    ) -> None:
        super().__init__()
        self.conv1 = _conv3x3(channels_in, width, stride, dilations[0])
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = _conv3x3(width, width, 1, dilations[1])
        self.bn2 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = _shortcut(channels_in, width, stride, is_pooled=layout.is_pooled_shortcut)

    @property
    def last_norm(self) -> nn.BatchNorm2d:
        """The norm that ends the branch, before the sum."""
        return self.bn2

    def forward(self, map_NCHW: Tensor) -> Tensor:
        """Returns the sum of branch and shortcut, rectified."""
        branch = self.relu(self.bn1(self.conv1(map_NCHW)))
        branch = self.bn2(self.conv2(branch))
        summed: Tensor = self.relu(branch + self.downsample(map_NCHW))
        return summed


class Bottleneck(nn.Module):
    """A 3x3 convolution between two 1x1 ones, beside a shortcut."""

    def __init__(
        self, channels_in: int, width: int, layout: ResNetLayout, *, stride: int, dilations: tuple[int, int]
    ) -> None:
        super().__init__()
        first_stride, second_stride = (stride, 1) if layout.strided_conv == 1 else (1, stride)
        self.conv1 = nn.Conv2d(channels_in, width, 1, stride=first_stride, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = _conv3x3(width, width, second_stride, dilations[0])
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = _shortcut(channels_in, 4 * width, stride, is_pooled=layout.is_pooled_shortcut)

    @property
    def last_norm(self) -> nn.BatchNorm2d:
        """The norm that ends the branch, before the sum."""
        return self.bn3

    def forward(self, map_NCHW: Tensor) -> Tensor:
        """Returns the sum of branch and shortcut, rectified."""
        branch = self.relu(self.bn1(self.conv1(map_NCHW)))
        branch = self.relu(self.bn2(self.conv2(branch)))
        branch = self.bn3(self.conv3(branch))
        summed: Tensor = self.relu(branch + self.downsample(map_NCHW))
        return summed


class SamePool(nn.Module):
    """The mean of each 2x2 pixels at stride 1, zeros added after the last row and column.

    Source:
        timm's AvgPool2dSame, which pools there in dilated shortcuts; the zeros count.
    """

    def forward(self, map_NCHW: Tensor) -> Tensor:
        """Returns a map of the same size."""
        return avg_pool2d(pad(map_NCHW, (0, 1, 0, 1)), 2, stride=1)


def _stages(
    layout: ResNetLayout, output_stride: int, dilated_shortcut: DilatedShortcut
) -> Iterator[nn.Sequential]:
    block = BasicBlock if layout.block == "basic" else Bottleneck
    channels_in, reached, dilation = layout.stem_channels[-1], 4, 1
    for index, (depth, width) in enumerate(zip(layout.depths, layout.widths, strict=True)):
        stride, dilation_before = min(index, 1) + 1, dilation
        if reached * stride > output_stride:
            dilation, stride = dilation * stride, 1
        reached *= stride

        channels_out = layout.channels[index]
        first = block(channels_in, width, layout, stride=stride, dilations=(dilation_before, dilation))
        if layout.is_pooled_shortcut and dilated_shortcut == "pool" and dilation > 1:
            assert isinstance(first.downsample, nn.Sequential)
            first.downsample[0] = SamePool()
        others = (
            block(channels_out, width, layout, stride=1, dilations=(dilation, dilation))
            for _ in range(depth - 1)
        )
        yield nn.Sequential(first, *others)
        channels_in = channels_out


def _stem(channels: tuple[int, ...]) -> nn.Module:
    if len(channels) == 1:
        return nn.Conv2d(3, channels[0], 7, stride=2, padding=3, bias=False)
    first, second, last = channels
    return nn.Sequential(
        _conv3x3(3, first, 2, 1),
        nn.BatchNorm2d(first),
        nn.ReLU(inplace=True),
        _conv3x3(first, second, 1, 1),
        nn.BatchNorm2d(second),
        nn.ReLU(inplace=True),
        _conv3x3(second, last, 1, 1),
    )


def _shortcut(channels_in: int, channels_out: int, stride: int, *, is_pooled: bool) -> nn.Module:
    if stride == 1 and channels_in == channels_out:
        return nn.Identity()
    if not is_pooled:
        return nn.Sequential(
            nn.Conv2d(channels_in, channels_out, 1, stride=stride, bias=False), nn.BatchNorm2d(channels_out)
        )
    # The pool stays in place as an identity where it does not stride, to keep the numbers in the names.
    pool = nn.AvgPool2d(2, stride, ceil_mode=True, count_include_pad=False) if stride > 1 else nn.Identity()
    return nn.Sequential(
        pool, nn.Conv2d(channels_in, channels_out, 1, bias=False), nn.BatchNorm2d(channels_out)
    )


def _conv3x3(channels_in: int, channels_out: int, stride: int, dilation: int) -> nn.Conv2d:
    return nn.Conv2d(
        channels_in, channels_out, 3, stride=stride, padding=dilation, dilation=dilation, bias=False
    )
