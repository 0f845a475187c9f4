"""The blocks of Inception-V3, and their convolution and pools.

They are called A to E as in torchvision and timm, and so are the parameters. `is_padded` is about
the operations that the original does not pad, all of them where it strides: they get half a kernel
of padding on each side then, as the others always do.

Dimension key: N images, C channels, H x W pixels.
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, max_pool2d, pad

_EPSILON = 1e-3
"""Of the norms; a hundred times torch's default, as in every port of this network."""


class ConvNorm(nn.Module):
    """A convolution, its norm and a ReLU."""

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        kernel: tuple[int, int] = (1, 1),
        *,
        stride: int = 1,
        dilation: int = 1,
        is_padded: bool = True,
    ) -> None:
        super().__init__()
        height, width = (dilation * (side // 2) if is_padded else 0 for side in kernel)
        self.conv = nn.Conv2d(
            channels_in,
            channels_out,
            kernel,
            stride=stride,
            padding=(height, width),
            dilation=dilation,
            bias=False,
        )
        self.bn = nn.BatchNorm2d(channels_out, eps=_EPSILON)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, map_NCHW: Tensor) -> Tensor:
        """Returns the map, rectified."""
        rectified_NCHW: Tensor = self.relu(self.bn(self.conv(map_NCHW)))
        return rectified_NCHW


class MaxPool(nn.Module):
    """The greatest of 3x3 pixels."""

    def __init__(self, *, stride: int = 2, dilation: int = 1, is_padded: bool = False) -> None:
        super().__init__()
        self.stride, self.dilation = stride, dilation
        self.edge = dilation if is_padded else 0

    def forward(self, map_NCHW: Tensor) -> Tensor:
        """Returns the greatest values."""
        # torch's own padding is limited to half of the undilated kernel.
        padded_NCHW = pad(map_NCHW, [self.edge] * 4, value=-torch.inf) if self.edge else map_NCHW
        return max_pool2d(padded_NCHW, 3, stride=self.stride, dilation=self.dilation)


def mean_3x3(map_NCHW: Tensor, dilation: int) -> Tensor:
    """Returns the mean of 3x3 pixels that lie `dilation` apart, at the same size; zeros around count."""
    if dilation == 1:
        return avg_pool2d(map_NCHW, 3, stride=1, padding=1)
    # torch has no dilated mean; three shifted sums down and three across are the nine.
    height, width = map_NCHW.shape[2:]
    padded_NCHW = pad(map_NCHW, [dilation] * 4)
    upper, middle, lower = (padded_NCHW.narrow(2, dilation * step, height) for step in range(3))
    summed_NCHW = upper + middle + lower
    left, middle, right = (summed_NCHW.narrow(3, dilation * step, width) for step in range(3))
    return (left + middle + right) / 9


class InceptionA(nn.Module):
    """Branches of 1x1, 5x5 and twice 3x3 convolutions and a mean, side by side; figure 5."""

    def __init__(self, channels_in: int, pool_channels: int) -> None:
        super().__init__()
        self.branch1x1 = ConvNorm(channels_in, 64)
        self.branch5x5_1 = ConvNorm(channels_in, 48)
        self.branch5x5_2 = ConvNorm(48, 64, (5, 5))
        self.branch3x3dbl_1 = ConvNorm(channels_in, 64)
        self.branch3x3dbl_2 = ConvNorm(64, 96, (3, 3))
        self.branch3x3dbl_3 = ConvNorm(96, 96, (3, 3))
        self.branch_pool = ConvNorm(channels_in, pool_channels)

    def forward(self, map_NCHW: Tensor) -> Tensor:
        """Returns 224 channels and those of the pool, at the same size."""
        wide = self.branch5x5_2(self.branch5x5_1(map_NCHW))
        double = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(map_NCHW)))
        pooled = self.branch_pool(mean_3x3(map_NCHW, 1))
        return torch.cat([self.branch1x1(map_NCHW), wide, double, pooled], dim=1)


class InceptionB(nn.Module):
    """Strided branches of one and two 3x3 convolutions and a pool, side by side; figure 10."""

    def __init__(self, channels_in: int, *, stride: int, is_padded: bool) -> None:
        super().__init__()
        strided = partial(ConvNorm, kernel=(3, 3), stride=stride, is_padded=is_padded)
        self.branch3x3 = strided(channels_in, 384)
        self.branch3x3dbl_1 = ConvNorm(channels_in, 64)
        self.branch3x3dbl_2 = ConvNorm(64, 96, (3, 3))
        self.branch3x3dbl_3 = strided(96, 96)
        self.pool = MaxPool(stride=stride, is_padded=is_padded)

    def forward(self, map_NCHW: Tensor) -> Tensor:
        """Returns 480 channels and those that came in, at a `stride`-th of the size."""
        double = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(map_NCHW)))
        return torch.cat([self.branch3x3(map_NCHW), double, self.pool(map_NCHW)], dim=1)


