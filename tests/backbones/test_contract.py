"""What holds for every backbone of the catalog."""

import json
from dataclasses import asdict
from functools import cache
from math import ceil
from typing import Any

import pytest
import torch

from transferbench.backbones.base import Backbone, OutputStride
from transferbench.backbones.card import Form
from transferbench.backbones.catalog import BACKBONES, BackboneSpec, create, spec_of
from transferbench.backbones.layouts import ResNetLayout
from transferbench.errors import WeightsError

SMALL = ["mini_b", "mini_c", "mini_d", "mobilenet_v1_025", "inception_v3"]
PADDED = [
    (name, padding)
    for name, spec in BACKBONES.items()
    for padding in spec.layout.paddings
    if padding != "valid"
]


@pytest.mark.parametrize("name", BACKBONES)
def test_an_entry_says_what_it_is_and_where_it_comes_from(name: str) -> None:
    spec = BACKBONES[name]

    assert spec.name == name
    assert spec.about
    assert spec.source
    assert json.dumps(asdict(spec))


@pytest.mark.parametrize("output_stride", [32, 16, 8])
@pytest.mark.parametrize(("name", "padding"), PADDED)
def test_maps_have_the_channels_and_strides_stated(
    name: str, padding: Any, output_stride: OutputStride
) -> None:
    backbone = _without_numbers(name, output_stride=output_stride, form=Form(padding=padding))

    with torch.no_grad():
        maps = backbone(torch.zeros(1, 3, 75, 97, device="meta"))

    sizes = [(ceil(75 / stride), ceil(97 / stride)) for stride in backbone.strides]
    assert [tuple(map_NCHW.shape[2:]) for map_NCHW in maps] == sizes
    assert tuple(map_NCHW.shape[1] for map_NCHW in maps) == backbone.channels == BACKBONES[name].channels
    assert backbone.strides == tuple(min(stride, output_stride) for stride in BACKBONES[name].strides)


@pytest.mark.parametrize("name", BACKBONES)
def test_a_backbone_is_what_its_entry_says(name: str) -> None:
    spec = BACKBONES[name]

    backbone = _without_numbers(name)

    assert (backbone.arch, backbone.pixels, backbone.form) == (name, spec.pixels, spec.form)
    assert (backbone.dropout, backbone.is_staged) == (spec.dropout, True)


@pytest.mark.parametrize("name", BACKBONES)
def test_stem_and_stages_share_out_the_parameters(name: str) -> None:
    backbone = _without_numbers(name)

    stages = [parameter for stage in backbone.stages for parameter in stage.parameters()]

    fronts = [len(backbone.front_parameters(count)) for count in range(5)]
    assert fronts[0] == 0
    assert fronts == sorted(set(fronts))
    assert fronts[4] == len(list(backbone.parameters()))
    assert fronts[4] - len(stages) > 0
    assert len({id(parameter) for parameter in stages}) == len(stages)
    assert all("stage" not in key for key in backbone.state_dict())


@pytest.mark.parametrize("name", SMALL)
def test_stem_and_stages_in_turn_are_the_backbone(name: str) -> None:
    backbone = create(name).eval()
    images_NCHW = torch.randn(1, 3, 80, 96)

    with torch.no_grad():
        map_NCHW = backbone.stem(images_NCHW)
        for stage, expected_NCHW in zip(backbone.stages, backbone(images_NCHW), strict=True):
            map_NCHW = stage(map_NCHW)
            assert torch.equal(map_NCHW, expected_NCHW)


@pytest.mark.parametrize("name", SMALL)
def test_the_same_seed_gives_the_same_weights_and_another_seed_others(name: str) -> None:
    first, again, other = (create(name, seed=seed).state_dict() for seed in (3, 3, 4))

    drawn = [key for key, tensor in first.items() if tensor.ndim == 4]
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert drawn
    assert not any(torch.equal(first[key], other[key]) for key in drawn)


@pytest.mark.parametrize("name", SMALL)
def test_making_a_backbone_leaves_the_global_generator_alone(name: str) -> None:
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)

    create(name, seed=5)

    assert torch.equal(torch.rand(1), expected)


@pytest.mark.parametrize("name", ["mini_d", "mobilenet_v1_025", "inception_v3"])
def test_the_output_stride_changes_no_weight(name: str) -> None:
    fine, coarse = (create(name, output_stride=stride).state_dict() for stride in (8, 32))

    assert fine.keys() == coarse.keys()
    assert all(torch.equal(fine[key], coarse[key]) for key in fine)


@pytest.mark.parametrize("name", ["mobilenet_v1_025", "inception_v3"])
def test_the_form_changes_no_weight(name: str) -> None:
    layout = spec_of(name).layout
    first, *others = (
        create(name, form=Form(activation, padding)).state_dict()
        for activation in layout.activations
        for padding in layout.paddings
    )

    assert all(first.keys() == other.keys() for other in others)
    assert all(torch.equal(first[key], other[key]) for key in first for other in others)


@pytest.mark.parametrize(
    ("name", "form", "words"),
    [
        ("resnet50_d", Form("relu6"), "activation: expected 'relu', found 'relu6'"),
        ("mini_b", Form(padding="same"), "padding: expected 'symmetric', found 'same'"),
        ("inception_v3", Form(padding="same"), "padding: expected 'valid' or 'symmetric', found 'same'"),
        ("mobilenet_v1_050", Form(padding="valid"), "padding: expected 'symmetric' or 'same', found 'valid'"),
    ],
)
def test_a_form_that_an_architecture_has_not_is_refused(name: str, form: Form, words: str) -> None:
    with pytest.raises(WeightsError) as caught:
        create(name, form=form)

    assert str(caught.value) == f"{name}: {words}; set another, or take another architecture"


def test_convolutions_start_with_a_variance_of_two_over_fan_out() -> None:
    weight = create("resnet18").state_dict()["layer4.1.conv2.weight"]

    assert weight.var().item() == pytest.approx(2 / (512 * 9), rel=0.01)


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
    assert isinstance(spec_of("mini_d").layout, ResNetLayout)
    assert len({spec.name for spec in BACKBONES.values()}) == len(BACKBONES)


@cache
def _without_numbers(name: str, **settings: Any) -> Backbone:
    with torch.device("meta"):
        return create(name, **settings).eval()
