"""Where a ResNet of each kind strides, dilates and pools."""

from typing import Any

import pytest
import torch

from transferbench.backbones.base import DilatedShortcut, OutputStride
from transferbench.backbones.catalog import BACKBONES, create, spec_of
from transferbench.backbones.layouts import ResNetLayout
from transferbench.backbones.resnet import ResNet, SamePool
from transferbench.tricks.zero_gamma import ResidualBlock

RESNETS = [name for name, spec in BACKBONES.items() if spec.layout.family == "resnet"]


@pytest.mark.parametrize("name", RESNETS)
def test_every_residual_block_shows_its_last_norm(name: str) -> None:
    layout = spec_of(name).layout
    assert isinstance(layout, ResNetLayout)

    blocks = [module for module in _resnet(name).modules() if isinstance(module, ResidualBlock)]

    assert len(blocks) == sum(layout.depths)


def test_b_is_the_plain_network_of_torchvision_under_another_name() -> None:
    assert spec_of("resnet50").layout == spec_of("resnet50_b").layout
    assert spec_of("resnet50").layout != spec_of("resnet50_v1").layout


@pytest.mark.parametrize(("name", "strided"), [("resnet50_v1", "conv1"), ("resnet50", "conv2")])
def test_a_bottleneck_strides_where_its_kind_says(name: str, strided: str) -> None:
    block = _resnet(name).layer2[0]

    strides = {part: getattr(block, part).stride for part in ("conv1", "conv2", "conv3")}

    assert {part for part, stride in strides.items() if stride == (2, 2)} == {strided}


@pytest.mark.parametrize(
    ("output_stride", "expected"),
    [(32, [1, 1, 1, 1]), (16, [1, 1, 1, 2]), (8, [1, 2, 2, 4])],
)
def test_a_first_block_keeps_the_dilation_of_the_stage_before(
    output_stride: OutputStride, expected: list[int]
) -> None:
    backbone = _resnet("resnet50_d", output_stride=output_stride)

    blocks: list[Any] = [stage[block] for stage in (backbone.layer3, backbone.layer4) for block in (0, 1)]

    assert [block.conv2.dilation[0] for block in blocks] == expected


@pytest.mark.parametrize(
    ("dilated_shortcut", "expected"),
    [
        ("identity", ["Identity", "AvgPool2d", "Identity", "Identity"]),
        ("pool", ["Identity", "AvgPool2d", "SamePool", "SamePool"]),
    ],
)
def test_a_dilated_shortcut_pools_if_it_is_told_to(
    dilated_shortcut: DilatedShortcut, expected: list[str]
) -> None:
    backbone: Any = _resnet("resnet50_d", output_stride=8, dilated_shortcut=dilated_shortcut)

    pools = [type(stage[0].downsample[0]).__name__ for stage in backbone.stages]

    assert pools == expected


def test_the_pool_of_a_dilated_shortcut_counts_zeros_after_the_last_pixels() -> None:
    map_NCHW = torch.tensor([[[[1.0, 2.0], [3.0, 6.0]]]])

    assert SamePool()(map_NCHW).tolist() == [[[[3.0, 2.0], [2.25, 1.5]]]]


def _resnet(name: str, **settings: Any) -> ResNet:
    with torch.device("meta"):
        backbone = create(name, **settings)
    assert isinstance(backbone, ResNet)
    return backbone
