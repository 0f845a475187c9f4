"""How the weights of a new network are drawn."""

from __future__ import annotations

from math import sqrt
from typing import Literal

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

Initialisation = Literal["he", "paper", "released"]

_PRELU_SLOPE = 0.25


def initialise(network: nn.Module, seed: int, form: Initialisation = "he") -> None:
    """Draws the weights of a network anew, layer after layer.

    `he` draws the convolutions alone, from a normal distribution with variance 2 / fan-out, and leaves the
    rest as it is. The two others are those of He et al. 2019, who differ: they draw the convolutions and
    the linear layers, put biases and betas at 0 and gammas at 1. `paper` is uniform within
    +-sqrt(6 / (fan-in + fan-out)), Xavier's rule, where the text has the numbers of channels for its
    fans; `released` is normal with the variance 2 / (1 + 0.25^2) over the mean of both fans, MXNet's
    `MSRAPrelu`. Fans count the kernel's area; that of a grouped convolution is the outputs of all groups.

    Args:
        network: edited in place; for `paper` and `released` with its classifier, before any trick.
        seed: of the weights; torch's global generator is neither read nor moved.
        form: named after its source.

    Source:
        He et al. 2015, section 2.2; He et al. 2019, section 2.1; Glorot & Bengio 2010; GluonCV's
        `train_imagenet.py`.
    """
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if form == "he":
            if isinstance(module, nn.Conv2d):
                _draw_he(module, generator)
        elif isinstance(module, nn.Conv2d | nn.Linear):
            _draw_by_both_fans(module.weight, form, generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, _BatchNorm) and module.affine:
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)


def _draw_he(conv: nn.Conv2d, generator: torch.Generator) -> None:
    nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu", generator=generator)
    if conv.groups > 1:  # torch counts the outputs of all groups
        conv.weight.detach().mul_(conv.groups**0.5)


def _draw_by_both_fans(
    weight: torch.Tensor, form: Literal["paper", "released"], generator: torch.Generator
) -> None:
    if form == "paper":
        nn.init.xavier_uniform_(weight, generator=generator)
        return
    outputs, inputs = weight.shape[:2]
    fan = weight[0, 0].numel() * (inputs + outputs) / 2
    nn.init.normal_(weight, 0.0, sqrt(2 / (1 + _PRELU_SLOPE**2) / fan), generator=generator)
