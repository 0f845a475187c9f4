"""Parameters and multiply-adds are those of the papers."""

import pytest
import torch
from torch import nn

from transferbench.backbones.catalog import BACKBONES, create
from transferbench.backbones.cost import CLASSES, cost_of, costs_of, macs_of
from transferbench.errors import WeightsError


@pytest.mark.parametrize(
    ("name", "side", "gmacs", "millions"),
    [
        ("resnet50_v1", 224, 3.858, 25.557),
        ("resnet50", 224, 4.089, 25.557),
        ("resnet50_b", 224, 4.089, 25.557),
        ("resnet50_c", 224, 4.329, 25.576),
        ("resnet50_d", 224, 4.329, 25.576),
        ("resnet152_d", 224, 11.753, 60.212),
        ("resnet18", 224, 1.814, 11.690),
        ("mobilenet_v1_100", 224, 0.569, 4.232),
        ("inception_v3", 299, 5.713, 23.835),
    ],
)
def test_counts_are_those_published(name: str, side: int, gmacs: float, millions: float) -> None:
    cost = cost_of(name, side)

    assert cost.macs / 1e9 == pytest.approx(gmacs, abs=6e-4)
    assert cost.parameters / 1e6 == pytest.approx(millions, abs=6e-4)


def test_a_backbone_that_is_built_costs_what_its_name_does_without_the_classifier() -> None:
    backbone = create("mini_d").train()

    macs = macs_of(backbone, (224, 224))

    assert macs == cost_of("mini_d", 224).macs - CLASSES * backbone.channels[-1]
    assert backbone.training and not any(count.any() for count in batches_counted(backbone))


def test_counts_are_those_of_a_walk_over_the_layers() -> None:
    backbone = create("mini_d").eval()
    seen = []
    for module in backbone.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(
                lambda conv, _inputs, map_NCHW: seen.append(map_NCHW[0, 0].numel() * conv.weight.numel())
            )

    backbone(torch.zeros(1, 3, 64, 64))

    assert cost_of("mini_d", 64).macs == sum(seen) + 128 * 1000


def test_shapes_are_those_of_the_maps() -> None:
    cost = cost_of("inception_v3", 299)

    assert cost.shapes == ((192, 71, 71), (288, 35, 35), (768, 17, 17), (2048, 8, 8))


def test_sizes_are_counted_each() -> None:
    small, large = costs_of("mini_b", [32, 64])

    assert small.parameters == large.parameters
    assert (small.macs - 128_000) * 4 == large.macs - 128_000
    assert cost_of("mini_b", 64) == large


def test_two_names_of_one_network_cost_the_same() -> None:
    assert cost_of("resnet18_b") == cost_of("resnet18")


def test_counting_leaves_the_global_generator_alone() -> None:
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)

    cost_of("mini_c", 96)

    assert torch.equal(torch.rand(1), expected)


def test_a_network_of_timms_is_counted_too() -> None:
    pytest.importorskip("timm", reason="needs the extra `timm`")

    assert cost_of("timm:resnet18", 64) == cost_of("resnet18", 64)


@pytest.mark.parametrize("name", BACKBONES)
def test_everything_of_the_catalog_is_counted(name: str) -> None:
    cost = cost_of(name)

    assert 0 < cost.parameters < 61e6
    assert 0 < cost.macs < 12e9
    assert tuple(shape[0] for shape in cost.shapes) == BACKBONES[name].channels


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(WeightsError, match="expected a name of the catalog, found 'vgg'"):
        cost_of("vgg")


def batches_counted(backbone: nn.Module) -> list[torch.Tensor]:
    """Returns how many batches each norm has seen in training."""
    return [value for name, value in backbone.named_buffers() if name.endswith("num_batches_tracked")]
