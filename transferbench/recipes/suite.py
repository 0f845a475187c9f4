"""What a suite says: recipes x tasks x seeds. Imports no torch."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, NonNegativeInt, model_validator

from transferbench.recipes.paper import PaperScores
from transferbench.schema import Schema


class Suite(Schema):
    """Recipes x tasks x seeds, and which recipe is the baseline."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
    about: str = ""
    cost: str = ""
    """How long it takes on what machine, as measured."""
    baseline: str
    """Name of the recipe that the others are compared with."""
    further_baselines: tuple[str, ...] = ()
    """Names of recipes that those listed after them are compared with, in place of the ones before:
    a table of several networks has one for each."""
    recipes: Annotated[tuple[str, ...], Field(min_length=1)]
    """Names of shipped recipes, or paths relative to the suite's file."""
    teachers: tuple[str, ...] = ()
    """The same, of recipes that are trained only to teach: no row in a table, no transfer."""
    protocols: dict[Literal["detect", "segment"], str] = Field(default_factory=dict)
    """The protocol of each transfer: `name@version`, or a path relative to the suite's file; none to pretrain
    and no more."""
    seeds: Annotated[tuple[NonNegativeInt, ...], Field(min_length=1)] = (0, 1, 2)
    paper: dict[str, PaperScores] = Field(default_factory=dict)
    """By name of recipe, the numbers of the table that the suite is, in place of all the recipe's own."""

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        for key in ("recipes", "teachers", "further_baselines", "seeds"):
            values = getattr(self, key)
            if len(set(values)) < len(values):
                raise ValueError(f"{key!r} names something twice: {', '.join(map(str, values))}")
        return self

    def is_row(self, recipe: str) -> bool:
        """Whether a recipe has a row in the table: all but those that only teach."""
        return recipe not in self.teachers
