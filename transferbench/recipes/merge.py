"""Tables of a file over those of another, and one-off changes over both."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from transferbench.errors import ConfigError

_TAGS = ("name", "layout")
"""Keys that say of which kind a table is."""


def over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what `above` says, and `below` where it says nothing.

    Tables of both are one, key by key, unless they are of another kind, as a head or a layout of data.
    """
    tables = {
        key: {**below[key], **value}
        for key, value in above.items()
        if isinstance(value, Mapping) and isinstance(below.get(key), Mapping) and _is_kin(below[key], value)
    }
    return {**below, **above, **tables}


def _is_kin(below: Mapping[str, Any], above: Mapping[str, Any]) -> bool:
    return all(below.get(tag) == above.get(tag, below.get(tag)) for tag in _TAGS)


def with_sets(content: Mapping[str, Any], sets: Sequence[str]) -> dict[str, Any]:
    """Returns a copy of the content with `key.key=value` changes made; values are TOML, or else text.

    Raises:
        ConfigError: a change has no `=`, or leads through a value that is no table.
    """
    changed = dict(content)
    for text in sets:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise ConfigError(f"--set {text!r}: expected key=value, as plan.lr=0.2; write it so")
        changed = with_value(changed, key.strip(), _value(value), f"--set {text!r}")
    return changed


def with_value(content: Mapping[str, Any], key: str, value: Any, where: str) -> dict[str, Any]:
    """Returns a copy of the content with one value set.

    Args:
        content: tables within tables.
        key: dotted, as `tricks.mixup`.
        value: to be there.
        where: the change is asked for, for the message.

    Raises:
        ConfigError: the key leads through a value that is no table.
    """
    first, _, rest = key.partition(".")
    if not rest:
        return {**content, first: value}
    below = content.get(first) or {}
    if not isinstance(below, Mapping):
        raise ConfigError(f"{where}: expected {first!r} to be a table, found {below!r}; set {first!r} whole")
    return {**content, first: with_value(below, rest, value, where)}


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
