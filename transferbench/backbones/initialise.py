"""How the weights of a new network are drawn."""

from __future__ import annotations

import torch
from torch import nn


def initialise(network: nn.Module, seed: int) -> None:
    """Draws the convolutions from a normal distribution with variance 2 / fan-out; gammas are 1, betas 0.

    Args:
        network: edited in place.
        seed: of the weights; torch's global generator is neither read nor moved.

    Source:
        He et al. 2015, section 2.2.
    """
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu", generator=generator)
            if module.groups > 1:  # torch counts the outputs of all groups
                module.weight.detach().mul_(module.groups**0.5)
