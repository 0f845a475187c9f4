"""What a backbone is loaded for, and what a user adds to what its file says. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transferbench.backbones.base import DilatedShortcut, OutputStride


@dataclass(frozen=True)
class Asked:
    """What a user adds to what a source says of itself."""

    arch: str | None = None
    """Name in the catalog, for a file without a card."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Field of `Pixels` or `Form` to value."""
    allow_missing: tuple[str, ...] = ()
    """Patterns of names of the body that the file may lack."""
    trust: bool = False
    """Whether a pickle may run code."""


NOTHING = Asked()
"""Where the source says everything."""


@dataclass(frozen=True)
class Use:
    """What a backbone is loaded for."""

    output_stride: OutputStride = 32
    dilated_shortcut: DilatedShortcut = "identity"
    is_dense: bool = False
    """Whether positions in the maps count: a network without padding is then padded, as its maps would be
    shifted against the picture by more than a step."""


CLASSIFYING = Use()
"""Undilated, and as it was trained."""
