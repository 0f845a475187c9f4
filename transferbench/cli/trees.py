"""Tables within tables as an indented tree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def tree_lines(content: Mapping[str, Any], indent: int = 0) -> list[str]:
    """Returns a line an entry, those of a table within two spaces further in."""
    lines = []
    for key, value in content.items():
        if isinstance(value, Mapping) and value:
            lines += [f"{' ' * indent}{key}:", *tree_lines(value, indent + 2)]
        else:
            lines.append(f"{' ' * indent}{key}: {value}")
    return lines
