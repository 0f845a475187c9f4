"""What holds for every backbone of the catalog."""

import json
from dataclasses import asdict
from typing import Any

import pytest
import torch

from transferbench.backbones.base import OutputStride
from transferbench.backbones.catalog import BACKBONES, BackboneSpec, create, spec_of
from transferbench.backbones.resnet import ResNet
from transferbench.errors import WeightsError
from transferbench.tricks.zero_gamma import ResidualBlock

SMALL = ["mini_b", "mini_c", "mini_d", "resnet18", "resnet50_v1"]


@pytest.mark.parametrize("name", BACKBONES)
def test_an_entry_says_what_it_is_and_where_it_comes_from(name: str) -> None:
    spec = BACKBONES[name]

    assert spec.name == name
    assert spec.about
    assert spec.source
    assert json.dumps(asdict(spec))


@pytest.mark.parametrize("output_stride", [32, 16, 8])
@pytest.mark.parametrize("name", BACKBONES)
def test_maps_have_the_channels_and_strides_stated(name: str, output_stride: OutputStride) -> None:
    with torch.device("meta"):
        backbone = ResNet(spec_of(name), output_stride=output_stride)

        maps = backbone(torch.zeros(2, 3, 64, 64))

    assert tuple(m.shape[1] for m in maps) == backbone.channels == BACKBONES[name].channels
    assert tuple(64 // m.shape[2] for m in maps) == backbone.strides
    assert backbone.strides[-1] == output_stride


@pytest.mark.parametrize("name", BACKBONES)
def test_every_residual_block_shows_its_last_norm(name: str) -> None:
    spec = BACKBONES[name]
    with torch.device("meta"):
        backbone = ResNet(spec)

    blocks = [module for module in backbone.modules() if isinstance(module, ResidualBlock)]

    assert len(blocks) == sum(spec.layout.depths)


@pytest.mark.parametrize("name", SMALL)
def test_a_picture_of_odd_size_gives_maps(name: str) -> None:
    backbone = create(name).eval()

    maps = backbone(torch.zeros(1, 3, 75, 97))

    assert [tuple(m.shape[2:]) for m in maps] == [(19, 25), (10, 13), (5, 7), (3, 4)]


@pytest.mark.parametrize("name", SMALL)
def test_the_same_seed_gives_the_same_weights_and_another_seed_others(name: str) -> None:
    first, again, other = (create(name, seed=seed).state_dict() for seed in (3, 3, 4))

    assert all(torch.equal(first[key], again[key]) for key in first)
    assert not torch.equal(first["layer1.0.conv1.weight"], other["layer1.0.conv1.weight"])


def test_making_a_backbone_leaves_the_global_generator_alone() -> None:
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)

    create("mini_d", seed=5)

    assert torch.equal(torch.rand(1), expected)


def test_the_output_stride_changes_no_weight() -> None:
    fine, coarse = (create("mini_d", output_stride=stride).state_dict() for stride in (8, 32))

    assert fine.keys() == coarse.keys()
    assert all(torch.equal(fine[key], coarse[key]) for key in fine)


def test_convolutions_start_with_a_variance_of_two_over_fan_out() -> None:
    weight = create("resnet18").state_dict()["layer4.1.conv2.weight"]

    assert weight.var().item() == pytest.approx(2 / (512 * 9), rel=0.01)


@pytest.mark.parametrize(
    ("name", "millions"),
    [
        ("resnet50_v1", 25.557),
        ("resnet50", 25.557),
        ("resnet50_b", 25.557),
        ("resnet50_c", 25.576),
        ("resnet50_d", 25.576),
        ("resnet152_d", 60.21),
        ("resnet18", 11.69),
    ],
)
def test_with_a_classifier_there_are_as_many_parameters_as_published(name: str, millions: float) -> None:
    with torch.device("meta"):
        backbone = ResNet(spec_of(name))

    count = sum(parameter.numel() for parameter in backbone.parameters())
    classifier = 1000 * (backbone.channels[-1] + 1)

    assert (count + classifier) / 1e6 == pytest.approx(millions, abs=0.005)


def test_b_is_the_plain_network_of_torchvision_under_another_name() -> None:
    assert spec_of("resnet50").layout == spec_of("resnet50_b").layout
    assert spec_of("resnet50").layout != spec_of("resnet50_v1").layout


@pytest.mark.parametrize(("name", "strided"), [("resnet50_v1", "conv1"), ("resnet50", "conv2")])
def test_a_bottleneck_strides_where_its_kind_says(name: str, strided: str) -> None:
    with torch.device("meta"):
        block = ResNet(spec_of(name)).layer2[0]

    strides = {part: getattr(block, part).stride for part in ("conv1", "conv2", "conv3")}

    assert {part for part, stride in strides.items() if stride == (2, 2)} == {strided}


@pytest.mark.parametrize(
    ("output_stride", "expected"),
    [(32, [1, 1, 1, 1]), (16, [1, 1, 1, 2]), (8, [1, 2, 2, 4])],
)
def test_a_first_block_keeps_the_dilation_of_the_stage_before(
    output_stride: OutputStride, expected: list[int]
) -> None:
    with torch.device("meta"):
        backbone = ResNet(spec_of("resnet50_d"), output_stride=output_stride)

    blocks: list[Any] = [stage[block] for stage in (backbone.layer3, backbone.layer4) for block in (0, 1)]

    assert [block.conv2.dilation[0] for block in blocks] == expected


def test_a_dilated_shortcut_does_not_pool() -> None:
    with torch.device("meta"):
        backbone = ResNet(spec_of("resnet50_d"), output_stride=8)

    pools = [type(stage[0].downsample[0]).__name__ for stage in backbone.stages]  # type: ignore[index]

    assert pools == ["Identity", "AvgPool2d", "Identity", "Identity"]


def test_normalized_pixels_have_the_mean_taken_off() -> None:
    backbone = create("mini_b")
    grey_NCHW = torch.tensor(backbone.pixels.mean)[None, :, None, None].expand(1, 3, 2, 2)

    assert backbone.pixels.input_size == 64
    torch.testing.assert_close(backbone.normalize(grey_NCHW), torch.zeros(1, 3, 2, 2))


@pytest.mark.parametrize(
    ("name", "hint"),
    [("resnet50d", "did you mean 'resnet50_d'?"), ("vgg", "see `transferbench list backbones`")],
)
def test_an_unknown_name_gets_the_nearest_one(name: str, hint: str) -> None:
    with pytest.raises(WeightsError) as caught:
        create(name)

    assert str(caught.value) == f"backbone: expected a name of the catalog, found {name!r}; {hint}"


def test_specs_are_values() -> None:
    assert isinstance(spec_of("mini_d"), BackboneSpec)
    assert len({spec.name for spec in BACKBONES.values()}) == len(BACKBONES)
