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
    steps: Annotated[
        list[int] | None,
        typer.Option(
            "--rate",
            min=0,
            metavar="STEP",
            help="Learning rate of a recipe at a step, counted from 0 (repeatable), in place of all else.",
        ),
    ] = None,
    steps_per_epoch: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="For --rate; left out: by the protocol's published count."),
    ] = None,
) -> None:
    """Show one thing as it will be obeyed, defaults filled in; or the learning rate of a recipe's steps."""
    from transferbench.cli import requests
    from transferbench.errors import ConfigError

    requests.require_format(form, ("text", "json"))
    if not steps and steps_per_epoch is not None:
        raise ConfigError(
            "--steps-per-epoch: expected --rate beside it, found none; add it or leave this out"
        )
    rates = _rates(name, sets or [], steps, steps_per_epoch) if steps else None
    content = _resolved(name, sets or []) if rates is None else {"rate": rates}
    if form == "json":
        print(json.dumps(content, indent=1))
        return
    from transferbench.cli.console import out
    from transferbench.cli.trees import tree_lines

    for line in tree_lines(content) if rates is None else _rate_lines(rates):
        out.print(line, markup=False, soft_wrap=True)


def _rates(name: str, sets: list[str], steps: list[int], steps_per_epoch: int | None) -> dict[int, float]:
    from transferbench.errors import ConfigError
    from transferbench.recipes.load import load_recipe
    from transferbench.recipes.rate import rates

    if not _is_recipe(name):
        raise ConfigError(
            f"show {name!r}: expected a recipe, as --rate has steps of one, found none of that name; "
            "see `transferbench list recipes`"
        )
    return rates(load_recipe(name, sets=sets), steps, steps_per_epoch=steps_per_epoch)


def _rate_lines(rates: Mapping[int, float]) -> list[str]:
    width = max(len("step"), *(len(str(step)) for step in rates))
    return [f"{'step':>{width}}  rate", *(f"{step:>{width}}  {rate:.6g}" for step, rate in rates.items())]


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
        _protocols,
        _recipe,
        _suite,
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
    from transferbench.cli import requests
    from transferbench.recipes.load import load_protocol, load_recipe

    if not _is_recipe(name):
        return None
    of_protocol, of_recipe = requests.sets_below("protocol.", sets)
    recipe = load_recipe(name, sets=of_recipe)
    content = recipe.model_dump(mode="json", exclude_none=True)
    if of_protocol:
        rules = load_protocol("classify", recipe.protocol, sets=of_protocol)
        content["protocol"] = rules.model_dump(mode="json", exclude_none=True)
    return content


def _is_recipe(name: str) -> bool:
    from transferbench.recipes.load import shipped

    return name in shipped("recipes") or (name.endswith(".toml") and not _is_suite_file(Path(name)))


def _is_suite_file(path: Path) -> bool:
    """Whether a file has keys that suites alone have; one that is no TOML is told by who reads it."""
    from transferbench.recipes.suite import Suite
    from transferbench.recipes.toml_files import read

    if not path.is_file():
        return "suites" in path.parts
    of_both = ("name", "about", "paper", "weights")
    return not read(path).keys().isdisjoint(Suite.model_fields.keys() - set(of_both))


def _suite(name: str, _sets: list[str]) -> dict[str, Any] | None:
    from transferbench.recipes.load import load_suite, shipped

    if name in shipped("suites") or name.endswith(".toml"):
        return load_suite(name)[0].model_dump(mode="json", exclude_none=True)
    return None


def _protocols(name: str, sets: list[str]) -> dict[str, Any] | None:
    from transferbench.recipes.load import load_protocol, task_of
    from transferbench.tasks.catalog import PROTOCOLS

    if Path(name).is_file() and name.endswith(".toml"):
        task = task_of(name)
        return None if task is None else load_protocol(task, name, sets=sets).model_dump(mode="json")

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
