"""Designs that take a bag of tricks apart: which recipes they build. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from transferbench.recipes.merge import with_value
from transferbench.schema import Schema

Kind = Literal["cumulative", "leave_one_out", "factorial"]
Levels = dict[str, dict[str, bool]]
"""By recipe and factor, whether the factor is on."""
FactorName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+$")]
ALL = "all"
"""Name of the recipe with every factor on, from which one at a time is left out."""
_OWN = ("name", "about", "paper")
_TABLES = ("plan", "tricks")
_MOST_FACTORS = 6


class Design(Schema):
    """A recipe to start from, and the factors that are switched on in others built from it.

    Source:
        Box, Hunter and Hunter 2005, chapter 5, for the factorial; He et al. 2019, Table 6, for cumulative.
    """

    kind: Kind
    """`cumulative`: one factor more at a time, in order. `leave_one_out`: all of them, and all but one each.
    `factorial`: every combination."""
    start: str
    """Name of a recipe, with none of the factors on."""
    factors: Annotated[dict[FactorName, dict[str, Any]], Field(min_length=1)]
    """What each one sets, by dotted key: `"tricks.mixup" = true`, `"plan.epochs" = 10`."""

    @field_validator("factors", mode="before")
    @classmethod
    def _with_dotted_keys(cls, factors: Any) -> Any:
        """Takes `tricks.mixup = true` without quotes, which TOML reads as a table, as it is meant."""
        if not isinstance(factors, Mapping):
            return factors
        return {name: _dotted(sets) if isinstance(sets, Mapping) else sets for name, sets in factors.items()}

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        faults = [f"factor {name!r} sets nothing" for name, sets in self.factors.items() if not sets]
        for name, sets in self.factors.items():
            own = [key for key in sets if key.partition(".")[0] in _OWN]
            faults += [f"factor {name!r} sets {key!r}, which each recipe has of its own" for key in own]
        for (one, ours), (other, theirs) in combinations(self.factors.items(), 2):
            shared = [key for key in ours if any(_overlap(key, theirs_key) for theirs_key in theirs)]
            faults += [f"factors {one!r} and {other!r} both set {key!r}" for key in shared]
        if self.kind == "factorial" and len(self.factors) > _MOST_FACTORS:
            faults.append(
                f"{len(self.factors)} factors would make {2 ** len(self.factors)} recipes, "
                f"{_MOST_FACTORS} factors are the most"
            )
        if self.kind == "leave_one_out" and len(self.factors) == 1:
            faults.append("'leave_one_out' of a single factor is 'cumulative'")
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def levels(self, start: str) -> Levels:
        """Returns the recipes to build, in order, and which factors are on in each.

        Args:
            start: name of the recipe that the others are built from.
        """
        names = list(self.factors)
        if self.kind == "leave_one_out":
            without = {f"{ALL}-{left_out}": {left_out} for left_out in names}
            off: dict[str, set[str]] = {ALL: set(), **without}
            return {recipe: {name: name not in out for name in names} for recipe, out in off.items()}
        if self.kind == "cumulative":
            chosen = [names[:count] for count in range(len(names) + 1)]
        else:
            chosen = [list(on) for count in range(len(names) + 1) for on in combinations(names, count)]
        return {"+".join([start, *on]): {name: name in on for name in names} for on in chosen}

    def content(self, start: Mapping[str, Any], on: Mapping[str, bool]) -> dict[str, Any]:
        """Returns what a recipe says in which some factors are on.

        Args:
            start: what the one says that it is built from.
            on: by factor.

        Raises:
            ConfigError: a key leads through a value that is no table.
        """
        content = dict(start)
        for name, sets in self.factors.items():
            for key, value in sets.items() if on[name] else ():
                content = with_value(content, key, value, f"factor {name!r}: {key}")
        return content


def _dotted(sets: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in sets.items():
        is_table = key in _TABLES and isinstance(value, Mapping)
        flat |= {f"{key}.{inner}": each for inner, each in value.items()} if is_table else {key: value}
    return flat


def _overlap(one: str, other: str) -> bool:
    return f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")
