"""Outputs in float32 at least, also under autocast."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class Widened(nn.Module):
    """A module whose outputs are float32 at least, also under autocast.

    bfloat16 holds coordinates above 256 pixels to 2 pixels only, so boxes may not be worked out in it.
    """

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Any) -> Any:
        return widen(self.inner(x))


def widen(value: Any) -> Any:
    """Returns tensors, or lists and tuples of them, as float32 or wider."""
    if isinstance(value, Tensor):
        return value.to(torch.promote_types(value.dtype, torch.float32))
    return type(value)(widen(part) for part in value)
