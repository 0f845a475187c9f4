"""Inception-V3, without its auxiliary head.

Parameters are called as in torchvision and timm, whose state dicts load without `AuxLogits` and `fc`.

Dimension key: N images, C channels, H x W pixels.
"""

from __future__ import annotations

from torch import Tensor, nn

from transferbench.backbones.base import Backbone, Form, OutputStride
from transferbench.backbones.catalog import BackboneSpec
from transferbench.backbones.inception_blocks import (
    ConvNorm,
    InceptionA,
    InceptionB,
    InceptionC,
    InceptionD,
    InceptionE,
    MaxPool,
)
from transferbench.errors import WeightsError

SMALLEST_PIXELS = 75
"""Side of the smallest picture that unpadded layers leave anything of."""


class InceptionV3(Backbone):
    """Six convolutions and eleven blocks of parallel branches; the maps have strides 4, 8, 16 and 32.

    "valid" padding is the original: what strides has no padding, nor have two convolutions of the
    stem, so that the maps' first steps lie some way into the picture. "symmetric" pads them all,
    with the same weights: the maps begin at the picture's corner and have the sizes that detection
    and segmentation reckon with.

    With an output stride of 16 or 8 `Mixed_7a` alone or `Mixed_6a` too keeps its resolution, and
    what comes after dilates, the means among it; a block that lost its stride keeps the dilation of
    the block before.

    Maps for an image of H x W, symmetric: 192 x H/4 x W/4, 288 x H/8 x W/8, 768 x H/16 x W/16,
    2048 x H/32 x W/32 (rounded up). Valid, for 299 x 299: 192 x 71 x 71, 288 x 35 x 35,
    768 x 17 x 17, 2048 x 8 x 8.

    Source:
        Szegedy et al. 2016, table 1 and figures 5 to 7 and 10; GluonCV's `inception.py`, torchvision
        and timm for the widths that the table leaves open.
    """

    def __init__(
        self, spec: BackboneSpec, *, output_stride: OutputStride = 32, form: Form | None = None
    ) -> None:
        super().__init__()
        self.describe_by(spec, output_stride=output_stride, form=form)

        is_padded = self.form.padding == "symmetric"
        stride_6, stride_7 = (2 if output_stride >= reached else 1 for reached in (16, 32))
        dilation_6 = 2 // stride_6
        self.Conv2d_1a_3x3 = ConvNorm(3, 32, (3, 3), stride=2, is_padded=is_padded)
        self.Conv2d_2a_3x3 = ConvNorm(32, 32, (3, 3), is_padded=is_padded)
        self.Conv2d_2b_3x3 = ConvNorm(32, 64, (3, 3))
        self.Pool1 = MaxPool(is_padded=is_padded)
        self.Conv2d_3b_1x1 = ConvNorm(64, 80)
        self.Conv2d_4a_3x3 = ConvNorm(80, 192, (3, 3), is_padded=is_padded)
        self.Pool2 = MaxPool(is_padded=is_padded)
        self.Mixed_5b = InceptionA(192, 32)
        self.Mixed_5c = InceptionA(256, 64)
        self.Mixed_5d = InceptionA(288, 64)
        self.Mixed_6a = InceptionB(288, stride=stride_6, is_padded=is_padded)
        self.Mixed_6b = InceptionC(768, 128, dilation=dilation_6)
        self.Mixed_6c = InceptionC(768, 160, dilation=dilation_6)
        self.Mixed_6d = InceptionC(768, 160, dilation=dilation_6)
        self.Mixed_6e = InceptionC(768, 192, dilation=dilation_6)
        self.Mixed_7a = InceptionD(768, stride=stride_7, dilation=dilation_6, is_padded=is_padded)
        self.Mixed_7b = InceptionE(1280, dilation=dilation_6 * 2 // stride_7)
        self.Mixed_7c = InceptionE(2048, dilation=dilation_6 * 2 // stride_7)

    def stem(self, images_NCHW: Tensor) -> Tensor:
        self._require_size(images_NCHW)
        map_NCHW: Tensor = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(images_NCHW)))
        pooled_NCHW: Tensor = self.Pool1(map_NCHW)
        return pooled_NCHW

    @property
    def stages(self) -> tuple[nn.Module, ...]:
        # Made when asked for: an attribute would put the parameters in twice.
        return (
            nn.Sequential(self.Conv2d_3b_1x1, self.Conv2d_4a_3x3),
            nn.Sequential(self.Pool2, self.Mixed_5b, self.Mixed_5c, self.Mixed_5d),
            nn.Sequential(self.Mixed_6a, self.Mixed_6b, self.Mixed_6c, self.Mixed_6d, self.Mixed_6e),
            nn.Sequential(self.Mixed_7a, self.Mixed_7b, self.Mixed_7c),
        )

    def _require_size(self, images_NCHW: Tensor) -> None:
        height, width = images_NCHW.shape[2:]
        if self.form.padding == "valid" and min(height, width) < SMALLEST_PIXELS:
            raise WeightsError(
                f"{self.arch}: expected pictures of at least {SMALLEST_PIXELS} x {SMALLEST_PIXELS} pixels "
                f"for unpadded layers, found {height} x {width}; make them larger, or take the padding "
                "'symmetric'"
            )
