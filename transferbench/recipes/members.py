"""The recipes of a suite: listed, written into it, and built by its design. Imports no torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any, TypeVar

from transferbench.errors import ConfigError
from transferbench.recipes.build import OWN, content_of, recipe_of
from transferbench.recipes.design import Design, Levels
from transferbench.recipes.merge import over
from transferbench.recipes.recipe import Recipe
from transferbench.recipes.suite import Suite
from transferbench.recipes.toml_files import find, shipped

T = TypeVar("T")


@dataclass(frozen=True)
class Members:
    """The recipes of a suite."""

    rows: tuple[Recipe, ...]
    teachers: tuple[Recipe, ...]
    levels: Levels = field(default_factory=dict)
    """Of the design: by recipe and factor, whether it is on."""


def members_of(path: Path, suite: Suite) -> Members:
    """Returns the recipes of a suite, in order.

    Args:
        path: of the suite's file, beside which recipes and weights may be.
        suite: as its file says.

    Raises:
        ConfigError: one or more recipes are missing, or say something they may not; all are told.
    """
    faults: list[ConfigError] = []
    start = suite.design.start if suite.design else None
    own = [name for name in suite.inline if name not in (*suite.recipes, *suite.teachers, start)]
    if suite.recipes:
        faults, own = [_unlisted(path, name) for name in own], []
    rows, teachers = (
        [made for name in names if (made := _or_fault(partial(_named, path, suite, name), faults))]
        for names in ((*suite.recipes, *own), suite.teachers)
    )
    built: list[Recipe] = []
    levels: Levels = {}
    if suite.design is not None:
        built, levels = _or_fault(partial(_built, path, suite, suite.design, faults), faults) or (
            built,
            levels,
        )
    if len(faults) == 1:
        raise faults[0]
    if faults:
        lines = "\n".join(f"  {fault}".replace("\n", "\n  ") for fault in faults)
        raise ConfigError(f"{path}: expected sound recipes, found {len(faults)} that are not:\n{lines}")
    return Members((*rows, *built), tuple(teachers), levels)


def _unlisted(path: Path, name: str) -> ConfigError:
    return ConfigError(
        f"{path}: inline.{name}: expected a recipe that 'recipes' lists, as the suite has that key, found "
        f"inline {name!r} not among them; add it or remove the table"
    )


def _or_fault(make: Callable[[], T], faults: list[ConfigError]) -> T | None:
    try:
        return make()
    except ConfigError as error:
        faults.append(error)
        return None


def _named(path: Path, suite: Suite, name: str) -> Recipe:
    content, where = _content(path, suite, name)
    return recipe_of(content, where)


def _content(path: Path, suite: Suite, name: str) -> tuple[dict[str, Any], str]:
    """Returns what a recipe says that the suite names, and where it stands."""
    if name not in suite.inline:
        file = find("recipes", name, path.parent, further=list(suite.inline))
        return content_of(file), str(file)
    where = f"{path}: inline.{name}"
    if name in shipped("recipes"):
        raise ConfigError(
            f"{where}: expected a name that no shipped recipe has, found {name!r}, whose numbers it would "
            "pass for; give it another name"
        )
    content = {"name": name, **_on_recipe(suite.inline[name], where, path.parent)}
    weights = content.get("weights")
    if isinstance(weights, str) and weights and (path.parent / weights).exists():
        content["weights"] = str(path.parent / weights)
    return content, where


def _on_recipe(said: Mapping[str, Any], where: str, folder: Path) -> dict[str, Any]:
    """Returns what a recipe in a suite says over what its `base` says, which may have a base of its own."""
    content = dict(said)
    base = content.pop("base", None)
    if base is None:
        return content
    if not isinstance(base, str):
        raise ConfigError(f"{where}: base: expected the name of a recipe, found {base!r}")
    below = content_of(find("recipes", base, folder))
    return over({key: value for key, value in below.items() if key not in OWN}, content)


def _built(
    path: Path, suite: Suite, design: Design, faults: list[ConfigError]
) -> tuple[list[Recipe], Levels]:
    """Returns the recipes of a design and its levels; adds to `faults` what is wrong with one or more."""
    start, _ = _content(path, suite, design.start)
    name = str(start["name"])
    levels = design.levels(name)
    plain = {key: value for key, value in start.items() if key not in OWN}
    recipes: list[Recipe] = []
    told: set[str] = set()
    for row, on in levels.items():
        where = f"{path}: design: {row}"
        try:
            said = {"name": row, "about": _about(name, on), **design.content(plain, on)}
            recipes.append(recipe_of(start if row == name else said, where))
        except ConfigError as error:
            first, *rest = str(error).removeprefix(where).splitlines()
            if not told.issuperset(rest or [first]):  # a factor is at fault wherever it is on
                faults.append(error)
            told.update(rest or [first])
    for one, other in _the_same(recipes):
        raise ConfigError(
            f"{path}: design: expected factors that each change something, found {one!r} the same as "
            f"{other!r}; take the factor out, or start from a recipe that is without it"
        )
    return recipes, levels


def _about(start: str, on: dict[str, bool]) -> str:
    return f"{start} with {', '.join(name for name, is_on in on.items() if is_on)}"


def _the_same(recipes: list[Recipe]) -> Iterator[tuple[str, str]]:
    settings = {recipe.name: recipe.model_dump(exclude=set(OWN)) for recipe in recipes}
    for (one, ours), (other, theirs) in combinations(settings.items(), 2):
        if ours == theirs:
            yield other, one
