"""What a record says of how its scores came about, in the order in which a reader asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transferbench.runs.record import Record

_NAMES = ("name", "about", "paper")
_MACHINE = ("device", "precision", "threads", "processor", "system", "workers")
_VERSIONS = ("transferbench", "torch", "torchvision", "python")
_TOLD = ("left_out", "allowed_missing", "classifier", "twins", "wrappings")
"""Of the loader's report, lists that are told where they are not empty."""


def facts_of(record: Record) -> dict[str, Any]:
    """Returns recipe, tricks, protocol, plan, data, seed, software, machine and cost of a run.

    Nothing is left out that may change a score; all of it is fit for JSON.
    """
    resolved, machine = record.resolved, record.machine
    protocol = {key: value for key, value in resolved.get("protocol", {}).items() if key != "plan"}
    facts: dict[str, Any] = {"suite": record.suite, "recipe": record.recipe, "task": record.task}
    facts |= {"protocol": record.protocol, "departures": resolved.get("departures", [])}
    facts |= {"limit": resolved.get("limit"), "seed": record.seed}
    facts |= {"pretraining seed": record.pretraining_seed, "identity": record.identity}
    if record.task == "classify":
        facts |= _of_recipe(resolved.get("recipe", {}))
    facts |= {
        "plan": resolved.get("plan"),
        "rules of the protocol": protocol,
        "data": {**record.data, "pictures": record.pictures, "classes": len(record.classes)},
        "remarks": list(record.remarks),
        "teacher": None if record.teacher is None else record.teacher.model_dump(mode="json"),
        "versions": {key: machine[key] for key in _VERSIONS if key in machine},
        "machine": {key: machine[key] for key in _MACHINE if key in machine},
        "command": machine.get("command"),
        "wall seconds": round(record.wall_seconds, 1),
        "peak memory bytes": record.peak_memory_bytes,
        "effort": None if record.effort is None else record.effort.model_dump(mode="json"),
    }
    return {key: value for key, value in facts.items() if value not in (None, [], {}, "")}


def facts_of_loading(record: Record) -> dict[str, Any]:
    """Returns how weights went into a run's backbone: share, what was left out, who told the settings."""
    weights = record.weights
    settings: Mapping[str, Mapping[str, Any]] = weights.get("settings", {})
    facts: dict[str, Any] = {
        "origin": weights.get("origin"),
        "sha256": weights.get("shuffled_from") or weights.get("sha256"),
        "vouched for by": weights.get("sha256_from"),
        "shuffled by seed": record.backbone_seed if weights.get("shuffled_from") else None,
        "arch": weights.get("arch"),
    }
    if not weights.get("was_random"):
        facts |= {"share loaded": weights.get("share_loaded"), "tensors": weights.get("matched")}
        facts |= {name.replace("_", " "): weights.get(name) for name in _TOLD}
    facts["settings"] = {key: f"{each['value']} (by {each['told_by']})" for key, each in settings.items()}
    return {key: value for key, value in facts.items() if value not in (None, [], (), {}, "")}


def facts_of_card(recipe: Mapping[str, Any], scores: Mapping[str, float], fingerprint: str) -> dict[str, Any]:
    """Returns what weights say of their own training."""
    facts: dict[str, Any] = {"recipe": recipe.get("name"), **_of_recipe(recipe)}
    facts |= {"plan": recipe.get("plan"), "data fingerprint": fingerprint, "scores": dict(scores)}
    return {key: value for key, value in facts.items() if value not in (None, [], {}, "")}


def _of_recipe(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the tricks that are on, and the rest of a recipe but its plan and its names."""
    tricks = {
        name: settings for name, settings in (recipe.get("tricks") or {}).items() if settings is not None
    }
    rest = {key: value for key, value in recipe.items() if key not in (*_NAMES, "plan", "tricks", "protocol")}
    return {
        "about": recipe.get("about"),
        "tricks": {name: settings or "on" for name, settings in tricks.items()} or "none",
        **{key: value for key, value in rest.items() if value not in (None, [], {}, "")},
    }
