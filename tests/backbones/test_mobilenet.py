"""MobileNet: TensorFlow's padding, the clip, and dilation."""

from typing import Any

import pytest
import torch
from torch.nn.functional import conv2d, pad

from transferbench.backbones.agreement import shake
from transferbench.backbones.base import OutputStride
from transferbench.backbones.card import Form
from transferbench.backbones.catalog import create
from transferbench.backbones.mobilenet import SameConv2d

SAME = Form("relu6", "same")


@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        ([1, 2, 3, 4], [1 + 2 + 3, 3 + 4]),
        ([1, 2, 3, 4, 5], [1 + 2, 2 + 3 + 4, 4 + 5]),
        ([7], [7]),
    ],
)
def test_same_padding_puts_the_odd_zero_after(pixels: list[float], expected: list[float]) -> None:
    convolution = SameConv2d(1, 1, (1, 3), stride=(1, 2), bias=False)
    torch.nn.init.ones_(convolution.weight)

    map_NCHW = convolution(torch.tensor(pixels).reshape(1, 1, 1, -1).float())

    assert map_NCHW.flatten().tolist() == expected


@pytest.mark.parametrize(("height", "width"), [(8, 8), (7, 9), (8, 9), (1, 2)])
def test_same_padding_is_each_axis_of_its_own(height: int, width: int) -> None:
    convolution = SameConv2d(2, 2, 3, stride=2, bias=False)
    images_NCHW = torch.randn(1, 2, height, width)
    edges = (int(width % 2 == 1), 1, int(height % 2 == 1), 1)

    map_NCHW = convolution(images_NCHW)

    expected_NCHW = conv2d(pad(images_NCHW, edges), convolution.weight, stride=2)
    torch.testing.assert_close(map_NCHW, expected_NCHW)


def test_same_and_symmetric_padding_agree_on_odd_sizes_alone() -> None:
    same, symmetric = (create("mobilenet_v1_025", form=Form(padding=padding)) for padding in _PADDINGS)

    with torch.no_grad():
        odd, even = (
            [network.eval()(images_NCHW)[0] for network in (same, symmetric)]
            for images_NCHW in (torch.randn(1, 3, 33, 33), torch.randn(1, 3, 32, 32))
        )

    torch.testing.assert_close(*odd)
    assert not torch.allclose(*even)


def test_relu6_stops_at_six_and_relu_does_not() -> None:
    clipped, free = (create("mobilenet_v1_025", form=Form(kind)) for kind in ("relu6", "relu"))
    images_NCHW = torch.randn(1, 3, 64, 64)
    for network in (clipped, free):
        shake(network, images_NCHW)

    with torch.no_grad():
        assert max(map_NCHW.max().item() for map_NCHW in clipped(1000 * images_NCHW)) == 6.0
        assert max(map_NCHW.max().item() for map_NCHW in free(1000 * images_NCHW)) > 6.0


@pytest.mark.parametrize("output_stride", [16, 8])
@pytest.mark.parametrize(("padding", "size"), [("symmetric", 97), ("symmetric", 96), ("same", 97)])
def test_every_other_step_of_a_dilated_map_is_the_undilated_one(
    padding: Any, size: int, output_stride: OutputStride
) -> None:
    undilated, dilated = _pair(Form(padding=padding), output_stride)
    images_NCHW = torch.randn(1, 3, size, size + 32, dtype=torch.float64)

    with torch.no_grad():
        coarse_NCHW, fine_NCHW = undilated(images_NCHW)[-1], dilated(images_NCHW)[-1]

    step = 32 // output_stride
    torch.testing.assert_close(fine_NCHW[:, :, ::step, ::step], coarse_NCHW)


@pytest.mark.parametrize(("output_stride", "first"), [(16, 1), (8, 3)])
def test_under_same_padding_even_maps_meet_at_later_steps(output_stride: OutputStride, first: int) -> None:
    undilated, dilated = _pair(SAME, output_stride)
    images_NCHW = torch.randn(1, 3, 96, 128, dtype=torch.float64)

    with torch.no_grad():
        coarse_NCHW, fine_NCHW = undilated(images_NCHW)[-1], dilated(images_NCHW)[-1]

    step = 32 // output_stride
    torch.testing.assert_close(fine_NCHW[:, :, first::step, first::step], coarse_NCHW)


@pytest.mark.parametrize(
    ("output_stride", "expected"), [(32, [1, 1, 1, 1]), (16, [1, 1, 1, 2]), (8, [1, 2, 2, 4])]
)
def test_a_first_block_keeps_the_dilation_of_the_stage_before(
    output_stride: OutputStride, expected: list[int]
) -> None:
    backbone: Any = create("mobilenet_v1_025", output_stride=output_stride)

    blocks = [stage[block] for stage in backbone.stages[2:] for block in (0, 1)]

    assert [block.conv_dw.dilation[0] for block in blocks] == expected


_PADDINGS: tuple[Any, ...] = ("same", "symmetric")


def _pair(form: Form, output_stride: OutputStride) -> tuple[torch.nn.Module, torch.nn.Module]:
    undilated = create("mobilenet_v1_025", form=form).double()
    shake(undilated, torch.randn(2, 3, 96, 96, dtype=torch.float64))
    dilated = create("mobilenet_v1_025", form=form, output_stride=output_stride).double().eval()
    dilated.load_state_dict(undilated.state_dict())
    return undilated, dilated
