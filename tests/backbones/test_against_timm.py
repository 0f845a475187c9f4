"""The same weights give the same maps and logits as in timm and torchvision."""

from typing import Any

import pytest
import torch
from torch.nn.functional import linear

from transferbench.backbones.agreement import shake
from transferbench.backbones.base import Backbone, OutputStride
from transferbench.backbones.card import Form
from transferbench.backbones.catalog import create, spec_of

RELU, RELU6, SAME = Form(), Form("relu6"), Form("relu6", "same")
PAIRS: list[tuple[str, str, Form | None, dict[str, Any]]] = [
    ("resnet18", "resnet18", None, {}),
    ("resnet34_d", "resnet34d", None, {}),
    ("resnet50_b", "resnet50", None, {}),
    ("resnet50_c", "resnet50c", None, {}),
    ("resnet50_d", "resnet50d", None, {}),
    ("mobilenet_v1_100", "mobilenetv1_100", RELU, {"act_layer": "relu"}),
    ("mobilenet_v1_100", "mobilenetv1_100", RELU6, {}),
    ("mobilenet_v1_100", "mobilenetv1_100", SAME, {"pad_type": "same"}),
    ("inception_v3", "inception_v3", None, {}),
]
DILATED: list[tuple[str, str, Form | None, dict[str, Any]]] = [
    pair for pair in PAIRS if pair[1] in ("resnet18", "resnet50c", "mobilenetv1_100")
]


@pytest.mark.parametrize(("ours", "theirs", "form", "settings"), PAIRS)
def test_last_maps_and_logits_equal_timms(
    ours: str, theirs: str, form: Form | None, settings: dict[str, Any]
) -> None:
    peer = _shaken(_timm().create_model(theirs, num_classes=10, **settings))
    backbone = _with_weights_of(peer, create(ours, form=form))

    with torch.no_grad():
        maps = backbone(_images())
        logits_NK = peer.get_classifier()(maps[-1].mean((2, 3)))

        torch.testing.assert_close(maps[-1], peer.forward_features(_images()), atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(logits_NK, peer(_images()), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("output_stride", [16, 8])
@pytest.mark.parametrize(("ours", "theirs", "form", "settings"), DILATED)
def test_dilated_maps_equal_timms(
    ours: str, theirs: str, form: Form | None, settings: dict[str, Any], output_stride: OutputStride
) -> None:
    backbone = create(ours, output_stride=output_stride, form=form)

    _assert_maps_equal_timms(backbone, theirs, output_stride=output_stride, **settings)


@pytest.mark.parametrize("output_stride", [16, 8])
@pytest.mark.parametrize(("ours", "theirs"), [("resnet18_d", "resnet18d"), ("resnet50_d", "resnet50d")])
def test_a_dilated_d_equals_timm_when_its_shortcut_pools(
    ours: str, theirs: str, output_stride: OutputStride
) -> None:
    backbone = create(ours, output_stride=output_stride, dilated_shortcut="pool")

    _assert_maps_equal_timms(backbone, theirs, output_stride=output_stride)


def test_a_dilated_d_departs_from_timm_when_its_shortcut_does_not_pool() -> None:
    peer = _features("resnet18d", output_stride=8)
    backbone = _with_weights_of(peer, create("resnet18_d", output_stride=8))

    with torch.no_grad():
        ours, theirs = backbone(_images()), peer(_images())

    for index in (0, 1):
        torch.testing.assert_close(ours[index], theirs[index], atol=1e-5, rtol=1e-5)
    for index in (2, 3):
        assert not torch.allclose(ours[index], theirs[index], atol=0.5)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("resnet18_d", "resnet18d"), ("mobilenet_v1_100", "mobilenetv1_100"), ("inception_v3", "inception_v3")],
)
def test_every_map_equals_timms_at_its_stage(ours: str, theirs: str) -> None:
    form = Form("relu6") if ours.startswith("mobilenet") else None

    _assert_maps_equal_timms(create(ours, form=form), theirs)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("resnet50", {}),
        ("inception_v3", {"aux_logits": False, "transform_input": False, "init_weights": False}),
        pytest.param(
            "inception_v3",
            {"aux_logits": True, "transform_input": False, "init_weights": False},
            id="inception_v3-aux",
        ),
    ],
)
def test_logits_equal_torchvisions(name: str, settings: dict[str, Any]) -> None:
    import torchvision

    peer = _shaken(getattr(torchvision.models, name)(weights=None, num_classes=10, **settings))
    backbone = _with_weights_of(peer, create(name))

    with torch.no_grad():
        pooled_NC = backbone(_images())[-1].mean((2, 3))
        logits_NK = linear(pooled_NC, peer.fc.weight, peer.fc.bias)

        torch.testing.assert_close(logits_NK, peer(_images()), atol=1e-5, rtol=1e-5)


def _assert_maps_equal_timms(backbone: Backbone, theirs: str, **settings: Any) -> None:
    peer = _features(theirs, **settings)
    _with_weights_of(peer, backbone)

    with torch.no_grad():
        pairs = zip(backbone(_images()), peer(_images()), strict=True)

    for ours_NCHW, theirs_NCHW in pairs:
        torch.testing.assert_close(ours_NCHW, theirs_NCHW, atol=1e-5, rtol=1e-5)


def _timm() -> Any:
    return pytest.importorskip("timm", reason="needs the extra `timm`")


def _features(name: str, **settings: Any) -> Any:
    network = _timm().create_model(name, features_only=True, out_indices=(1, 2, 3, 4), **settings)
    return _shaken(network)


def _images() -> torch.Tensor:
    return torch.randn(2, 3, 81, 96, generator=torch.Generator().manual_seed(7))


def _shaken(model: Any) -> Any:
    aux = getattr(model, "AuxLogits", None)
    if aux is not None:
        model.AuxLogits = None  # it takes no pictures as small as these, and has no part in evaluation
    shake(model, _images())
    model.AuxLogits = aux
    return model


def _with_weights_of(peer: Any, backbone: Backbone) -> Backbone:
    others = (spec_of(backbone.arch).layout.published_head, "AuxLogits.")
    weights = {name: t for name, t in peer.state_dict().items() if not name.startswith(others)}
    backbone.load_state_dict(weights, strict=True)
    return backbone.eval()
