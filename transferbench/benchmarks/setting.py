"""What the training and evaluation benchmarks are run on, where flags leave it open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import torch

from transferbench.engine.device import check_precision, pick_device
from transferbench.engine.plan import Precision
from transferbench.errors import ConfigError

_PRECISIONS = tuple(name for name in get_args(Precision) if name != "fp64")
"""Nobody trains in double precision for its speed."""


@dataclass(frozen=True)
class Setting:
    """A network, its input and the machine."""

    arch: str
    side: int
    """Of the input, in pixels."""
    batch_size: int
    precision: Precision
    device: torch.device
    is_compiled: bool = False

    @property
    def about(self) -> str:
        """In a few words."""
        compiled = ", compiled" if self.is_compiled else ""
        return (
            f"{self.arch} at {self.side} pixels, batches of {self.batch_size}, {self.precision}, "
            f"channels last{compiled}"
        )


def setting_of(
    *,
    device: str | None = None,
    arch: str | None = None,
    side: int | None = None,
    batch_size: int | None = None,
    precision: str | None = None,
    is_compiled: bool = False,
) -> Setting:
    """Returns what flags ask for; the rest as for ImageNet on an accelerator, and less on a processor.

    Raises:
        ConfigError: there is no such precision, or it is none for a benchmark.
        RunError: there is no such device, or it does not have that precision.
    """
    found = pick_device(device)
    is_small = found.type == "cpu"
    precision = precision or ("fp32" if is_small else "bf16")
    if precision not in _PRECISIONS:
        raise ConfigError(f"--precision: expected one of {', '.join(_PRECISIONS)}, found {precision!r}")
    setting = Setting(
        arch or ("resnet18_d" if is_small else "resnet50_d"),
        side or (64 if is_small else 224),
        batch_size or (8 if is_small else 128),
        precision,  # type: ignore[arg-type]
        found,
        is_compiled,
    )
    check_precision(setting.precision, found)
    return setting
