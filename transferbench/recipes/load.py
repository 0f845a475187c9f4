"""Files to records: recipes, suites and protocols, found by name or path. Imports no torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from transferbench.errors import ConfigError
from transferbench.recipes.build import load_recipe as load_recipe
from transferbench.recipes.faults import validated
from transferbench.recipes.givers import with_givers
from transferbench.recipes.members import members_of
from transferbench.recipes.merge import over
from transferbench.recipes.merge import with_sets as with_sets
from transferbench.recipes.recipe import Recipe
from transferbench.recipes.scaling import sets_with_rate
from transferbench.recipes.suite import Suite
from transferbench.recipes.toml_files import about as about
from transferbench.recipes.toml_files import find, read
from transferbench.recipes.toml_files import shipped as shipped
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
    path = find("suites", name, None)
    said = validated(Suite, {"name": path.stem, **read(path)}, str(path))
    members = members_of(path, said)
    rows, teachers = members.rows, members.teachers
    protocols = {task: _beside(path, key) for task, key in said.protocols.items()}
    resolved = {
        "recipes": tuple(recipe.name for recipe in rows),
        "teachers": tuple(recipe.name for recipe in teachers),
        "baseline": said.baseline or next(iter(members.levels), ""),
        "protocols": protocols,
        "levels": members.levels,
    }
    suite = said.model_copy(update=resolved)
    require_whole(path, suite, rows, teachers)
    for task, key in protocols.items():
        load_protocol(task, key)
    whole = with_givers((*rows, *teachers))
    return suite, whole[: len(rows)], whole[len(rows) :]


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
    content = read(Path(name)) if name.endswith(".toml") else {"base": name}
    data = content.get("data")
    layout = data.get("layout") if isinstance(data, dict) else None
    by_layout = [task for task in TRANSFERS if layout in layouts_of(task)]
    by_base = [task for task, known in PROTOCOLS.items() if content.get("base") in known]
    return [task for task in by_base if task in by_layout] or by_base or by_layout


def _own_protocol(task: TaskName, path: Path) -> TaskProtocol:
    content = read(path)
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


def _where(path: Path | str, sets: Sequence[str]) -> str:
    return " ".join([str(path), *(f"--set {text}" for text in sets)])