class InceptionC(nn.Module):
    """Branches of 1x1, once and twice 7x7 convolutions, each in two halves, and a mean; figure 6."""

    def __init__(self, channels_in: int, width: int, *, dilation: int) -> None:
        super().__init__()
        across = partial(ConvNorm, kernel=(1, 7), dilation=dilation)
        down = partial(ConvNorm, kernel=(7, 1), dilation=dilation)
        self.branch1x1 = ConvNorm(channels_in, 192)
        self.branch7x7_1 = ConvNorm(channels_in, width)
        self.branch7x7_2 = across(width, width)
        self.branch7x7_3 = down(width, 192)
        self.branch7x7dbl_1 = ConvNorm(channels_in, width)
        self.branch7x7dbl_2 = down(width, width)
        self.branch7x7dbl_3 = across(width, width)
        self.branch7x7dbl_4 = down(width, width)
        self.branch7x7dbl_5 = across(width, 192)
        self.branch_pool = ConvNorm(channels_in, 192)
        self.dilation = dilation

    def forward(self, map_NCHW: Tensor) -> Tensor:
        """Returns 768 channels at the same size."""
        once = self.branch7x7_3(self.branch7x7_2(self.branch7x7_1(map_NCHW)))
        twice = self.branch7x7dbl_3(self.branch7x7dbl_2(self.branch7x7dbl_1(map_NCHW)))
        twice = self.branch7x7dbl_5(self.branch7x7dbl_4(twice))
        pooled = self.branch_pool(mean_3x3(map_NCHW, self.dilation))
        return torch.cat([self.branch1x1(map_NCHW), once, twice, pooled], dim=1)


class InceptionD(nn.Module):
    """Strided branches of 3x3, of 7x7 and 3x3 convolutions and a pool, side by side; as figure 10."""

    def __init__(self, channels_in: int, *, stride: int, dilation: int, is_padded: bool) -> None:
        super().__init__()
        strided = partial(ConvNorm, kernel=(3, 3), stride=stride, dilation=dilation, is_padded=is_padded)
        self.branch3x3_1 = ConvNorm(channels_in, 192)
        self.branch3x3_2 = strided(192, 320)
        self.branch7x7x3_1 = ConvNorm(channels_in, 192)
        self.branch7x7x3_2 = ConvNorm(192, 192, (1, 7), dilation=dilation)
        self.branch7x7x3_3 = ConvNorm(192, 192, (7, 1), dilation=dilation)
        self.branch7x7x3_4 = strided(192, 192)
        self.pool = MaxPool(stride=stride, dilation=dilation, is_padded=is_padded)

    def forward(self, map_NCHW: Tensor) -> Tensor:
        """Returns 512 channels and those that came in, at a `stride`-th of the size."""
        single = self.branch3x3_2(self.branch3x3_1(map_NCHW))
        wide = self.branch7x7x3_3(self.branch7x7x3_2(self.branch7x7x3_1(map_NCHW)))
        return torch.cat([single, self.branch7x7x3_4(wide), self.pool(map_NCHW)], dim=1)


class InceptionE(nn.Module):
    """Branches of 1x1 and 3x3 convolutions that end in two halves side by side, and a mean; figure 7."""

    def __init__(self, channels_in: int, *, dilation: int) -> None:
        super().__init__()
        across = partial(ConvNorm, kernel=(1, 3), dilation=dilation)
        down = partial(ConvNorm, kernel=(3, 1), dilation=dilation)
        self.branch1x1 = ConvNorm(channels_in, 320)
        self.branch3x3_1 = ConvNorm(channels_in, 384)
        self.branch3x3_2a = across(384, 384)
        self.branch3x3_2b = down(384, 384)
        self.branch3x3dbl_1 = ConvNorm(channels_in, 448)
        self.branch3x3dbl_2 = ConvNorm(448, 384, (3, 3), dilation=dilation)
        self.branch3x3dbl_3a = across(384, 384)
        self.branch3x3dbl_3b = down(384, 384)
        self.branch_pool = ConvNorm(channels_in, 192)
        self.dilation = dilation

    def forward(self, map_NCHW: Tensor) -> Tensor:
        """Returns 2048 channels at the same size."""
        single = self.branch3x3_1(map_NCHW)
        double = self.branch3x3dbl_2(self.branch3x3dbl_1(map_NCHW))
        halves = [
            self.branch3x3_2a(single),
            self.branch3x3_2b(single),
            self.branch3x3dbl_3a(double),
            self.branch3x3dbl_3b(double),
        ]
        pooled = self.branch_pool(mean_3x3(map_NCHW, self.dilation))
        return torch.cat([self.branch1x1(map_NCHW), *halves, pooled], dim=1)
