"""Weights that are there in place of a pretraining: `--weights`. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from transferbench.backbones.weights.local import RANDOM
from transferbench.errors import ConfigError, nearest
from transferbench.recipes.givers import with_givers
from transferbench.recipes.recipe import Recipe
from transferbench.recipes.suite import Suite


def with_weights(
    suite: Suite, recipes: Sequence[Recipe], weights: Mapping[str, str]
) -> tuple[Suite, tuple[Recipe, ...]]:
    """Returns a suite in which rows take weights that are there, and its recipes.

    A row keeps its name and the paper's numbers; who taught it, and nobody else, is no longer needed.

    Args:
        suite: before.
        recipes: its rows and teachers.
        weights: by name of a recipe, where the backbone comes from; over what the suite says itself.

    Raises:
        ConfigError: there is no such recipe, or the suite is left without anything to do.
    """
    taken = {**suite.weights, **weights}
    known = [recipe.name for recipe in recipes]
    for name in taken:
        if name not in known:
            raise ConfigError(
                f"--weights {name}=...: expected one of the suite's recipes, found {name!r}; "
                + nearest(name, known)
            )
        if suite.is_row(name) and not suite.protocols:
            raise ConfigError(
                f"--weights {name}=...: expected a suite with a transfer, found {suite.name!r}, which only "
                "pretrains; leave it out"
            )
    loaded = [_loaded(recipe, taken[recipe.name]) if recipe.name in taken else recipe for recipe in recipes]
    changed = list(with_givers(loaded))
    while idle := _idle_teachers(suite, changed):
        changed = [recipe for recipe in changed if recipe.name not in idle]
    teachers = tuple(recipe.name for recipe in changed if not suite.is_row(recipe.name))
    return suite.model_copy(update={"weights": taken, "teachers": teachers}), tuple(changed)


def _loaded(recipe: Recipe, source: str) -> Recipe:
    """Returns the recipe with weights, which are to be of its network; one that has some keeps the rest."""
    arch = None if source.startswith(RANDOM) else recipe.arch
    if not recipe.is_trained_here:
        return recipe.model_copy(update={"weights": source, "arch": arch})
    return Recipe(name=recipe.name, about=recipe.about, weights=source, arch=arch, paper=recipe.paper)


def _idle_teachers(suite: Suite, recipes: Sequence[Recipe]) -> set[str]:
    taught_by = {recipe.teacher for recipe in recipes} | {recipe.given_by for recipe in recipes}
    return {recipe.name for recipe in recipes if not suite.is_row(recipe.name)} - taught_by
