"""What a suite says: recipes x tasks x seeds. Imports no torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from transferbench.recipes.design import Design, Levels
from transferbench.recipes.paper import PaperScores
from transferbench.schema import Schema

SEEDS_APART = 1000
"""Between the seeds of the transfers of one backbone."""


class Suite(Schema):
    """Recipes x tasks x seeds, and which recipe is the baseline."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
    about: str = ""
    cost: str = ""
    """How long it takes on what machine, as measured."""
    note: str = ""
    """What a reader must know of all its numbers; stands under every table."""
    baseline: str = ""
    """Name of the recipe that the others are compared with; a design has its own if none is named."""
    further_baselines: tuple[str, ...] = ()
    """Names of recipes that those listed after them are compared with, in place of the ones before:
    a table of several networks has one for each."""
    recipes: tuple[str, ...] = ()
    """Names of recipes that are shipped or `inline`, or paths relative to the suite's file."""
    inline: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Recipes by name, with the keys of a recipe's file; all of them rows without `recipes`."""
    design: Design | None = None
    """Builds recipes, which are rows after all others."""
    teachers: tuple[str, ...] = ()
    """As `recipes`, of those that are trained only to teach: no row in a table, no transfer."""
    protocols: dict[Literal["detect", "segment"], str] = Field(default_factory=dict)
    """The protocol of each transfer: `name@version`, or a path relative to the suite's file; none to pretrain
    and no more."""
    seeds: Annotated[tuple[NonNegativeInt, ...], Field(min_length=1)] = (0, 1, 2)
    repeats: PositiveInt = 1
    """Transfers of each backbone to each task: the k-th, counted from 0, of seed s has seed s + 1000 k."""
    limit: PositiveInt | None = None
    """Pictures of each split that are used, which stands in the protocols' names; None for all."""
    paper: dict[str, PaperScores] = Field(default_factory=dict)
    """By name of recipe, the numbers of the table that the suite is, in place of all the recipe's own."""
    public: dict[str, str] = Field(default_factory=dict)
    """By name of recipe, published weights of that row, for who would not pretrain it."""
    weights: dict[str, str] = Field(default_factory=dict)
    """By name of recipe, weights that are taken in place of its pretraining."""
    levels: Levels = Field(default_factory=dict)
    """Of the design, once its recipes are built: by recipe and factor, whether it is on."""

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        for key in ("recipes", "teachers", "further_baselines", "seeds"):
            values = getattr(self, key)
            if len(set(values)) < len(values):
                raise ValueError(f"{key!r} names something twice: {', '.join(map(str, values))}")
        return self

    @model_validator(mode="after")
    def _has_rows_and_a_baseline(self) -> Self:
        if not (self.recipes or self.inline or self.design):
            raise ValueError("'recipes' names no recipe, nor is there one 'inline' or of a 'design'; add one")
        if not self.baseline and self.design is None:
            raise ValueError("'baseline' names no recipe that the others are compared with; add the key")
        return self

    @model_validator(mode="after")
    def _has_room_between_seeds(self) -> Self:
        clash = seeds_that_clash(self.seeds, self.repeats)
        if clash is not None:
            raise ValueError(f"'repeats' would give a transfer of seed {clash} twice; take seeds below 1000")
        return self

    def is_row(self, recipe: str) -> bool:
        """Whether a recipe has a row in the table: all but those that only teach."""
        return recipe not in self.teachers


def seeds_of_transfers(seed: int, repeats: int) -> list[int]:
    """Returns the seeds of the transfers of the backbone of one seed."""
    return [seed + SEEDS_APART * k for k in range(repeats)]


def seeds_that_clash(seeds: Sequence[int], repeats: int) -> int | None:
    """Returns a seed that two transfers would have, of one backbone or of two; None where all differ."""
    given = [each for seed in seeds for each in seeds_of_transfers(seed, repeats)]
    return next((seed for place, seed in enumerate(given) if seed in given[:place]), None)
