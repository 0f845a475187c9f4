"""Rows that take the weights of another row, or its network. Imports no torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from transferbench.backbones.weights.index import read_index
from transferbench.backbones.weights.local import RANDOM, SHUFFLED
from transferbench.errors import ConfigError, nearest
from transferbench.recipes.recipe import TAUGHT_BY, Recipe

_LIKE = f"{RANDOM}{TAUGHT_BY}"
"""Before the name of a row whose network is to be taken without its weights."""


def with_givers(recipes: Sequence[Recipe]) -> tuple[Recipe, ...]:
    """Returns recipes of which those that name another in their weights say what that one says of them.

    What a row trains has a card; weights that are loaded bring their architecture and their settings. What
    names no recipe is left as it is.

    Args:
        recipes: of a suite, rows and teachers.
    """
    by_name = {recipe.name: recipe for recipe in recipes}
    return tuple(_resolved(recipe, by_name.get(_named_by(recipe) or "")) for recipe in recipes)


def require_givers(path: Path, recipes: Sequence[Recipe]) -> None:
    """Refuses weights of a recipe that has none, or that has them from another one itself.

    Args:
        path: of the suite, for the message.
        recipes: of the suite, rows and teachers.

    Raises:
        ConfigError: there is no such recipe.
    """
    for recipe in recipes:
        name = _named_by(recipe)
        is_any = str(recipe.weights).startswith(_LIKE)
        known = [
            other.name
            for other in recipes
            if _named_by(other) is None and (is_any or not str(other.weights).startswith(RANDOM))
        ]
        if name is not None and name not in known:
            hint = nearest(name, known) if known else "the suite has none"
            raise ConfigError(
                f"{path}: expected {recipe.weights!r}, the weights of {recipe.name!r}, to be of a recipe "
                f"that the suite trains or loads, found none of that name; {hint}"
            )


def _named_by(recipe: Recipe) -> str | None:
    if recipe.given_by is not None:
        return recipe.given_by
    source = recipe.weights or ""
    return source.removeprefix(_LIKE) if source.startswith(_LIKE) else None


def _resolved(recipe: Recipe, giver: Recipe | None) -> Recipe:
    if giver is None:
        return recipe
    if recipe.given_by is None:
        source = giver.weights or ""
        bare = source.removeprefix(SHUFFLED).removeprefix(RANDOM)
        entry = read_index().get(bare)
        like = giver.arch or (bare if entry is None else entry.arch)
        return recipe.model_copy(update={"weights": f"{RANDOM}{like}"})
    if giver.is_trained_here:
        return recipe
    return recipe.model_copy(
        update={
            "arch": recipe.arch or giver.arch,
            "settings": {**giver.settings, **recipe.settings},
            "allow_missing": recipe.allow_missing or giver.allow_missing,
        }
    )
