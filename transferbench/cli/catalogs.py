"""`transferbench list` and `show`: what there is, and one thing resolved."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Annotated, Any

import typer

from transferbench.cli.failures import told

_KINDS = ("backbones", "protocols", "recipes", "suites", "tricks")


@told
def list_(
    kind: Annotated[str, typer.Argument(metavar="[KIND]", help=f"One of {', '.join(_KINDS)}.")] = "",
    pattern: Annotated[str, typer.Argument(metavar="[PATTERN]", help="As 'resnet50*'.")] = "*",
) -> None:
    """List what there is: backbones, protocols, recipes, suites, tricks."""
    from transferbench.cli.console import out
    from transferbench.errors import ConfigError

    if kind and kind not in _KINDS:
        raise ConfigError(f"list: expected one of {', '.join(_KINDS)}, found {kind!r}")
    for each in [kind] if kind else _KINDS:
        found = {name: about for name, about in _entries(each).items() if fnmatch(name, pattern)}
        if not kind:
            out.print(each, style="bold")
        elif kind == "backbones":
            _list_backbones(list(found))
            return
        width = max(map(len, found), default=0)
        for name, about in found.items():
            out.print(f"  {name:<{width}}  {about}", markup=False, soft_wrap=True)


def _list_backbones(names: list[str]) -> None:
    """Prints what they cost too, which takes torch: not for the list of everything."""
    from transferbench.backbones.catalog import BACKBONES
    from transferbench.cli.backbone_lines import lines
    from transferbench.cli.console import out

    if names:
        for line, style in lines([BACKBONES[name] for name in names], is_terminal=out.is_terminal):
            out.print(line, style=style, markup=False, soft_wrap=True)


@told
def show(
    name: Annotated[str, typer.Argument(help="Backbone, protocol, recipe, suite, trick, or run folder.")],
    form: Annotated[str, typer.Option("--format", help="text or json.")] = "text",
    sets: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE")] = None,
) -> None:
    """Show one thing as it will be obeyed, defaults filled in."""
    from transferbench.cli import requests

    requests.require_format(form, ("text", "json"))
    content = _resolved(name, sets or [])
    if form == "json":
        print(json.dumps(content, indent=1))
        return
    from transferbench.cli.console import out
    from transferbench.cli.trees import tree_lines

    for line in tree_lines(content):
        out.print(line, markup=False, soft_wrap=True)


def _entries(kind: str) -> Mapping[str, str]:
    if kind == "backbones":
        from transferbench.backbones.catalog import BACKBONES

        return {name: spec.about for name, spec in BACKBONES.items()}
    if kind == "protocols":
        from transferbench.tasks.catalog import PROTOCOLS

        return {f"{p.key} ({task})": p.about for task, known in PROTOCOLS.items() for p in known.values()}
    if kind == "tricks":
        from transferbench.tricks.bag import TRICKS

        return {name: f"{_first_line(trick)} [{trick.source}]" for name, trick in TRICKS.items()}
    from transferbench.recipes.load import about, shipped

    return {name: about(path) for name, path in shipped(kind).items()}  # type: ignore[arg-type]


def _first_line(thing: type) -> str:
    return (thing.__doc__ or "").splitlines()[0]


def _resolved(name: str, sets: list[str]) -> dict[str, Any]:
    from transferbench.errors import ConfigError

    finders: tuple[Callable[[str, list[str]], dict[str, Any] | None], ...] = (
        _run,
        _recipe,
        _suite,
        _protocols,
        _backbone_or_trick,
        _published,
    )
    for find in finders:
        found = find(name, sets)
        if found is not None:
            return found
    from difflib import get_close_matches

    known = [entry.partition(" ")[0] for kind in _KINDS for entry in _entries(kind)]
    near = get_close_matches(name, known, n=1, cutoff=0)
    raise ConfigError(
        f"show {name!r}: expected something that `list` names, or a run folder; the nearest is {near[0]!r}"
    )


def _published(name: str, _sets: list[str]) -> dict[str, Any] | None:
    from dataclasses import asdict

    from transferbench.backbones.weights.index import read_index

    entry = read_index().get(name)
    return None if entry is None else asdict(entry)


def _run(name: str, _sets: list[str]) -> dict[str, Any] | None:
    from transferbench.runs.record import read_record

    record = read_record(Path(name)) if Path(name).is_dir() else None
    return None if record is None else record.model_dump(mode="json")


def _recipe(name: str, sets: list[str]) -> dict[str, Any] | None:
    from transferbench.recipes.load import load_recipe, shipped

    is_file = name.endswith(".toml") and name not in shipped("suites") and "suites" not in Path(name).parts
    if name in shipped("recipes") or is_file:
        return load_recipe(name, sets=sets).model_dump(mode="json", exclude_none=True)
    return None


def _suite(name: str, _sets: list[str]) -> dict[str, Any] | None:
    from transferbench.recipes.load import load_suite, shipped

    if name in shipped("suites") or name.endswith(".toml"):
        return load_suite(name)[0].model_dump(mode="json", exclude_none=True)
    return None


def _protocols(name: str, sets: list[str]) -> dict[str, Any] | None:
    from transferbench.recipes.load import load_protocol
    from transferbench.tasks.catalog import PROTOCOLS

    found: dict[str, Any] = {
        task: load_protocol(task, name, sets=sets).model_dump(mode="json", exclude_none=True)
        for task, known in PROTOCOLS.items()
        if name in known
    }
    return found or None


def _backbone_or_trick(name: str, _sets: list[str]) -> dict[str, Any] | None:
    from dataclasses import asdict

    from transferbench.backbones.catalog import BACKBONES, TIMM, spec_of
    from transferbench.tricks.bag import TRICKS

    if name in BACKBONES or name.startswith(TIMM):
        from transferbench.cli.backbone_lines import facts

        spec = spec_of(name)
        return {**asdict(spec), "channels": list(spec.channels), **facts(spec)}
    if name in TRICKS:
        trick = TRICKS[name]
        fields = {
            key: field.get_default() for key, field in trick.model_fields.items() if not field.is_required()
        }
        return {"about": trick.__doc__, "source": trick.source, "settings": fields}
    return None
