"""Files to records: recipes, suites and protocols, found by name or path. Imports no torch."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from transferbench.errors import ConfigError, nearest
from transferbench.recipes.faults import validated
from transferbench.recipes.recipe import Recipe
from transferbench.recipes.suite import Suite
from transferbench.tasks.base import TaskProtocol
from transferbench.tasks.catalog import PROTOCOL_TYPES, TaskName, find_protocol

Kind = Literal["recipes", "suites"]
_TABLES = ("plan", "tricks", "paper")


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
    return validated(Recipe, {"name": path.stem, **changed}, _where(path, sets))


def load_suite(name: str) -> tuple[Suite, tuple[Recipe, ...]]:
    """Returns a suite and its recipes, in order; paths in the suite give way to names, or start from here.

    Args:
        name: of a shipped suite, or a path.

    Raises:
        ConfigError: a file is missing or says something it may not.
    """
    path = _find("suites", name, None)
    suite = validated(Suite, {"name": path.stem, **_read(path)}, str(path))
    recipes = tuple(load_recipe(recipe, beside=path.parent) for recipe in suite.recipes)
    names = tuple(recipe.name for recipe in recipes)
    if len(set(names)) < len(names):
        raise ConfigError(
            f"{path}: recipes: expected names that differ, found {', '.join(map(repr, names))}; "
            "give one of them another 'name'"
        )
    if suite.baseline not in names:
        raise ConfigError(
            f"{path}: baseline: expected one of the suite's recipes ({', '.join(map(repr, names))}), "
            f"found {suite.baseline!r}; {nearest(suite.baseline, names)}"
        )
    protocols = {task: _beside(path, key) for task, key in suite.protocols.items()}
    for task, key in protocols.items():
        load_protocol(task, key)
    return suite.model_copy(update={"recipes": names, "protocols": protocols}), recipes


def load_protocol(task: TaskName, name: str, *, sets: Sequence[str] = ()) -> TaskProtocol:
    """Returns a protocol.

    Args:
        task: what it measures.
        name: `name@version` of a shipped one, or a path to a TOML file.
        sets: one-off changes, `key.key=value`.

    Raises:
        ConfigError: there is no such protocol, or it says something it may not.
    """
    kind = PROTOCOL_TYPES[task]
    if name.endswith(".toml"):
        path = Path(name)
        content = _read(path)
        return validated(kind, with_sets({"name": path.stem, **content}, sets), _where(path, sets))
    protocol = find_protocol(task, name)
    if not sets:
        return protocol
    return validated(kind, with_sets(protocol.model_dump(), sets), _where(name, sets))


def with_sets(content: Mapping[str, Any], sets: Sequence[str]) -> dict[str, Any]:
    """Returns a copy of the content with `key.key=value` changes made; values are TOML, or else text.

    Raises:
        ConfigError: a change has no `=`, or leads through a value that is no table.
    """
    changed = dict(content)
    for text in sets:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise ConfigError(f"--set {text!r}: expected key=value, as plan.lr=0.2; write it so")
        changed = _with(changed, key.strip().split("."), _value(value), text)
    return changed


def _with(table: Mapping[str, Any], path: Sequence[str], value: Any, text: str) -> dict[str, Any]:
    first, *rest = path
    if not rest:
        return {**table, first: value}
    below = table.get(first) or {}
    if not isinstance(below, Mapping):
        raise ConfigError(
            f"--set {text!r}: expected {first!r} to be a table, found {below!r}; set {first!r} whole"
        )
    return {**table, first: _with(below, rest, value, text)}


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


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
    pairs = {key: (base[key], content[key]) for key in _TABLES if key in base and key in content}
    tables = {
        key: {**below, **above}
        for key, (below, above) in pairs.items()
        if isinstance(below, Mapping) and isinstance(above, Mapping)
    }
    return {**base, **content, **tables}


def _where(path: Path | str, sets: Sequence[str]) -> str:
    return " ".join([str(path), *(f"--set {text}" for text in sets)])
