"""Linear scaling, zero gamma and no bias decay."""

import pytest
import torch
from torch import nn
from torchvision.models import resnet50

from transferbench.backbones.catalog import BACKBONES, create
from transferbench.backbones.layouts import ResNetLayout
from transferbench.errors import ConfigError
from transferbench.tricks.base import ParameterGroup
from transferbench.tricks.linear_scaling import LinearScaling
from transferbench.tricks.no_bias_decay import NoBiasDecay, split_by_decay
from transferbench.tricks.zero_gamma import ZeroGamma


def test_the_rate_doubles_with_the_batch() -> None:
    trick = LinearScaling()

    assert [trick.scale_lr(0.1, size) for size in (128, 256, 512)] == pytest.approx([0.05, 0.1, 0.2])
    assert LinearScaling(base_batch=64).scale_lr(0.1, 128) == pytest.approx(0.2)


@pytest.mark.parametrize("name", ["mini_b", "mini_d", "resnet50_d"])
def test_zero_gamma_zeroes_the_last_norm_of_each_block_and_no_other(name: str) -> None:
    backbone = create(name)
    layout = BACKBONES[name].layout
    assert isinstance(layout, ResNetLayout)
    last = "bn3" if layout.block == "bottleneck" else "bn2"

    ZeroGamma().prepare(backbone, _no_load)

    norms = {key: m.weight for key, m in backbone.named_modules() if isinstance(m, nn.BatchNorm2d)}
    zeroed = {key for key, gamma in norms.items() if not gamma.any()}
    assert zeroed == {key for key in norms if key.startswith("layer") and key.endswith(last)}
    assert all((gamma == 1).all() for key, gamma in norms.items() if key not in zeroed)


def test_zero_gamma_zeroes_what_torchvision_does() -> None:
    backbone, theirs = create("resnet50"), resnet50(zero_init_residual=True)

    ZeroGamma().prepare(backbone, _no_load)

    ours, expected = (
        {key for key, value in network.state_dict().items() if key.endswith("weight") and not value.any()}
        for network in (backbone, theirs)
    )
    assert ours == expected
    assert len(ours) == 16


def test_a_new_network_with_zero_gamma_is_its_shortcuts() -> None:
    backbone = create("mini_b").eval()
    ZeroGamma().prepare(backbone, _no_load)

    with torch.no_grad():
        stem_NCHW = backbone.stem(torch.rand(1, 3, 32, 32))

        torch.testing.assert_close(backbone.stages[0](stem_NCHW), stem_NCHW)


def test_zero_gamma_still_lets_gamma_learn() -> None:
    backbone = create("mini_b")
    ZeroGamma().prepare(backbone, _no_load)

    assert all(parameter.requires_grad for parameter in backbone.parameters())


def test_zero_gamma_on_a_network_without_branches_is_an_error() -> None:
    with pytest.raises(ConfigError) as caught:
        ZeroGamma().prepare(nn.Sequential(nn.Conv2d(3, 3, 1)), _no_load)

    assert str(caught.value) == (
        "tricks.zero_gamma: expected a network with residual branches, found none in Sequential; "
        "switch it off or take a residual backbone"
    )


@pytest.mark.parametrize(
    ("name", "network"), [("mobilenet_v1_025", "MobileNet"), ("inception_v3", "InceptionV3")]
)
def test_zero_gamma_on_a_backbone_without_branches_that_are_added_is_an_error(
    name: str, network: str
) -> None:
    with torch.device("meta"):
        backbone = create(name)

    with pytest.raises(ConfigError, match=f"found none in {network}; switch it off"):
        ZeroGamma().prepare(backbone, _no_load)


def test_the_groups_share_out_the_parameters() -> None:
    names, parameters = zip(*create("mini_d").named_parameters(), strict=True)
    group = ParameterGroup(parameters, lr_scale=10.0, names=names)

    decayed, free = NoBiasDecay().group_parameters([group])

    assert sorted([*decayed.names, *free.names]) == sorted(names)
    assert {id(p) for p in [*decayed.parameters, *free.parameters]} == {id(p) for p in parameters}
    assert len(decayed.parameters) + len(free.parameters) == len(parameters)
    assert (decayed.decays, decayed.lr_scale, free.decays, free.lr_scale) == (True, 10.0, False, 10.0)


def test_weights_decay_and_vectors_do_not() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, 2))
    names, parameters = zip(*model.named_parameters(), strict=True)

    decayed, free = split_by_decay(ParameterGroup(parameters, names=names))

    assert list(decayed.names) == ["0.weight", "3.weight"]
    assert list(free.names) == ["0.bias", "1.weight", "1.bias", "3.bias"]


def test_what_decays_is_what_decays_in_timm() -> None:
    timm = pytest.importorskip("timm.optim")
    model = nn.Sequential(create("mini_d"), nn.Linear(4, 2))

    ours = NoBiasDecay().group_parameters([ParameterGroup(list(model.parameters()))])

    theirs = timm.param_groups_weight_decay(model, weight_decay=1e-4)
    expected = {bool(group["weight_decay"]): {id(p) for p in group["params"]} for group in theirs}
    assert {group.decays: {id(p) for p in group.parameters} for group in ours} == expected


def test_groups_that_need_no_split_stay_as_they_are() -> None:
    weight, bias = nn.Parameter(torch.zeros(2, 2)), nn.Parameter(torch.zeros(2))
    frozen = ParameterGroup([weight, bias], decays=False)

    assert split_by_decay(frozen) == [frozen]
    assert [group.decays for group in split_by_decay(ParameterGroup([weight]))] == [True]
    assert [group.decays for group in split_by_decay(ParameterGroup([bias]))] == [False]


@pytest.mark.parametrize("group", [ParameterGroup([]), ParameterGroup([nn.Parameter(torch.zeros(2, 2))])])
def test_no_bias_decay_without_biases_is_an_error(group: ParameterGroup) -> None:
    with pytest.raises(ConfigError) as caught:
        NoBiasDecay().group_parameters([group])

    assert str(caught.value) == (
        "tricks.no_bias_decay: expected biases or norms under weight decay, found none among "
        "1 parameter groups; switch it off"
    )


def _no_load(name: str) -> nn.Module:
    raise AssertionError(name)
