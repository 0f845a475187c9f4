"""Files to records: recipes, suites and protocols, found by name or path. Imports no torch."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from transferbench.engine.plan import Step
from transferbench.errors import ConfigError, nearest
from transferbench.recipes.faults import validated
from transferbench.recipes.merge import over
from transferbench.recipes.merge import with_sets as with_sets
from transferbench.recipes.recipe import Recipe
from transferbench.recipes.scaling import sets_with_rate
from transferbench.recipes.suite import Suite
from transferbench.recipes.whole import require_whole
from transferbench.tasks.base import TaskProtocol
from transferbench.tasks.catalog import (
    PROTOCOL_TYPES,
    PROTOCOLS,
    TRANSFERS,
    TaskName,
    find_protocol,
    layouts_of,
)

Kind = Literal["recipes", "suites"]
_OWN = ("name", "about", "paper")
"""Keys that a base keeps to itself."""


def shipped(kind: Kind) -> dict[str, Path]:
    """Returns the files that come with the program, by name."""
    package = Path(__file__).parents[1]
    folder = next(f for f in (package / "configs", package.parent / "configs") if f.is_dir())
    return {path.stem: path for path in sorted((folder / kind).glob("*.toml"))}


def about(path: Path) -> str:
    """Returns what a file says of itself."""
    return str(_read(path).get("about", ""))


def load_recipe(name: str, *, sets: Sequence[str] = (), beside: Path | None = None) -> Recipe:
    """Returns a recipe, its base merged in and its name taken from the file's.

    Args:
        name: of a shipped recipe, or a path.
        sets: one-off changes, `key.key=value`.
        beside: folder that a path may be relative to.

    Raises:
        ConfigError: there is no such file, or it says something it may not.
    """
    path = _find("recipes", name, beside)
    content = _read(path)
    base = content.pop("base", None)
    if base is not None:
        content = _merged(_base(path, base), content)
    changed = with_sets(content, sets)
    recipe = validated(Recipe, {"name": path.stem, **changed}, _where(path, sets))
    if not sets:  # a one-off change may cut a training short
        _require_effect(path, recipe)
    return recipe


def load_suite(name: str) -> tuple[Suite, tuple[Recipe, ...]]:
    """Returns a suite and its recipes, in order; paths in the suite give way to names, or start from here.

    Args:
        name: of a shipped suite, or a path.

    Raises:
        ConfigError: a file is missing or says something it may not.
    """
    suite, recipes, _ = _suite(name)
    return suite, recipes


def load_teachers(name: str) -> tuple[Recipe, ...]:
    """Returns the recipes of a suite that are trained only to teach.

    Args:
        name: of a shipped suite, or a path.

    Raises:
        ConfigError: see `load_suite`.
    """
    return _suite(name)[2]


def _suite(name: str) -> tuple[Suite, tuple[Recipe, ...], tuple[Recipe, ...]]:
    path = _find("suites", name, None)
    suite = validated(Suite, {"name": path.stem, **_read(path)}, str(path))
    recipes, teachers = (
        tuple(load_recipe(recipe, beside=path.parent) for recipe in listed)
        for listed in (suite.recipes, suite.teachers)
    )
    require_whole(path, suite, recipes, teachers)
    protocols = {task: _beside(path, key) for task, key in suite.protocols.items()}
    for task, key in protocols.items():
        load_protocol(task, key)
    names = {"recipes": tuple(r.name for r in recipes), "teachers": tuple(r.name for r in teachers)}
    return suite.model_copy(update={**names, "protocols": protocols}), recipes, teachers


def load_protocol(task: TaskName, name: str, *, sets: Sequence[str] = ()) -> TaskProtocol:
    """Returns a protocol.

    Args:
        task: what it measures.
        name: `name@version` of a shipped one, or a path to a TOML file, whose `base` may be a shipped one.
        sets: one-off changes, `key.key=value`; a batch without a rate brings the rate that it asks for.

    Raises:
        ConfigError: there is no such protocol, or it says something it may not.
    """
    kind = PROTOCOL_TYPES[task]
    protocol = _own_protocol(task, Path(name)) if name.endswith(".toml") else find_protocol(task, name)
    if not sets:
        return protocol
    changed = with_sets(protocol.model_dump(), sets_with_rate(protocol.plan, sets))
    return validated(kind, changed, _where(name, sets))


def task_of(name: str) -> TaskName | None:
    """Returns the first of `tasks_of`, None where nothing tells."""
    return next(iter(tasks_of(name)), None)


def tasks_of(name: str) -> list[TaskName]:
    """Returns the tasks that have a protocol of that name.

    Those of a TOML file are the ones of its `base`, and of these the one that reads its `data.layout`.
    """
    content = _read(Path(name)) if name.endswith(".toml") else {"base": name}
    data = content.get("data")
    layout = data.get("layout") if isinstance(data, dict) else None
    by_layout = [task for task in TRANSFERS if layout in layouts_of(task)]
    by_base = [task for task, known in PROTOCOLS.items() if content.get("base") in known]
    return [task for task in by_base if task in by_layout] or by_base or by_layout


def _own_protocol(task: TaskName, path: Path) -> TaskProtocol:
    content = _read(path)
    base = content.pop("base", None)
    if base is not None:
        below = find_protocol(task, str(base))
        plan = content.get("plan", {})
        if isinstance(plan, dict) and "lr" not in plan and "batch_size" in plan:
            sets = sets_with_rate(below.plan, [f"plan.batch_size={plan['batch_size']}"])
            content = with_sets(content, sets)
        content = over(below.model_dump(exclude={"name", "version"}), content)
    name = str(content.get("name", path.stem))
    if any(protocol.name == name for protocol in PROTOCOLS[task].values()):
        raise ConfigError(
            f"{path}: expected a name that no shipped protocol has, found {name!r}, whose numbers it would "
            "pass for; give the file another name"
        )
    return validated(PROTOCOL_TYPES[task], {**content, "name": name}, str(path))


def _beside(suite: Path, key: str) -> str:
    """Returns a protocol's key, or its path as seen from here if the suite names a file."""
    return str(suite.parent / key) if key.endswith(".toml") else key


def _find(kind: Kind, name: str, beside: Path | None) -> Path:
    files = shipped(kind)
    if name in files:
        return files[name]
    path = Path(name) if beside is None else beside / name
    if path.suffix == ".toml" and path.is_file():
        return path
    raise ConfigError(
        f"{kind[:-1]} {name!r}: expected a shipped one's name or the path of a .toml file, found neither; "
        + nearest(name, list(files))
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: expected a TOML file, found one that cannot be read ({error})") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: expected TOML, found a mistake: {error}; mend the line") from error


def _base(path: Path, base: Any) -> dict[str, Any]:
    if not isinstance(base, str):
        raise ConfigError(f"{path}: base: expected the name of a file, found {base!r}")
    content = _read(path.parent / base)
    if "base" in content:
        raise ConfigError(
            f"{path}: base: expected a recipe without a base of its own, found {base!r}, which has one; "
            "one level is all there is"
        )
    return content


def _merged(base: Mapping[str, Any], content: Mapping[str, Any]) -> dict[str, Any]:
    return over({key: value for key, value in base.items() if key not in _OWN}, content)


def _require_effect(path: Path, recipe: Recipe) -> None:
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
                f"{path}: {key}: expected epochs before the end at {plan.epochs}, found "
                f"{', '.join(f'{epoch:g}' for epoch in epochs)}, which would have no effect; take it out, or "
                "train longer"
            )


def _where(path: Path | str, sets: Sequence[str]) -> str:
    return " ".join([str(path), *(f"--set {text}" for text in sets)])
