"""Writes TOML files, which the standard library only reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write_toml(path: Path, content: Mapping[str, Any]) -> Path:
    """Writes a line a key, tables inline and None left out, and returns the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "".join(f"{key} = {_text(value)}\n" for key, value in content.items() if value is not None)
    )
    return path


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        inside = ", ".join(f"{key} = {_text(each)}" for key, each in value.items() if each is not None)
        return f"{{ {inside} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_text, value))}]"
    return json.dumps(value)
