"""A backbone to one file that says what belongs to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from transferbench.backbones.card import WeightsCard, to_metadata
from transferbench.backbones.weights.parts import OUR_HEAD
from transferbench.errors import RunError
from transferbench.files import whole_file

if TYPE_CHECKING:
    from torch import Tensor

    from transferbench.backbones.base import Backbone


def save_backbone(
    path: Path, backbone: Backbone, card: WeightsCard, *, head: Mapping[str, Tensor] | None = None
) -> None:
    """Writes weights and card to one file, whole or not at all.

    Args:
        path: of the file; its folder exists.
        backbone: on any device.
        card: its `arch` is the backbone's.
        head: the classifier's tensors, as its `state_dict()` gives them.

    Raises:
        RunError: the file cannot be written.
    """
    from safetensors.torch import save

    assert card.arch == backbone.arch
    tensors = backbone.state_dict() | {f"{OUR_HEAD}{name}": t for name, t in (head or {}).items()}
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    write_whole(path, save(plain, to_metadata(replace(card, form=backbone.form))))


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file of weights, whole or not at all.

    Raises:
        RunError: it cannot be written.
    """
    try:
        with whole_file(path) as file:
            file.write(content)
    except OSError as error:
        raise RunError(
            f"{path}: expected to write {len(content)} bytes of weights, found {error.strerror!r}; "
            "make room there or give another --out"
        ) from error
