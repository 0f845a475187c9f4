"""Which architecture a file of weights is for, from the names and shapes of its tensors."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from transferbench.backbones.catalog import BACKBONES, create
from transferbench.backbones.weights.report import is_counter

if TYPE_CHECKING:
    from torch import Tensor

_ENOUGH = 0.9
_MOST_NAMED = 3


def likely(body: Mapping[str, Tensor], *, asked: str | None = None) -> str:
    """Returns the end of a message: what the file looks like.

    Args:
        body: tensors of the file, its classifier left out or not.
        asked: architecture that did not fit.
    """
    found = {name: tuple(tensor.shape) for name, tensor in body.items() if not is_counter(name)}
    if asked in BACKBONES and _is_most_of(found, asked):
        return f"most of {asked!r} is there, so the file may have been cut or edited; "
    shares = {name: _likeness(found, name) for name in BACKBONES}
    best = max(shares.values())
    if best < _ENOUGH:
        return (
            f"no backbone of the catalog has such tensors ({_stem(found)}); one of timm's may, "
            "as --arch timm:NAME; "
        )
    names = [name for name, share in shares.items() if share == best]
    others = ", ".join(map(repr, names[1:_MOST_NAMED]))
    alike = f" (or {others}, whose tensors have the same shapes)" if others else ""
    return f"it looks like a file for {names[0]!r}{alike}; "


@cache
def shapes_of(arch: str) -> Mapping[str, tuple[int, ...]]:
    """Returns name to shape of an architecture's tensors, the counters of batch norms left out."""
    import torch

    with torch.device("meta"):
        tensors = create(arch).state_dict()
    return {name: tuple(tensor.shape) for name, tensor in tensors.items() if not is_counter(name)}


def _likeness(found: Mapping[str, tuple[int, ...]], arch: str) -> float:
    """Returns the share of equal tensors among all of file and architecture, a classifier aside."""
    expected = shapes_of(arch)
    equal = sum(found.get(name) == shape for name, shape in expected.items())
    return equal / max(len(_body(found, arch) | expected.keys()), 1)


def _is_most_of(found: Mapping[str, tuple[int, ...]], arch: str) -> bool:
    """Returns whether nearly all of the file is of the architecture, and half of that is in the file."""
    expected, body = shapes_of(arch), _body(found, arch)
    equal = sum(found.get(name) == shape for name, shape in expected.items())
    return equal >= max(_ENOUGH * len(body), len(expected) / 2)


def _body(found: Mapping[str, tuple[int, ...]], arch: str) -> set[str]:
    head = BACKBONES[arch].layout.published_head
    return {name for name in found if not name.startswith((head, "head."))}


def _stem(found: Mapping[str, tuple[int, ...]]) -> str:
    first = next((name for name, shape in found.items() if len(shape) == 4 and shape[1] == 3), None)
    if first is None:
        return "none of its tensors is a convolution of RGB pictures"
    return f"its stem is {first!r} of {'x'.join(map(str, found[first]))}"
