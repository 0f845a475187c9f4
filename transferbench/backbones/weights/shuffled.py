"""Trained weights whose entries changed places: a control that keeps their scale and loses what they know."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from transferbench.backbones.weights.local import SHUFFLED

if TYPE_CHECKING:
    from transferbench.backbones.base import Backbone


def shuffle(backbone: Backbone, seed: int) -> None:
    """Permutes the entries of every parameter within it, and resets the statistics of batch norm.

    Mean, spread and every other statistic of a parameter's values stay, so that each layer starts at the
    scale that its training gave it; where a value stands is chance. A normalisation's gains and shifts are
    parameters like all others: they keep their values and change channels. Running means and variances are
    measured from maps that are no more: with those of the trained weights a map would be normalised by
    another's numbers, so they start at 0 and 1 as in a new network, and the transfer's training measures
    them. Where a protocol freezes batch norm there is nothing to freeze, and it refuses these weights as it
    refuses random ones.

    Args:
        backbone: edited in place.
        seed: of the permutations; torch's global generator is neither read nor moved.

    Source:
        Raghu et al. 2019 (arXiv 1902.07208), section 4, whose "mean var" control draws each layer anew from
        a normal distribution of its trained mean and variance; a permutation keeps the higher moments too.
    """
    import torch
    from torch.nn.modules.batchnorm import _BatchNorm

    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in backbone.parameters():
            order = torch.randperm(parameter.numel(), generator=generator)
            parameter.copy_(parameter.flatten()[order].view_as(parameter))
    for module in backbone.modules():
        if isinstance(module, _BatchNorm):
            module.reset_running_stats()


def shuffled_sha256(sha256: str, seed: int) -> str:
    """Returns what stands for shuffled weights, of which there is no file: sha256 over file and seed."""
    return hashlib.sha256(f"{SHUFFLED}{sha256}:{seed}".encode()).hexdigest()
