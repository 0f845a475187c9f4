"""Weights are drawn as each source says."""

import math

import pytest
import torch
from torch import nn

from transferbench.backbones.initialise import Initialisation, initialise

FORMS: tuple[Initialisation, ...] = ("he", "paper", "released")


def test_the_papers_form_is_xavier_uniform_layer_after_layer() -> None:
    network, generator = _network(), torch.Generator().manual_seed(3)

    initialise(network, 3, "paper")

    for layer in _layers(network):
        expected = nn.init.xavier_uniform_(torch.empty_like(layer.weight), generator=generator)
        torch.testing.assert_close(layer.weight.detach(), expected, rtol=0, atol=0)


def test_the_papers_form_fills_its_bounds_evenly() -> None:
    conv, _, linear = _layers(_drawn("paper"))

    for weight, fans in ((conv.weight, 9 * (64 + 128)), (linear.weight, 128 + 500)):
        a = math.sqrt(6 / fans)
        assert 0.99 * a < weight.abs().max() <= a
        assert weight.std().item() == pytest.approx(a / math.sqrt(3), rel=0.02)


def test_the_released_form_has_the_deviations_of_msraprelu() -> None:
    conv, depthwise, linear = _layers(_drawn("released"))

    # sqrt(2 / (1 + 0.25^2) / mean fan), the fans being 576 and 1152; 9 and 1152; 128 and 500.
    assert conv.weight.std().item() == pytest.approx(0.046676, rel=0.02)
    assert depthwise.weight.std().item() == pytest.approx(0.056944, rel=0.05)
    assert linear.weight.std().item() == pytest.approx(0.077426, rel=0.02)


def test_the_released_form_is_normal() -> None:
    conv, *_ = _layers(_drawn("released"))

    standard = conv.weight.detach() / conv.weight.detach().std()

    shares = [(standard.abs() < bound).float().mean().item() for bound in (1, 2, 3)]
    assert shares == pytest.approx([0.6827, 0.9545, 0.9973], abs=0.005)


def test_hes_form_has_the_variance_of_the_outputs_of_one_group() -> None:
    conv, depthwise, _ = _layers(_drawn("he"))

    assert conv.weight.std().item() == pytest.approx(math.sqrt(2 / (9 * 128)), rel=0.02)
    assert depthwise.weight.std().item() == pytest.approx(math.sqrt(2 / 9), rel=0.05)


def test_hes_form_leaves_all_but_the_convolutions_as_they_are() -> None:
    network = _network()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}

    initialise(network, 0)

    changed = {name for name, tensor in network.state_dict().items() if not torch.equal(tensor, before[name])}
    assert changed == {"0.weight", "2.weight"}


@pytest.mark.parametrize("form", ["paper", "released"])
def test_biases_and_norms_start_afresh(form: Initialisation) -> None:
    state = _drawn(form).state_dict()

    assert all(not state[name].any() for name in ("0.bias", "1.bias", "2.bias", "3.bias"))
    assert (state["1.weight"] == 1).all()


@pytest.mark.parametrize("form", FORMS)
def test_the_seed_alone_decides_and_the_global_generator_stays(form: Initialisation) -> None:
    state = torch.get_rng_state()
    first, again, other = _network(), _network(), _network()

    for network, seed in ((first, 1), (again, 1), (other, 2)):
        initialise(network, seed, form)

    assert torch.equal(torch.get_rng_state(), state)
    for one, same, another in zip(_layers(first)[:2], _layers(again)[:2], _layers(other)[:2], strict=True):
        assert torch.equal(one.weight, same.weight)
        assert not torch.equal(one.weight, another.weight)


def _network() -> nn.Sequential:
    """Returns layers whose every value is a half, so that what is drawn shows."""
    with torch.random.fork_rng(devices=[]):
        network = nn.Sequential(
            nn.Conv2d(64, 128, 3),
            nn.BatchNorm2d(128),
            nn.Conv2d(128, 128, 3, groups=128),
            nn.Linear(128, 500),
        )
    for parameter in network.parameters():
        nn.init.constant_(parameter, 0.5)
    return network


def _drawn(form: Initialisation) -> nn.Sequential:
    network = _network()
    initialise(network, 0, form)
    return network


def _layers(network: nn.Sequential) -> list[nn.Conv2d | nn.Linear]:
    return [layer for layer in network if isinstance(layer, nn.Conv2d | nn.Linear)]
