"""Whether the parts of a suite fit together: names, baselines, teachers. Imports no torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from transferbench.errors import ConfigError, nearest
from transferbench.recipes.givers import require_givers
from transferbench.recipes.recipe import TAUGHT_BY, Recipe
from transferbench.recipes.suite import Suite


def require_whole(path: Path, suite: Suite, recipes: Sequence[Recipe], teachers: Sequence[Recipe]) -> None:
    """Refuses a suite whose parts do not fit together.

    Args:
        path: of the suite, for the message.
        suite: as its file says.
        recipes: that have a row, in order.
        teachers: that have none.

    Raises:
        ConfigError: a name is there twice or not at all, or something in the file has no effect.
    """
    rows = tuple(recipe.name for recipe in recipes)
    _require_different(path, (*rows, *(recipe.name for recipe in teachers)))
    _require_row(path, "baseline", suite.baseline, rows)
    for name in suite.further_baselines:
        _require_row(path, "further_baselines", name, rows)
    for key in ("paper", "public", "weights"):
        for name in getattr(suite, key):
            _require_row(path, key, name, rows)
    _require_teachers(path, recipes, teachers)
    require_givers(path, (*recipes, *teachers))
    loaded = [recipe.name for recipe in recipes if not recipe.is_trained_here]
    if loaded and not suite.protocols:
        raise ConfigError(
            f"{path}: protocols: expected one at least, as {loaded[0]!r} is loaded and not trained, found "
            "none; add the protocol of a transfer, or take the recipe out"
        )


def _require_different(path: Path, names: Sequence[str]) -> None:
    if len(set(names)) < len(names):
        raise ConfigError(
            f"{path}: recipes: expected names that differ, found {', '.join(map(repr, names))}; "
            "give one of them another 'name'"
        )


def _require_row(path: Path, key: str, name: str, rows: Sequence[str]) -> None:
    if name not in rows:
        raise ConfigError(
            f"{path}: {key}: expected one of the suite's recipes ({', '.join(map(repr, rows))}), "
            f"found {name!r}; {nearest(name, rows)}"
        )


def _require_teachers(path: Path, recipes: Sequence[Recipe], teachers: Sequence[Recipe]) -> None:
    teacher_of = {recipe.name: recipe.teacher for recipe in (*recipes, *teachers)}
    for name, teacher in teacher_of.items():
        if teacher is not None and teacher not in teacher_of:
            raise ConfigError(
                f"{path}: teachers: expected the teacher of {name!r}, '{TAUGHT_BY}{teacher}', among the "
                f"suite's recipes or teachers, found it in neither; add {teacher!r} to 'teachers'"
            )
    for recipe in teachers:
        if recipe.name not in teacher_of.values():
            raise ConfigError(
                f"{path}: teachers: expected recipes that teach one of the suite's, found {recipe.name!r}, "
                "which teaches none; take it out"
            )
    for name in teacher_of:
        _require_end(path, name, teacher_of)


def _require_end(path: Path, name: str, teacher_of: dict[str, str | None]) -> None:
    chain = [name]
    while (teacher := teacher_of[chain[-1]]) is not None:
        chain.append(teacher)
        if teacher in chain[:-1]:
            raise ConfigError(
                f"{path}: expected teachers that are trained before their students, found a circle: "
                f"{' is taught by '.join(map(repr, chain))}; give one of them another teacher"
            )
