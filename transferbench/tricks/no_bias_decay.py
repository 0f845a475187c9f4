"""Weight decay on weights alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, TypeVar

from transferbench.errors import ConfigError
from transferbench.tricks.base import ParameterGroup, Trick

T = TypeVar("T")


class NoBiasDecay(Trick):
    """Takes weight decay off biases and off the gammas and betas of norms.

    They are few and set the scale of what passes; pulling them to zero regularises nothing.
    """

    source: ClassVar[str] = "Jia et al. 2018; He et al. 2019, section 3.1"

    def group_parameters(self, groups: list[ParameterGroup]) -> list[ParameterGroup]:
        parts = [part for group in groups for part in split_by_decay(group)]
        if _without_decay(parts) == _without_decay(groups):
            raise ConfigError(
                "tricks.no_bias_decay: expected biases or norms under weight decay, found none among "
                f"{len(groups)} parameter groups; switch it off"
            )
        return parts


def split_by_decay(group: ParameterGroup) -> list[ParameterGroup]:
    """Returns the group as its weights of convolutions and linear layers, and its vectors without decay.

    A part without parameters is left out; a group that does not decay stays as it is.
    """
    if not group.decays:
        return [group]
    is_weight = [parameter.ndim > 1 for parameter in group.parameters]
    return [
        replace(
            group,
            parameters=_where(group.parameters, is_weight, kept),
            names=_where(group.names, is_weight, kept) if group.names else (),
            decays=kept,
        )
        for kept in (True, False)
        if kept in is_weight
    ]


def _without_decay(groups: Sequence[ParameterGroup]) -> int:
    return sum(len(group.parameters) for group in groups if not group.decays)


def _where(values: Sequence[T], flags: Sequence[bool], kept: bool) -> tuple[T, ...]:
    return tuple(value for value, flag in zip(values, flags, strict=True) if flag is kept)
