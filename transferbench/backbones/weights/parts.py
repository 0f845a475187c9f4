"""A file's tensors taken apart: body, classifier, and what belongs to neither."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transferbench.backbones.card import WeightsCard
from transferbench.backbones.catalog import BACKBONES, spec_of
from transferbench.backbones.peers import timms_name
from transferbench.backbones.weights.hints import Hints
from transferbench.backbones.weights.likely import likely, shapes_of
from transferbench.backbones.weights.tensors import unwrap
from transferbench.errors import WeightsError

if TYPE_CHECKING:
    from torch import Tensor

    from transferbench.backbones.base import Backbone

OUR_HEAD = "head."
"""Before the names of a classifier's tensors in our files."""
OTHER_HEADS = ("fc.", "classifier.", "last_linear.", "head.fc.", "head.")
"""Before those of files of other programs than timm and torchvision."""


@dataclass(frozen=True)
class Parts:
    """The tensors of a file."""

    body: Mapping[str, Tensor]
    """By the backbone's names."""
    head: Mapping[str, Tensor]
    """Of the classifier, by its own names."""
    left_out: tuple[str, ...] = ()
    """Names of tensors of a part that only training uses, as Inception's auxiliary head."""


def take_apart(backbone: Backbone, tensors: Mapping[str, Tensor], *, is_ours: bool) -> Parts:
    """Returns the parts of a file.

    Args:
        backbone: that it is for.
        tensors: by the file's names, without wrappings.
        is_ours: whether we wrote it; published files name the classifier as timm and torchvision do.
    """
    from transferbench.backbones.timm_network import TimmNetwork

    if isinstance(backbone, TimmNetwork) and not is_ours:
        return Parts(*backbone.renamed(tensors))
    layout = spec_of(backbone.arch).layout
    heads = (OUR_HEAD,) if is_ours else (layout.published_head, *OTHER_HEADS)
    prefix = next((head for head in heads if f"{head}weight" in tensors), heads[0])
    unused = tuple(name for name in tensors if name.startswith(layout.training_only))
    rest = {name: tensor for name, tensor in tensors.items() if name not in set(unused)}
    return Parts(
        {name: tensor for name, tensor in rest.items() if not name.startswith(prefix)},
        {name.removeprefix(prefix): tensor for name, tensor in rest.items() if name.startswith(prefix)},
        unused,
    )


def arch_of(
    path: Path, content: Mapping[str, Any], card: WeightsCard | None, hints: Hints, asked: str | None
) -> str:
    """Returns the architecture that a file is for.

    Args:
        path: of the file.
        content: of it.
        card: in its header.
        hints: of the place it came from.
        asked: by the user.

    Raises:
        WeightsError: nobody says it, or the card or the source says something else than the user.
    """
    told, teller = (hints.arch, hints.told_by) if card is None else (card.arch, "a card")
    if asked is not None and told is not None and not _is_same(asked, told):
        raise WeightsError(
            f"{path}: expected weights of {asked!r}, found {teller} that says {told!r}; "
            "leave the architecture out or take another file"
        )
    if asked is not None or told is not None:
        return asked or str(told)
    tensors = unwrap(content, names_known, path).tensors
    raise WeightsError(
        f"{path}: expected a card in the header or a named architecture, found neither; "
        f'{likely(tensors)}name one with --arch, or in a recipe as arch = "..."'
    )


def _is_same(asked: str, told: str) -> bool:
    return timms_name(asked) == timms_name(told) or spec_of(asked).layout == spec_of(told).layout


def names_known(tensors: Mapping[str, Tensor]) -> int:
    """Returns how many names belong to the backbone of the catalog that most of them belong to."""
    return max(len(tensors.keys() & shapes_of(arch).keys()) for arch in BACKBONES)
