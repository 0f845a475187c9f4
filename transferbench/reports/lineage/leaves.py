"""Tables within tables, flattened, and which settings of a plan mean nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ROUNDING = frozenset({"precision", "channels_last", "accumulate", "compile"})
"""Settings of a plan that change sums in their last digits and nothing that they mean."""

Leaves = dict[str, Any]
"""Value by dotted key."""


def leaves(table: Mapping[str, Any] | None, key: str) -> Leaves:
    """Returns the values of tables within a table by dotted key; of an empty one within it, `on`."""
    found: Leaves = {}
    for own, value in (table or {}).items():
        name = f"{key}.{own}"
        found |= (leaves(value, name) or {name: "on"}) if isinstance(value, Mapping) else {name: value}
    return found
