"""What a run is asked to do, in a few letters, before data and weights are looked at. Imports no torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from transferbench.runs.cell import Cell

_OF_PEOPLE = ("name", "about", "paper")
"""Keys of a recipe that change no number."""


def asked_of(cell: Cell) -> str:
    """Returns a digest of the settings of a cell; data and weights count by what they are called alone."""
    resolved = {
        "recipe": cell.recipe.model_dump(mode="json"),
        "protocol": cell.protocol.model_dump(mode="json"),
        "departures": list(cell.departures),
        "limit": cell.limit,
    }
    return digest(cell.task, cell.seed, resolved, cell.pretraining_seed)


def digest(task: str, seed: int, resolved: Mapping[str, Any], pretraining_seed: int | None) -> str:
    """Returns the same of a finished run, whose record has what was resolved."""
    recipe = {key: value for key, value in resolved["recipe"].items() if key not in _OF_PEOPLE}
    rest = [resolved.get(key) for key in ("protocol", "departures", "limit")]
    seeds = [seed] if pretraining_seed is None else [seed, pretraining_seed]
    text = json.dumps([task, *seeds, recipe, *rest], sort_keys=True)
    return sha256(text.encode()).hexdigest()[:16]
