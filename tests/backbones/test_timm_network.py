"""A network of timm's is a backbone: the same maps, the same classifier, under both heads."""

from functools import lru_cache
from typing import Any, Literal

import pytest
import torch
from torch import Tensor

from tests.tasks.detect.tiny import C4_HEAD, protocol
from transferbench.backbones.base import OutputStride
from transferbench.backbones.timm_network import TimmNetwork, timm_network, timm_spec
from transferbench.errors import ConfigError, WeightsError
from transferbench.tasks.detect.model.detector import detector
from transferbench.tasks.detect.model.heads import still_parts
from transferbench.tasks.segment.model.fcn import Fcn
from transferbench.tasks.segment.model.loss import pixel_loss
from transferbench.tasks.segment.settings import Head

timm: Any = pytest.importorskip("timm", reason="needs the extra `timm`")

SWIN = "swin_tiny_patch4_window7_224"
FAST = ["convnext_atto", "regnety_002", "efficientnet_b0", "resnet18d"]
NAMES = [*FAST, pytest.param(SWIN, marks=pytest.mark.slow)]


@pytest.mark.parametrize("name", NAMES)
def test_maps_equal_those_of_timms_full_network(name: str) -> None:
    full, backbone, _ = _pair(name)
    images_NCHW = _images(64, 96)

    with torch.no_grad():
        maps, known = backbone(images_NCHW), full.forward_intermediates(images_NCHW, intermediates_only=True)

    by_shape = {tuple(map_NCHW.shape): map_NCHW for map_NCHW in known}
    for ours_NCHW in maps:
        torch.testing.assert_close(ours_NCHW, by_shape[tuple(ours_NCHW.shape)], atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_the_classifier_gives_the_logits_of_timms_full_network(name: str) -> None:
    full, backbone, tail = _pair(name)

    with torch.no_grad():
        logits_NK, expected_NK = backbone.classifier(tail)(_images(64, 64)), full(_images(64, 64))

    assert logits_NK.shape == (2, 7)
    torch.testing.assert_close(logits_NK, expected_NK, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_of_odd_size_gives_the_maps_stated(name: str) -> None:
    backbone = timm_network(timm_spec(f"timm:{name}")).eval()

    maps = backbone(torch.zeros(1, 3, 75, 97))

    assert tuple(map_NCHW.shape[1] for map_NCHW in maps) == backbone.channels
    assert [tuple(map_NCHW.shape[2:]) for map_NCHW in maps] == [(19, 25), (10, 13), (5, 7), (3, 4)]


@pytest.mark.parametrize("output_stride", [16, 8])
@pytest.mark.parametrize("name", FAST)
def test_a_dilated_network_has_the_strides_stated_and_the_same_weights(
    name: str, output_stride: OutputStride
) -> None:
    spec = timm_spec(f"timm:{name}")
    backbone = timm_network(spec, output_stride=output_stride, seed=2).eval()
    undilated = timm_network(spec, seed=2).state_dict()

    maps = backbone(torch.zeros(1, 3, 64, 64))

    assert tuple(64 // map_NCHW.shape[2] for map_NCHW in maps) == backbone.strides
    assert backbone.strides[-1] == output_stride
    assert all(torch.equal(tensor, undilated[key]) for key, tensor in backbone.state_dict().items())


def test_a_network_that_does_not_dilate_says_what_to_change() -> None:
    assert _complaint(f"timm:{SWIN}", 8) == (
        f"timm:{SWIN}: expected a network that can be dilated to output stride 8, found one "
        "with maps at strides 4, 8, 16 and 32 alone; give --set head.output_stride=32 to segment with it, "
        "or take another backbone"
    )


def test_the_same_seed_gives_the_same_weights_and_another_seed_others() -> None:
    spec = timm_spec("timm:convnext_atto")

    first, again, other = (timm_network(spec, seed=seed).state_dict() for seed in (3, 3, 4))

    assert all(torch.equal(first[key], again[key]) for key in first)
    assert not torch.equal(first["network.stem_0.weight"], other["network.stem_0.weight"])


@pytest.mark.parametrize("name", FAST[:2])
def test_looking_a_network_up_and_making_it_leaves_the_global_generator_alone(name: str) -> None:
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)

    timm_network(timm_spec.__wrapped__(f"timm:{name}"), seed=5)

    assert torch.equal(torch.rand(1), expected)


def test_there_is_no_stage_to_run_on_its_own() -> None:
    backbone = timm_network(timm_spec("timm:resnet18d"))

    assert not backbone.is_staged
    with pytest.raises(NotImplementedError):
        _ = backbone.stages


def test_the_tensors_of_nobody_stay_with_the_body_and_a_classifiers_go() -> None:
    backbone = timm_network(timm_spec("timm:efficientnet_b0"))
    one = torch.zeros(1)

    body, tail = backbone.renamed({"blocks.0.0.bn1.weight": one, "fc9.bias": one, "conv_head.weight": one})

    assert list(body) == ["network.blocks.0.0.bn1.weight", "fc9.bias"]
    assert list(tail) == ["conv_head.weight"]


def test_the_names_of_the_first_files_of_convnext_are_read_as_timm_reads_them() -> None:
    backbone = timm_network(timm_spec("timm:convnext_atto"))
    published = {
        "downsample_layers.0.0.weight": torch.zeros(40, 3, 4, 4),
        "stages.0.1.pwconv1.weight": torch.zeros(160, 40),
        "norm.weight": torch.zeros(320),
        "head.bias": torch.zeros(1000),
    }

    body, tail = backbone.renamed(published)

    assert list(body) == ["network.stem_0.weight", "network.stages_0.blocks.1.mlp.fc1.weight"]
    assert list(tail) == ["head.norm.weight", "head.fc.bias"]


def test_a_file_of_another_network_stays_as_it_is() -> None:
    backbone = timm_network(timm_spec("timm:convnext_atto"))
    foreign = {"layer1.0.conv1.weight": torch.zeros(2, 2), "pwconv.x": torch.zeros(1, 1)}

    assert backbone.renamed(foreign) == (foreign, {})


def test_a_tail_without_a_classifier_is_refused() -> None:
    _, backbone, tail = _pair("convnext_atto")

    with pytest.raises(WeightsError) as caught:
        backbone.classifier({name: tensor for name, tensor in tail.items() if name != "head.fc.weight"})

    assert str(caught.value) == (
        "timm:convnext_atto: expected a classifier's 'head.fc.weight' beside the backbone, found none; "
        "take a file with a classifier"
    )


def test_a_tail_with_a_hole_is_refused() -> None:
    _, backbone, tail = _pair("convnext_atto")

    with pytest.raises(WeightsError) as caught:
        backbone.classifier({name: tensor for name, tensor in tail.items() if name != "head.norm.weight"})

    assert str(caught.value) == (
        "timm:convnext_atto: expected all the tensors of its classifier, found 1 missing "
        "(the first is 'head.norm.weight'); take a file of the whole network"
    )


@pytest.mark.parametrize("name", ["convnext_atto", "resnet18d"])
def test_a_detector_with_a_pyramid_trains_all_but_what_is_held_still(name: str) -> None:
    backbone = timm_network(timm_spec(f"timm:{name}"))
    backbone.train()(torch.rand(2, 3, 64, 64))  # batch norm as if it had been trained
    backbone.is_loaded = True
    model = detector(backbone, 3, protocol(norm="frozen", frozen_stages=1), 0).train()
    truth = [(torch.tensor([[4.0, 4.0, 24.0, 28.0]]), torch.tensor([1]))]

    torch.manual_seed(0)
    losses = model([torch.full((64, 64, 3), 90, dtype=torch.uint8)], truth)
    torch.stack(list(losses.values())).sum().backward()  # type: ignore[no-untyped-call]

    held, norms = still_parts(backbone, 1, True)
    still = {id(parameter) for parameter in held}
    assert not any(norm.training for norm in norms)
    assert all((p.grad is None) == (id(p) in still) for p in backbone.parameters())


def test_a_c4_head_over_a_network_in_one_piece_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        detector(timm_network(timm_spec("timm:convnext_atto")), 3, protocol(head=C4_HEAD), 0)

    assert str(caught.value) == (
        "miniature@1: expected a backbone whose last stage runs on its own, for a C4 head, found "
        "'timm:convnext_atto', which gives all its maps at once; take a pyramid protocol, as voc07-fpn@1"
    )


@pytest.mark.parametrize(("name", "output_stride"), [("convnext_atto", 8), ("regnety_002", 32)])
def test_a_network_trains_under_a_segmentation_head(name: str, output_stride: Literal[8, 32]) -> None:
    backbone = timm_network(timm_spec(f"timm:{name}"), output_stride=output_stride)
    model = Fcn(backbone, 5, head=Head(output_stride=output_stride, channels_divisor=16), seed=0).train()
    labels_NHW = torch.zeros(2, 64, 64, dtype=torch.uint8)

    logits, auxiliary = model(torch.rand(2, 3, 64, 64))
    (pixel_loss(logits, labels_NHW) + pixel_loss(auxiliary, labels_NHW)).backward()  # type: ignore[no-untyped-call]

    assert logits.shape == (2, 5, 64 // output_stride, 64 // output_stride)
    assert all(p.grad is not None and p.grad.isfinite().all() for p in backbone.parameters())


def _images(height: int, width: int) -> Tensor:
    return torch.randn(2, 3, height, width, generator=torch.Generator().manual_seed(7))


@lru_cache
def _pair(name: str) -> tuple[Any, TimmNetwork, dict[str, Tensor]]:
    """Returns timm's full network for 7 classes, in which no norm is an identity, ours of it and the rest."""
    generator = torch.Generator().manual_seed(1)
    options = {"strict_img_size": False} if name == SWIN else {}
    full = timm.create_model(name, num_classes=7, **options)
    for key, tensor in full.state_dict().items():
        if key.endswith("running_var"):
            tensor.uniform_(0.7, 1.5, generator=generator)
        elif tensor.is_floating_point():
            tensor += 0.02 * torch.randn(tensor.shape, generator=generator)

    backbone = timm_network(timm_spec(f"timm:{name}"))
    body, tail = backbone.renamed(full.eval().state_dict())
    backbone.load_state_dict(body, strict=True)
    return full, backbone.eval(), tail


def _complaint(name: str, output_stride: OutputStride = 32) -> str:
    with pytest.raises(WeightsError) as caught:
        timm_network(timm_spec(name), output_stride=output_stride)
    return str(caught.value)
