"""A file of the wrong network is recognised for what it is."""

import pytest
import torch
from torch import Tensor

from transferbench.backbones.catalog import create
from transferbench.backbones.weights.likely import likely


def tensors_of(arch: str) -> dict[str, Tensor]:
    with torch.device("meta"):
        return create(arch).state_dict()


@pytest.mark.parametrize(
    "arch", ["resnet18_d", "resnet50_c", "resnet101_d", "mobilenet_v1_050", "inception_v3", "mini_c"]
)
def test_a_network_is_known_by_its_tensors_with_its_classifier_or_without(arch: str) -> None:
    tensors = tensors_of(arch)
    head = {"fc.weight": torch.empty(7, 9), "fc.bias": torch.empty(7)}

    assert likely(tensors) == f"it looks like a file for {arch!r}; "
    if not arch.startswith("mobilenet"):
        assert likely({**tensors, **head}) == f"it looks like a file for {arch!r}; "


def test_networks_of_the_same_shapes_are_all_named() -> None:
    assert likely(tensors_of("resnet101")) == (
        "it looks like a file for 'resnet101' "
        "(or 'resnet101_b', 'resnet101_v1', whose tensors have the same shapes); "
    )


def test_a_file_that_lacks_a_tensor_is_most_of_what_was_asked_for() -> None:
    tensors = tensors_of("mini_d")
    del tensors["layer1.0.conv1.weight"]

    assert likely(tensors, asked="mini_d") == (
        "most of 'mini_d' is there, so the file may have been cut or edited; "
    )


def test_a_network_that_is_none_of_ours_is_told_by_its_stem() -> None:
    assert likely({"patch_embed.proj.weight": torch.empty(96, 3, 4, 4)}) == (
        "no backbone of the catalog has such tensors (its stem is 'patch_embed.proj.weight' of 96x3x4x4); "
        "one of timm's may, as --arch timm:NAME; "
    )
    assert likely({"embed.weight": torch.empty(30, 8)}) == (
        "no backbone of the catalog has such tensors (none of its tensors is a convolution of RGB pictures); "
        "one of timm's may, as --arch timm:NAME; "
    )
