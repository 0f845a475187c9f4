from __future__ import annotations

import pytest
import torch
from torch import nn
from torchvision.models import resnet50
from torchvision.models.segmentation.fcn import FCNHead

from tests.tasks.segment.tiny import TinyBackbone
from transferbench.backbones.weights.asked import Use
from transferbench.backbones.weights.load import load_backbone
from transferbench.tasks.segment.model.fcn import Fcn, FcnHead
from transferbench.tasks.segment.settings import Head

_WEIGHT = "head.convolutions.0.0.weight"


def _fcn(*, head: Head | None = None, seed: int = 0) -> Fcn:
    return Fcn(TinyBackbone(), 5, head=head or Head(), seed=seed)


def test_both_heads_answer_at_the_output_stride_in_training() -> None:
    model = _fcn().train()

    logits, auxiliary = model(torch.rand(2, 3, 64, 48))

    assert auxiliary is not None
    assert logits.shape == auxiliary.shape == (2, 5, 8, 6)


def test_the_auxiliary_head_rests_in_evaluation() -> None:
    _, auxiliary = _fcn().eval()(torch.rand(1, 3, 64, 64))

    assert auxiliary is None


def test_no_auxiliary_weight_means_no_auxiliary_head() -> None:
    model = _fcn(head=Head(auxiliary_weight=0.0))

    assert not [name for name, _ in model.named_parameters() if name.startswith("auxiliary")]


def test_the_channels_of_the_head_are_a_share_of_the_maps() -> None:
    state = _fcn(head=Head(channels_divisor=4)).state_dict()

    assert state["head.convolutions.0.0.weight"].shape == (4, 16, 3, 3)
    assert state["auxiliary.convolutions.0.0.weight"].shape == (3, 12, 3, 3)


def test_the_same_seed_gives_the_same_heads_whatever_was_drawn_before() -> None:
    first = _fcn(seed=7).state_dict()
    torch.rand(100)

    second = _fcn(seed=7).state_dict()

    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first[_WEIGHT], _fcn(seed=8).state_dict()[_WEIGHT])


def test_a_new_head_leaves_the_global_generator_alone() -> None:
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)

    _fcn()

    assert torch.equal(torch.rand(1), expected)


def test_a_backbone_of_another_output_stride_is_refused() -> None:
    with pytest.raises(ValueError, match="output stride 8 of the backbone is not 16"):
        _fcn(head=Head(output_stride=16))


def test_a_shifted_input_shifts_the_output_by_as_many_strides() -> None:
    model = _fcn().eval()
    image = torch.rand(1, 3, 160, 160)
    shifted = image.roll((16, 8), dims=(2, 3))

    logits, _ = model(image)
    moved, _ = model(shifted)

    torch.testing.assert_close(moved[..., 8:14, 8:14], logits[..., 6:12, 7:13], rtol=1e-4, atol=1e-5)


def test_a_head_of_two_convolutions_that_sees_the_map_again_is_mmsegmentation_s() -> None:
    state = _fcn(head=Head(convolutions=2, joins_map=True)).state_dict()

    shapes = {name: tuple(tensor.shape) for name, tensor in state.items() if tensor.ndim == 4}
    assert shapes["head.convolutions.0.0.weight"] == (4, 16, 3, 3)
    assert shapes["head.convolutions.1.0.weight"] == (4, 4, 3, 3)
    assert shapes["head.join.0.weight"] == (4, 20, 3, 3)
    assert shapes["head.classify.weight"] == (5, 4, 1, 1)
    assert not [name for name in shapes if name.startswith("auxiliary.join")]


def test_a_simple_head_is_torchvision_s() -> None:
    theirs = FCNHead(16, 5)
    ours = FcnHead(16, 5, Head()).eval()
    pairs = zip(ours.state_dict().items(), theirs.state_dict().values(), strict=True)
    theirs.load_state_dict(
        {key: mine for key, (_, mine) in zip(theirs.state_dict(), ours.state_dict().items(), strict=True)}
    )
    map_NChw = torch.randn(2, 16, 6, 5)

    made = theirs.eval()(map_NChw)

    assert all(mine.shape == other.shape for (_, mine), other in pairs)
    torch.testing.assert_close(ours(map_NChw), made)


@pytest.mark.parametrize("arch", ["resnet50_b", "resnet50_d", "mobilenet_v1_100", "inception_v3", "mini_d"])
def test_every_family_gives_maps_at_stride_8_in_the_dilated_stages(arch: str) -> None:
    backbone = load_backbone(f"random:{arch}", Use(8, is_dense=True), seed=0).backbone.eval()

    with torch.inference_mode():
        maps = backbone(torch.zeros(1, 3, 128, 96))

    assert backbone.strides[-2:] == (8, 8)
    assert [tuple(each.shape[1:]) for each in maps[-2:]] == [(c, 16, 12) for c in backbone.channels[-2:]]


def test_the_dilations_are_those_of_torchvision() -> None:
    ours = load_backbone("random:resnet50_b", Use(8), seed=0).backbone
    theirs = resnet50(replace_stride_with_dilation=[False, True, True])

    dilations = [
        [
            layer.dilation
            for layer in net.modules()
            if isinstance(layer, nn.Conv2d) and layer.kernel_size == (3, 3)
        ]
        for net in (ours, theirs)
    ]

    assert dilations[0] == dilations[1]
    assert dilations[0][-3:] == [(2, 2), (4, 4), (4, 4)]
