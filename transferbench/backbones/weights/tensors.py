"""Files of weights to tensors, with the wrappings that occur in the wild taken off."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transferbench.backbones.card import what_it_is
from transferbench.errors import WeightsError

if TYPE_CHECKING:
    from torch import Tensor

PICKLED = (".pth", ".pt", ".bin", ".ckpt", ".tar")
SUFFIXES = (".safetensors", *PICKLED)

CONTAINERS = (
    *("model_ema", "state_dict_ema", "ema_state_dict", "state_dict", "model_state_dict", "model_state"),
    *("model", "network", "net", "online_network", "encoder_q", "encoder", "backbone", "teacher", "student"),
)
"""Keys under which training programs keep a state dict; averaged weights come first."""
PREFIXES = (
    *("module.", "_orig_mod.", "model_ema.", "model.", "network.", "net.", "teacher.", "encoder_q."),
    *("base_encoder.", "encoder.", "backbone.", "body.", "trunk."),
)
"""Before the names of a network that another module, a wrapper or a compiler held."""


@dataclass(frozen=True)
class Unwrapped:
    """A state dict as the network's own program would name it."""

    tensors: Mapping[str, Tensor]
    wrappings: tuple[str, ...] = ()
    """What was taken off, outermost first: keys as `state_dict`, prefixes as `module.`."""
    left_out: tuple[str, ...] = ()
    """What stood beside the network within its wrappings: keys of other networks, names as in the file."""


def read_file(path: Path, *, trust: bool = False) -> Mapping[str, Any]:
    """Returns what a file of weights holds; runs no code of the file unless it is trusted.

    Args:
        path: `.safetensors`, or what `torch.save` wrote.
        trust: whether a pickle may make more than tensors, which can run any code.

    Raises:
        WeightsError: the file is missing, truncated, malformed, or a pickle that needs trust.
    """
    if path.suffix == ".safetensors":
        return _read_safetensors(path)
    if path.suffix in PICKLED:
        content = _read_pickle(path, trust=trust)
        if isinstance(content, Mapping):
            return content
        if hasattr(content, "state_dict"):
            return {"state_dict": content.state_dict()}
        raise WeightsError(
            f"{path}: expected a state dict, found a {type(content).__name__}; save `model.state_dict()`"
        )
    raise WeightsError(
        f"{path}: expected a file that ends in {', '.join(SUFFIXES)}, found {path.suffix!r}; "
        "save the state dict with safetensors"
    )


def unwrap(content: Mapping[str, Any], fit: Callable[[Mapping[str, Tensor]], int], where: Path) -> Unwrapped:
    """Returns the tensors without containers and prefixes.

    A known prefix, or one that all names have, is taken off where that makes more of them fit; of
    `encoder_q.` and `encoder_k.` the first is kept and the other left out.

    Args:
        content: of a file.
        fit: how many of some named tensors belong to the network that is wanted.
        where: the file, for messages.

    Raises:
        WeightsError: there is no tensor in it.
    """
    wrappings: list[str] = []
    left_out: list[str] = []
    while held := [key for key in CONTAINERS if _holds_tensors(content.get(key))]:
        wrappings.append(held[0])
        left_out += held[1:]
        content = content[held[0]]
    tensors = _tensors_of(content)
    if not tensors:
        keys = ", ".join(map(repr, list(content)[:5]))
        raise WeightsError(
            f"{where}: expected a state dict, or one under {', '.join(map(repr, CONTAINERS))}, "
            f"found {f'the keys {keys}' if keys else 'nothing'}; save `model.state_dict()`"
        )

    names = {name: name for name in tensors}
    while (prefix := _best_prefix(tensors, fit)) is not None:
        wrappings.append(prefix)
        left_out += [names[name] for name in tensors if not name.startswith(prefix)]
        names = {n.removeprefix(prefix): whole for n, whole in names.items() if n.startswith(prefix)}
        tensors = _without(prefix, tensors)
    return Unwrapped(tensors, tuple(wrappings), tuple(left_out))


def _holds_tensors(content: Any) -> bool:
    """Returns whether a state dict is in there."""
    if not isinstance(content, Mapping):
        return False
    return bool(_tensors_of(content)) or any(_holds_tensors(content.get(key)) for key in CONTAINERS)


def _tensors_of(content: Mapping[str, Any]) -> dict[str, Tensor]:
    from torch import Tensor

    return {
        name: value for name, value in content.items() if isinstance(name, str) and isinstance(value, Tensor)
    }


def _best_prefix(tensors: Mapping[str, Tensor], fit: Callable[[Mapping[str, Tensor]], int]) -> str | None:
    present = [prefix for prefix in PREFIXES if any(name.startswith(prefix) for name in tensors)]
    firsts = {name.partition(".")[0] for name in tensors}
    present += [f"{first}." for first in firsts if len(firsts) == 1 and f"{first}." not in present]
    if not present:
        return None
    now = fit(tensors)
    best = max(present, key=lambda prefix: _reach(_without(prefix, tensors), fit))
    return best if _reach(_without(best, tensors), fit) > now else None


def _reach(tensors: Mapping[str, Tensor], fit: Callable[[Mapping[str, Tensor]], int]) -> int:
    """Returns how many tensors fit once further prefixes are off as well."""
    inner = [prefix for prefix in PREFIXES if any(name.startswith(prefix) for name in tensors)]
    return max([fit(tensors), *(_reach(_without(prefix, tensors), fit) for prefix in inner)])


def _without(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {n.removeprefix(prefix): tensor for n, tensor in tensors.items() if n.startswith(prefix)}


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise WeightsError(
            f"{path}: expected a whole .safetensors file, found {what_it_is(path, error)}; "
            "copy or download it again"
        ) from error


def _harmless() -> list[Any]:
    """Returns what checkpoints hold beside tensors and can do nothing: settings, and numbers of numpy."""
    from argparse import Namespace

    import numpy as np
    from numpy._core.multiarray import _reconstruct, scalar

    kinds = [type(np.dtype(kind)) for kind in ("f2", "f4", "f8", "i4", "i8", "u1", "?")]
    old = [(scalar, "numpy.core.multiarray.scalar"), (_reconstruct, "numpy.core.multiarray._reconstruct")]
    return [Namespace, np.dtype, np.ndarray, scalar, _reconstruct, *kinds, *old]


def _read_pickle(path: Path, *, trust: bool) -> Any:
    import torch

    try:
        with warnings.catch_warnings(), torch.serialization.safe_globals(_harmless()):
            warnings.simplefilter("ignore")  # what it would warn of is refused or told
            return torch.load(path, map_location="cpu", weights_only=not trust)
    except FileNotFoundError as error:
        raise WeightsError(f"{path}: expected a file of weights, found none; check the name") from error
    except Exception as error:  # a pickle can fail in any way
        if "TorchScript" in str(error):
            raise WeightsError(
                f"{path}: expected a state dict, found a TorchScript archive, which is a program; "
                "load it with torch.jit.load and save its state_dict()"
            ) from error
        wanted = re.search(r"GLOBAL (\S+)", str(error)) if not trust else None
        if wanted is None:
            raise WeightsError(
                f"{path}: expected a whole file that torch.save wrote, found {what_it_is(path, error)}; "
                "copy or download it again"
            ) from error
        raise WeightsError(
            f"{path}: expected tensors alone, found a pickle that asks for {wanted[1]!r}, which could run "
            "any code; nothing of it was run; if you trust whoever made it, give --trust"
        ) from error
