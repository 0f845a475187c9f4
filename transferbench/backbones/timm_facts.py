"""What must be known of a network of timm's before it is made: its maps, names, shapes and pixels."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache, partial
from typing import Any, TypeVar

import torch

from transferbench.backbones.card import Pixels
from transferbench.backbones.catalog import TIMM
from transferbench.errors import WeightsError

STRIDES = (4, 8, 16, 32)
"""Of the maps taken, undilated."""

_PROBE = (160, 192)
"""Height and width, in pixels, of a picture that no network is made for."""
_OTHERS = "as 'timm:convnext_tiny' or 'timm:swin_tiny_patch4_window7_224'"

_T = TypeVar("_T")


@dataclass(frozen=True)
class Facts:
    """What tells one network from another."""

    indices: tuple[int, ...]
    """Of the four maps among those that timm gives."""
    channels: tuple[int, ...]
    """Of the four maps, finest first."""
    any_size: Mapping[str, bool]
    """What its constructor must be told to let it take pictures of any size."""
    fronts: tuple[frozenset[str], ...]
    """Names of the parameters that each map is made from."""


@lru_cache
def facts_of(model: str) -> Facts:
    """Returns the facts of a network by timm's name.

    Raises:
        WeightsError: it does not give one map each at strides 4, 8, 16 and 32 of pictures of any size.
    """
    info = _maps(model)
    levels = [next(level for level in info if level["reduction"] == stride) for stride in STRIDES]
    indices, any_size = tuple(info.index(level) for level in levels), _any_size(model)
    try:
        fronts = _drawn(partial(_fronts, model, out_indices=indices, **any_size))
    except (RuntimeError, AssertionError, ValueError) as error:
        height, width = timm_for(model).get_pretrained_cfg(model).input_size[1:]
        raise WeightsError(
            f"{TIMM}{model}: expected a network that takes pictures of any size, found one for "
            f"{height} x {width} pixels that refuses {_PROBE[0]} x {_PROBE[1]}; take another, {_OTHERS}"
        ) from error
    return Facts(indices, tuple(level["num_chs"] for level in levels), any_size, fronts)


@lru_cache
def full_of(model: str) -> Any:
    """Returns the network with its classifier, without numbers: for names and shapes."""
    return _drawn(partial(timm_for(model).create_model, model)).to("meta")


def pixels_of(name: str) -> Pixels:
    """Returns how pictures are prepared for `timm:NAME` or `timm:NAME.TAG`.

    Raises:
        WeightsError: timm has no such network, or no weights of it under that tag.
    """
    timm, (model, _, tag) = timm_for(name), name.removeprefix(TIMM).partition(".")
    known = timm.list_models()
    if model not in known:
        near = ", ".join(repr(f"{TIMM}{match}") for match in get_close_matches(model, known, n=3))
        hint = f"the nearest are {near}" if near else "timm.list_models() gives all"
        raise WeightsError(f"{name}: expected the name of a network of timm's, found {model!r}; {hint}")
    try:
        config = timm.get_pretrained_cfg(name.removeprefix(TIMM))
    except RuntimeError as error:
        tags = ", ".join(repr(full.partition(".")[2]) for full in timm.list_pretrained(f"{model}.*"))
        raise WeightsError(
            f"{name}: expected a tag of timm's for {model!r}, found {tag!r}; there are {tags or 'none'}"
        ) from error
    return Pixels(
        mean=tuple(config.mean),
        std=tuple(config.std),
        input_size=max(config.input_size[1:]),
        crop=config.crop_pct,
        interpolation="bilinear" if config.interpolation == "bilinear" else "bicubic",
    )


def source_of(model: str) -> Any:
    """Returns the module of timm's that a network is from."""
    return sys.modules[timm_for(model).models.model_entrypoint(model).__module__]


def timm_for(name: str, wanted: str = "the package timm") -> Any:
    """Returns the package.

    Args:
        name: of what it is wanted for, to say so.
        wanted: what a message says was expected.

    Raises:
        WeightsError: it is not installed.
    """
    try:
        import timm
    except ImportError as error:
        raise WeightsError(
            f"{name}: expected {wanted}, found none; pip install 'transferbench[timm]'"
        ) from error
    return timm


def _maps(model: str) -> list[dict[str, Any]]:
    try:
        network = _drawn(partial(timm_for(model).create_model, model, features_only=True))
        info = list(network.feature_info.info)
    except (RuntimeError, AttributeError):  # timm takes no maps from it
        info = []
    found = Counter(level["reduction"] for level in info)
    if any(found[stride] != 1 for stride in STRIDES):
        maps = ", ".join(f"{count} at stride {stride}" for stride, count in found.items()) or "none"
        raise WeightsError(
            f"{TIMM}{model}: expected one map each at strides 4, 8, 16 and 32, found {maps}; "
            f"take a network that narrows step by step, {_OTHERS}"
        )
    return info


def _any_size(model: str) -> dict[str, bool]:
    if not timm_for(model).get_pretrained_cfg(model).fixed_input_size:
        return {}
    option = {"strict_img_size": False}
    try:
        _drawn(partial(timm_for(model).create_model, model, features_only=True, **option))
    except TypeError:
        return {}
    return option


def _fronts(model: str, **options: Any) -> tuple[frozenset[str], ...]:
    """Returns, for each map, the names of the parameters that a gradient at the map reaches."""
    with torch.enable_grad():
        network = timm_for(model).create_model(model, features_only=True, **options).eval()
        names, parameters = zip(*network.named_parameters(), strict=True)
        maps = network(torch.zeros(1, 3, *_PROBE))
        reached = (
            torch.autograd.grad(m.sum(), parameters, retain_graph=True, allow_unused=True) for m in maps
        )
        return tuple(
            frozenset(name for name, gradient in zip(names, gradients, strict=True) if gradient is not None)
            for gradients in reached
        )


def _drawn(make: Callable[[], _T]) -> _T:
    """Returns what `make` makes without numbers, which costs next to nothing, or with them where it must."""
    try:
        with torch.device("meta"):
            return make()
    except RuntimeError:  # RegNet counts its channels with tensors, EfficientViT asks for autocast
        with torch.device("cpu"), torch.random.fork_rng(devices=[]):
            return make()
