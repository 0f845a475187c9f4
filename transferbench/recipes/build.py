"""One recipe from what a file says of it. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from transferbench.engine.plan import Step
from transferbench.errors import ConfigError
from transferbench.recipes.faults import validated
from transferbench.recipes.merge import over, with_sets
from transferbench.recipes.recipe import Recipe
from transferbench.recipes.toml_files import find, read

OWN = ("name", "about", "paper")
"""Keys that a base keeps to itself."""


def load_recipe(name: str, *, sets: Sequence[str] = (), beside: Path | None = None) -> Recipe:
    """Returns a recipe, its base merged in and its name taken from the file's.

    Args:
        name: of a shipped recipe, or a path.
        sets: one-off changes, `key.key=value`.
        beside: folder that a path may be relative to.

    Raises:
        ConfigError: there is no such file, or it says something it may not.
    """
    path = find("recipes", name, beside)
    content = with_sets(content_of(path), sets)
    where = " ".join([str(path), *(f"--set {text}" for text in sets)])
    # a one-off change may cut a training short
    return validated(Recipe, content, where) if sets else recipe_of(content, where)


def content_of(path: Path) -> dict[str, Any]:
    """Returns what the file of a recipe says, its base merged in, and its name.

    Raises:
        ConfigError: it or its base cannot be read.
    """
    content = read(path)
    base = content.pop("base", None)
    if base is not None:
        below = {key: value for key, value in _base(path, base).items() if key not in OWN}
        content = over(below, content)
    return {"name": path.stem, **content}


def _base(path: Path, base: Any) -> dict[str, Any]:
    if not isinstance(base, str):
        raise ConfigError(f"{path}: base: expected the name of a file, found {base!r}")
    content = read(path.parent / base)
    if "base" in content:
        raise ConfigError(
            f"{path}: base: expected a recipe without a base of its own, found {base!r}, which has one; "
            "one level is all there is"
        )
    return content


def recipe_of(content: Mapping[str, Any], where: str) -> Recipe:
    """Returns the recipe that says this.

    Args:
        content: what it says.
        where: it stands, for the message.

    Raises:
        ConfigError: it says something it may not, or something that would have no effect.
    """
    recipe = validated(Recipe, content, where)
    _require_effect(where, recipe)
    return recipe


def _require_effect(where: str, recipe: Recipe) -> None:
    """Refuses what would happen after the last epoch; a schedule that cosine replaces may stand."""
    plan, sizes = recipe.plan, recipe.tricks.progressive_size
    if plan is None:
        return
    drops = plan.schedule.at_epochs if isinstance(plan.schedule, Step) and not recipe.tricks.cosine else ()
    warmups = {"plan.warmup_epochs": plan.warmup_epochs}
    if recipe.tricks.warmup:
        warmups = {"tricks.warmup.epochs": recipe.tricks.warmup.epochs}
    late: dict[str, list[float]] = {
        **{key: [epochs] for key, epochs in warmups.items() if epochs >= plan.epochs},
        "plan.schedule.at_epochs": [epoch for epoch in drops if epoch >= plan.epochs],
        "tricks.progressive_size.epochs": [sizes.epochs] if sizes and sizes.epochs >= plan.epochs else [],
    }
    for key, epochs in late.items():
        if epochs:
            raise ConfigError(
                f"{where}: {key}: expected epochs before the end at {plan.epochs}, found "
                f"{', '.join(f'{epoch:g}' for epoch in epochs)}, which would have no effect; take it out, or "
                "train longer"
            )
