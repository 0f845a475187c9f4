"""The learning rate of a recipe's steps. Imports no torch."""

from __future__ import annotations

from collections.abc import Sequence

from transferbench.engine.rate import rate_of
from transferbench.errors import ConfigError
from transferbench.recipes.recipe import Recipe
from transferbench.tasks.classify.counts import PUBLISHED

_SAME_DATA = {"imagenet-299": "imagenet"}
"""Name of a protocol to that of another one, of whose data the count is known."""


def rates(recipe: Recipe, steps: Sequence[int], *, steps_per_epoch: int | None = None) -> dict[int, float]:
    """Returns the learning rate of each step, as the training takes it.

    Args:
        recipe: with a plan.
        steps: counted from zero over the whole training.
        steps_per_epoch: at least 1; None takes that of the protocol's data, if their count is published.

    Raises:
        ConfigError: the recipe is not trained, a step lies beyond its end, or nothing tells the steps of an
            epoch.
    """
    plan = recipe.plan
    if plan is None:
        raise ConfigError(
            f"{recipe.name}: expected a recipe with a plan, found one whose weights are {recipe.weights!r}; "
            "nothing of it has a rate"
        )
    steps_per_epoch = steps_per_epoch or _published_steps(recipe.protocol, plan.batch_size)
    _require_within(recipe.name, steps, round(plan.epochs * steps_per_epoch))
    rate = rate_of(plan, recipe.tricks, steps_per_epoch)
    return {step: rate(step) for step in steps}


def _published_steps(protocol: str, batch_size: int) -> int:
    name = protocol.partition("@")[0]
    published = PUBLISHED.get(_SAME_DATA.get(name, name))
    if published is None:
        raise ConfigError(
            f"--steps-per-epoch: expected a number, as nothing says how many pictures {protocol!r} has, "
            "found none; give training pictures over batch, rounded down"
        )
    pictures = published["train"].pictures
    if pictures < batch_size:
        raise ConfigError(
            f"plan.batch_size: expected at most the {pictures} training pictures of {protocol!r}, found "
            f"{batch_size}, of which there is no step; take a smaller batch"
        )
    return pictures // batch_size


def _require_within(name: str, steps: Sequence[int], end: int) -> None:
    late = [step for step in steps if step >= end]
    if late:
        raise ConfigError(
            f"{name}: --rate: expected steps from 0 to {end - 1}, found {', '.join(map(str, late))}; "
            "give earlier ones"
        )
