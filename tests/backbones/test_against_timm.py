"""The same weights give the same maps as in timm and torchvision."""

from typing import Any

import pytest
import torch
from torch import nn

from transferbench.backbones.base import Backbone, OutputStride
from transferbench.backbones.catalog import create

PAIRS = [
    ("resnet18", "resnet18"),
    ("resnet18_d", "resnet18d"),
    ("resnet34_d", "resnet34d"),
    ("resnet50", "resnet50"),
    ("resnet50_b", "resnet50"),
    ("resnet50_c", "resnet50c"),
    ("resnet50_d", "resnet50d"),
]


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_maps_and_pooled_features_equal_timms(ours: str, theirs: str) -> None:
    peer = _shaken(_timm().create_model(theirs, num_classes=10))
    backbone = _with_weights_of(peer, create(ours))
    images_NCHW = _images()

    with torch.no_grad():
        maps = backbone(images_NCHW)
        logits_NK = peer.fc(maps[-1].mean((2, 3)))

        torch.testing.assert_close(maps[-1], peer.forward_features(images_NCHW), atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(logits_NK, peer(images_NCHW), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("output_stride", [16, 8])
@pytest.mark.parametrize(("ours", "theirs"), [("resnet18", "resnet18"), ("resnet50_c", "resnet50c")])
def test_dilated_maps_equal_timms(ours: str, theirs: str, output_stride: OutputStride) -> None:
    peer = _shaken(_timm().create_model(theirs, num_classes=0, output_stride=output_stride))
    backbone = _with_weights_of(peer, create(ours, output_stride=output_stride))

    with torch.no_grad():
        ours_NCHW, theirs_NCHW = backbone(_images())[-1], peer.forward_features(_images())

    torch.testing.assert_close(ours_NCHW, theirs_NCHW, atol=1e-5, rtol=1e-5)


def test_a_dilated_d_departs_from_timm_because_its_shortcut_does_not_pool() -> None:
    peer = _shaken(_timm().create_model("resnet18d", num_classes=0, output_stride=8))
    backbone = _with_weights_of(peer, create("resnet18_d", output_stride=8))

    with torch.no_grad():
        maps = backbone(_images())
        second_NCHW = peer.layer2(peer.layer1(backbone.stem(_images())))

    torch.testing.assert_close(maps[1], second_NCHW, atol=1e-5, rtol=1e-5)
    assert not torch.allclose(maps[3], peer.forward_features(_images()), atol=1e-2)


def test_every_map_equals_timms_at_its_stage() -> None:
    peer = _shaken(_timm().create_model("resnet18d", features_only=True, out_indices=(1, 2, 3, 4)))
    backbone = _with_weights_of(peer, create("resnet18_d"))

    with torch.no_grad():
        pairs = zip(backbone(_images()), peer(_images()), strict=True)

    for ours_NCHW, theirs_NCHW in pairs:
        torch.testing.assert_close(ours_NCHW, theirs_NCHW, atol=1e-5, rtol=1e-5)


def test_logits_equal_torchvisions() -> None:
    from torchvision.models import resnet50

    peer = _shaken(resnet50(num_classes=10))
    backbone = _with_weights_of(peer, create("resnet50"))

    with torch.no_grad():
        logits_NK = peer.fc(backbone(_images())[-1].mean((2, 3)))

        torch.testing.assert_close(logits_NK, peer(_images()), atol=1e-5, rtol=1e-5)


def _timm() -> Any:
    return pytest.importorskip("timm", reason="needs the extra `timm`")


def _images() -> torch.Tensor:
    return torch.randn(2, 3, 65, 96, generator=torch.Generator().manual_seed(7))


def _shaken(model: Any) -> Any:
    """Returns the model with norms that do something, scaled so that activations stay near one."""
    generator = torch.Generator().manual_seed(1)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.weight.data.uniform_(0.3, 0.7, generator=generator)
            module.bias.data.normal_(0, 0.2, generator=generator)
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.normal_(0, 0.2, generator=generator)
            module.running_var.uniform_(0.7, 1.5, generator=generator)
    return model.eval()


def _with_weights_of(peer: Any, backbone: Backbone) -> Backbone:
    weights = {name: t for name, t in peer.state_dict().items() if not name.startswith("fc.")}
    backbone.load_state_dict(weights, strict=True)
    return backbone.eval()
