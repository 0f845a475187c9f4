"""Recipes and suites to be written and spoilt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.fabricate.toml import write_toml

PLAN: dict[str, Any] = {"epochs": 2, "batch_size": 8, "lr": 0.1}
RECIPE: dict[str, Any] = {"arch": "mini_b", "plan": PLAN}
SUITE: dict[str, Any] = {
    "baseline": "mine",
    "recipes": ["mine.toml", "mini_random"],
    "protocols": {"detect": "miniature@1"},
}


def recipe_file(folder: Path, file: str = "mine.toml", **changes: Any) -> str:
    """Writes a recipe that is sound but for the changes; returns its path."""
    return str(write_toml(folder / file, RECIPE | changes))


def student_file(folder: Path, file: str, teacher: str) -> str:
    """Writes a recipe whose teacher is the run of another; returns its path."""
    return recipe_file(folder, file, tricks={"distillation": {"teacher": f"recipe:{teacher}"}})


def suite_file(folder: Path, **changes: Any) -> str:
    """Writes a suite that is sound but for the changes, and a recipe that it names; returns its path.

    Recipes that are written into it are listed after the others, where the changes list none.
    """
    recipe_file(folder)
    others = (*changes.get("teachers", ()), changes.get("design", {}).get("start"))
    listed = [*SUITE["recipes"], *(name for name in changes.get("inline", {}) if name not in others)]
    return str(write_toml(folder / "suite.toml", SUITE | {"recipes": listed} | changes))
