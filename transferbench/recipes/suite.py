"""What a suite says: recipes x tasks x seeds. Imports no torch."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, NonNegativeInt, model_validator

from transferbench.schema import Schema


class Suite(Schema):
    """Recipes x tasks x seeds, and which recipe is the baseline."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
    about: str = ""
    cost: str = ""
    """How long it takes on what machine, as measured."""
    baseline: str
    """Name of the recipe that the others are compared with."""
    recipes: Annotated[tuple[str, ...], Field(min_length=1)]
    """Names of shipped recipes, or paths relative to the suite's file."""
    protocols: Annotated[dict[Literal["detect", "segment"], str], Field(min_length=1)]
    """The protocol of each transfer: `name@version`, or a path relative to the suite's file."""
    seeds: Annotated[tuple[NonNegativeInt, ...], Field(min_length=1)] = (0, 1, 2)

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        for key in ("recipes", "seeds"):
            values = getattr(self, key)
            if len(set(values)) < len(values):
                raise ValueError(f"{key!r} names something twice: {', '.join(map(str, values))}")
        return self
