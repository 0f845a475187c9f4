"""One architecture as several libraries have it, and what each of them is shown.

Dimension key: N images, K classes.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from transferbench.backbones.catalog import TIMM as TIMM_PREFIX
from transferbench.backbones.catalog import create, spec_of
from transferbench.backbones.peers import TIMM, TORCHVISION
from transferbench.backbones.timm_facts import timm_for
from transferbench.errors import WeightsError
from transferbench.tasks.classify.model import Classifier

Prepare = Callable[[Tensor], Tensor]
"""Images of bytes, as they are on the device, to what a network is given in each step."""


@dataclass(frozen=True)
class Peer:
    """A library's network and how its training code feeds it."""

    make: Callable[[], nn.Module]
    prepare: Prepare
    is_prepared_by_step: bool
    """Whether `prepare` is part of each step, or was done in the loader."""


def peers_of(arch: str, classes: int) -> dict[str, Peer]:
    """Returns the networks that ours is compared with; `plain` is ours without our loop.

    Args:
        arch: in the catalog, or `timm:NAME`.
        classes: K.

    Raises:
        WeightsError: no backbone has that name.
    """
    pixels = spec_of(arch).pixels
    normal = partial(_normalised, mean=pixels.mean, std=pixels.std)
    found = {"plain": Peer(partial(classifier, arch, classes), _floats, is_prepared_by_step=True)}
    if arch in TORCHVISION:
        # Torchvision's training code normalises in the loader, timm's on the device.
        found["torchvision"] = Peer(partial(_torchvision, arch, classes), normal, is_prepared_by_step=False)
    name = arch.removeprefix(TIMM_PREFIX) if arch.startswith(TIMM_PREFIX) else TIMM.get(arch)
    if name is not None:
        with suppress(WeightsError):  # timm is an extra
            make = partial(timm_for("bench").create_model, name, num_classes=classes)
            found["timm"] = Peer(make, normal, is_prepared_by_step=True)
    return found


def classifier(arch: str, classes: int) -> nn.Module:
    """Returns our network, new."""
    return Classifier(create(arch), classes, seed=0)


def _torchvision(arch: str, classes: int) -> nn.Module:
    import torchvision

    settings: dict[str, Any] = {"aux_logits": False, "init_weights": False} if arch == "inception_v3" else {}
    model: nn.Module = getattr(torchvision.models, TORCHVISION[arch])(
        weights=None, num_classes=classes, **settings
    )
    return model


def _floats(images_NCHW: Tensor) -> Tensor:
    return images_NCHW.float().div_(255)


def _normalised(images_NCHW: Tensor, mean: tuple[float, ...], std: tuple[float, ...]) -> Tensor:
    means, stds = (
        torch.tensor(values, device=images_NCHW.device).mul_(255)[:, None, None] for values in (mean, std)
    )
    return images_NCHW.float().sub_(means).div_(stds)
