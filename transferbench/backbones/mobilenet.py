"""MobileNet v1, of any width.

Parameters are called as in timm's `mobilenetv1_100`, whose state dicts load without their classifier.

Dimension key: N images, C channels, H x W pixels.
"""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn
from torch.nn.functional import pad

from transferbench.backbones.base import Backbone, Form, OutputStride
from transferbench.backbones.catalog import BackboneSpec
from transferbench.backbones.layouts import MobileNetLayout

_STEM_CHANNELS = 32
_FIRST_CHANNELS = 64
_DEPTHS = (1, 2, 2, 6, 2)
"""Blocks of each group; every group but the first strides."""


class MobileNet(Backbone):
    """A strided convolution and thirteen depthwise separable blocks; the maps have strides 4, 8, 16 and 32.

    With an output stride of 16 or 8 the last one or two stages keep their resolution and dilate
    their depthwise convolutions; a stage's first block keeps the dilation of the stage before.

    Maps for an image of H x W and a width of 1: 128 x H/4 x W/4, 256 x H/8 x W/8, 512 x H/16 x W/16,
    1024 x H/32 x W/32 (rounded up), with either padding.

    Source:
        Howard et al. 2017, table 1; GluonCV's `mobilenet.py` for ReLU and symmetric padding, which
        TensorFlow's weights have not: see `Form`.
    """

    def __init__(
        self, spec: BackboneSpec, *, output_stride: OutputStride = 32, form: Form | None = None
    ) -> None:
        super().__init__()
        layout = spec.layout
        assert isinstance(layout, MobileNetLayout)
        self.describe_by(spec, output_stride=output_stride, form=form)

        width = int(layout.width * _STEM_CHANNELS)
        self.conv_stem = _conv3x3(3, width, self.form, stride=2)
        self.bn1 = nn.BatchNorm2d(width)
        self.act1 = _activation(self.form)
        self.blocks = nn.Sequential(*_groups(layout, self.form, output_stride))

    def stem(self, images_NCHW: Tensor) -> Tensor:
        map_NCHW: Tensor = self.blocks[0](self.act1(self.bn1(self.conv_stem(images_NCHW))))
        return map_NCHW

    @property
    def stages(self) -> tuple[nn.Module, ...]:
        return tuple(self.blocks)[1:]


class SeparableBlock(nn.Module):
    """A 3x3 convolution of each channel, then a 1x1 convolution across them; no shortcut."""

    def __init__(
        self, channels_in: int, channels_out: int, form: Form, *, stride: int = 1, dilation: int = 1
    ) -> None:
        super().__init__()
        self.conv_dw = _conv3x3(
            channels_in, channels_in, form, stride=stride, dilation=dilation, groups=channels_in
        )
        self.bn1 = nn.BatchNorm2d(channels_in)
        self.conv_pw = nn.Conv2d(channels_in, channels_out, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels_out)
        self.act = _activation(form)

    def forward(self, map_NCHW: Tensor) -> Tensor:
        """Returns the map, rectified."""
        map_NCHW = self.act(self.bn1(self.conv_dw(map_NCHW)))
        pointwise_NCHW: Tensor = self.act(self.bn2(self.conv_pw(map_NCHW)))
        return pointwise_NCHW


class SameConv2d(nn.Conv2d):
    """A convolution under TensorFlow's SAME padding, which depends on the size of the input.

    A stride s gives ceil(size / s) steps; of the zeros that this needs, the odd one goes after. For
    a 3x3 convolution of stride 2 and an even size that is none before and one after.

    Source:
        TensorFlow, `tf.nn` notes on padding.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Returns a map of ceil(H / stride) x ceil(W / stride)."""
        height, width = (self._zeros(axis, input.shape[axis - 2]) for axis in (0, 1))
        return super().forward(pad(input, (*width, *height)))

    def _zeros(self, axis: int, size: int) -> tuple[int, int]:
        stride, extent = self.stride[axis], self.dilation[axis] * (self.kernel_size[axis] - 1)
        zeros = max(((size - 1) // stride) * stride + extent + 1 - size, 0)
        return zeros // 2, zeros - zeros // 2


def _groups(layout: MobileNetLayout, form: Form, output_stride: int) -> Iterator[nn.Sequential]:
    channels_in, reached, dilation = int(layout.width * _STEM_CHANNELS), 2, 1
    all_channels = (int(layout.width * _FIRST_CHANNELS), *layout.channels)
    for index, (depth, channels) in enumerate(zip(_DEPTHS, all_channels, strict=True)):
        stride, dilation_before = min(index, 1) + 1, dilation
        if reached * stride > output_stride:
            dilation, stride = dilation * stride, 1
        reached *= stride

        first = SeparableBlock(channels_in, channels, form, stride=stride, dilation=dilation_before)
        others = (SeparableBlock(channels, channels, form, dilation=dilation) for _ in range(depth - 1))
        yield nn.Sequential(first, *others)
        channels_in = channels


def _activation(form: Form) -> nn.Module:
    return nn.ReLU6(inplace=True) if form.activation == "relu6" else nn.ReLU(inplace=True)


def _conv3x3(
    channels_in: int, channels_out: int, form: Form, *, stride: int = 1, dilation: int = 1, groups: int = 1
) -> nn.Conv2d:
    # At stride 1 the two paddings are one.
    if form.padding == "same" and stride > 1:
        return SameConv2d(channels_in, channels_out, 3, stride=stride, groups=groups, bias=False)
    return nn.Conv2d(
        channels_in,
        channels_out,
        3,
        stride=stride,
        padding=dilation,
        dilation=dilation,
        groups=groups,
        bias=False,
    )
