"""Inception-V3: where its maps lie, and that dilation only fills in between them."""

from typing import Any

import pytest
import torch
from torch.nn.functional import avg_pool2d

from transferbench.backbones.agreement import shake
from transferbench.backbones.base import Backbone, OutputStride
from transferbench.backbones.card import Form
from transferbench.backbones.catalog import create
from transferbench.backbones.inception_blocks import MaxPool, mean_3x3
from transferbench.errors import WeightsError

PADDINGS: list[Any] = ["valid", "symmetric"]


@pytest.fixture(scope="module")
def weights() -> dict[str, torch.Tensor]:
    network = create("inception_v3").double()
    shake(network, torch.randn(2, 3, 107, 108, generator=_rng(), dtype=torch.float64))
    return network.state_dict()


@pytest.mark.parametrize("output_stride", [16, 8])
@pytest.mark.parametrize("padding", PADDINGS)
def test_every_other_step_of_a_dilated_map_is_the_undilated_one(
    weights: dict[str, torch.Tensor], padding: Any, output_stride: OutputStride
) -> None:
    undilated, dilated = (_network(weights, stride, padding) for stride in (32, output_stride))
    images_NCHW = torch.randn(1, 3, 107, 108, generator=_rng(), dtype=torch.float64)

    with torch.no_grad():
        pairs = zip(dilated(images_NCHW), undilated(images_NCHW), undilated.strides, strict=True)

        for fine_NCHW, coarse_NCHW, stride in pairs:
            step = max(stride // output_stride, 1)
            torch.testing.assert_close(fine_NCHW[:, :, ::step, ::step], coarse_NCHW)


@pytest.mark.parametrize(
    ("output_stride", "sides"), [(32, (71, 35, 17, 8)), (16, (71, 35, 17, 15)), (8, (71, 35, 33, 29))]
)
def test_unpadded_maps_have_the_sizes_of_the_table(
    output_stride: OutputStride, sides: tuple[int, ...]
) -> None:
    with torch.device("meta"):
        maps = create("inception_v3", output_stride=output_stride)(torch.zeros(2, 3, 299, 299))

    assert tuple(map_NCHW.shape[2] for map_NCHW in maps) == sides


@pytest.mark.parametrize("output_stride", [32, 16, 8])
def test_the_smallest_picture_has_one_step_and_smaller_ones_are_refused(output_stride: OutputStride) -> None:
    network = create("inception_v3", output_stride=output_stride).eval()

    with torch.no_grad():
        assert network(torch.zeros(1, 3, 75, 75))[-1].shape == (1, 2048, 1, 1)
    with pytest.raises(WeightsError, match="inception_v3: expected pictures of at least 75 x 75 pixels"):
        network(torch.zeros(1, 3, 200, 74))


def test_padded_layers_take_a_picture_of_any_size() -> None:
    network = create("inception_v3", form=Form(padding="symmetric")).eval()

    with torch.no_grad():
        maps = network(torch.zeros(1, 3, 9, 20))

    assert [tuple(map_NCHW.shape[2:]) for map_NCHW in maps] == [(3, 5), (2, 3), (1, 2), (1, 1)]


@pytest.mark.parametrize("dilation", [1, 2, 4])
def test_a_dilated_mean_is_the_mean_of_each_grid_of_its_own(dilation: int) -> None:
    map_NCHW = torch.randn(2, 3, 9, 14, dtype=torch.float64)

    mean_NCHW = mean_3x3(map_NCHW, dilation)

    for row in range(dilation):
        for column in range(dilation):
            grid = (..., slice(row, None, dilation), slice(column, None, dilation))
            expected_NCHW = avg_pool2d(map_NCHW[grid], 3, stride=1, padding=1)
            torch.testing.assert_close(mean_NCHW[grid], expected_NCHW)


def test_a_padded_pool_never_returns_its_padding() -> None:
    map_NCHW = -torch.arange(1.0, 5.0).reshape(1, 1, 2, 2)

    pooled_NCHW = MaxPool(stride=1, dilation=2, is_padded=True)(map_NCHW)

    torch.testing.assert_close(pooled_NCHW, map_NCHW)


def test_stages_are_made_anew_and_share_the_parameters() -> None:
    network = create("inception_v3")

    first, again = network.stages[3], network.stages[3]

    assert [id(p) for p in first.parameters()] == [id(p) for p in again.parameters()]
    assert len(network.state_dict()) == len(set(network.state_dict())) == 564


def test_stages_follow_the_network_into_evaluation_mode_and_half_precision() -> None:
    network = create("inception_v3").eval().to(torch.bfloat16)

    modules = [module for stage in network.stages for child in stage.children() for module in child.modules()]

    assert not any(module.training for module in modules)
    assert {p.dtype for stage in network.stages for p in stage.parameters()} == {torch.bfloat16}


def _network(weights: dict[str, torch.Tensor], output_stride: OutputStride, padding: Any) -> Backbone:
    with torch.device("meta"):
        network = create("inception_v3", output_stride=output_stride, form=Form(padding=padding))
    network.load_state_dict(weights, assign=True)
    return network.eval()


def _rng() -> torch.Generator:
    return torch.Generator().manual_seed(3)
