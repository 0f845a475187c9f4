"""Networks that look trained."""

from __future__ import annotations

from typing import Any, TypeVar

import torch
from torch import nn

from transferbench.backbones.base import Backbone
from transferbench.backbones.catalog import create

M = TypeVar("M", bound=nn.Module)


def shaken(model: M, seed: int = 1) -> M:
    """Returns the model with batch norms that do something, scaled so that activations stay near one."""
    generator = torch.Generator().manual_seed(seed)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.weight.data.uniform_(0.3, 0.7, generator=generator)
            module.bias.data.normal_(0, 0.2, generator=generator)
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.normal_(0, 0.2, generator=generator)
            module.running_var.uniform_(0.7, 1.5, generator=generator)
    return model


def trained(arch: str, *, seed: int = 1, **other: Any) -> Backbone:
    """Returns a backbone that was never trained and cannot be told from one that was."""
    return shaken(create(arch, seed=seed, **other), seed)


def head(channels: int, classes: int) -> dict[str, torch.Tensor]:
    """Returns the tensors of a linear classifier."""
    generator = torch.Generator().manual_seed(5)
    return {
        "weight": torch.randn(classes, channels, generator=generator),
        "bias": torch.randn(classes, generator=generator),
    }
