"""`transferbench pretrain`, `detect`, `segment`: one run each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from transferbench.cli import options
from transferbench.cli.failures import told

if TYPE_CHECKING:
    from transferbench.recipes.recipe import Recipe
    from transferbench.runs.cell import Cell, Machine
    from transferbench.runs.folder import IfFull
    from transferbench.tasks.base import TaskProtocol
    from transferbench.tasks.catalog import TaskName

RUNS = Path("runs/single")


@told
def pretrain(
    recipe: Annotated[str, typer.Argument(help="Name (see `list recipes`) or .toml file.")],
    data: options.Data = None,
    out: options.Out = None,
    protocol: options.Protocol = "",
    seed: options.Seed = 0,
    limit: options.Limit = None,
    sets: options.Sets = None,
    device: options.Device = None,
    workers: options.Workers = 0,
    threads: options.Threads = None,
    precision: options.Precision = None,
    resume: options.Resume = False,
    overwrite: options.Overwrite = False,
) -> None:
    """Train a backbone as a recipe says; writes backbone.safetensors and record.json."""
    from transferbench.cli import requests
    from transferbench.engine.world import world_here
    from transferbench.errors import ConfigError
    from transferbench.recipes.load import load_protocol, load_recipe

    machine = requests.machine_of(device=device, workers=workers, threads=threads, precision=precision)
    machine = replace(machine, world=world_here())
    when_full = requests.if_full(resume=resume, overwrite=overwrite)
    of_protocol, of_recipe = requests.sets_below("protocol.", sets or ())
    changed = [*of_recipe, *([f'protocol="{protocol}"'] if protocol else [])]
    resolved = load_recipe(recipe, sets=changed)
    if not resolved.is_trained_here:
        raise ConfigError(
            f"{recipe}: expected a recipe with a plan, found one whose weights are {resolved.weights!r}; "
            "there is nothing to train"
        )
    rules = load_protocol("classify", resolved.protocol, sets=of_protocol)
    cell = _cell(
        resolved, "classify", rules, data=data, out=out, seed=seed, limit=limit, departures=sets or ()
    )
    _do(replace(cell, teacher=_teacher_here(resolved, seed)), machine, when_full)


def transfer(task: Literal["detect", "segment"]) -> Callable[..., None]:
    """Returns the command that fine-tunes a backbone for a task."""

    @told
    def command(
        backbone: options.Source,
        data: options.Data = None,
        out: options.Out = None,
        protocol: options.Protocol = "miniature@1",
        arch: options.Arch = None,
        allow_missing: options.AllowMissing = None,
        trust: options.Trust = False,
        is_frozen: options.FrozenBackbone = False,
        seed: options.Seed = 0,
        limit: options.Limit = None,
        sets: options.TransferSets = None,
        device: options.Device = None,
        workers: options.Workers = 0,
        threads: options.Threads = None,
        precision: options.Precision = None,
        cache: options.Cache = "auto",
        resume: options.Resume = False,
        overwrite: options.Overwrite = False,
    ) -> None:
        from transferbench.cli import requests
        from transferbench.cli.progress import fetch_first
        from transferbench.engine.world import world_here

        machine = requests.machine_of(
            device=device, workers=workers, threads=threads, precision=precision, cache=cache
        )
        machine = replace(machine, world=world_here())
        of_weights, of_protocol = requests.parted(sets or ())
        fetch_first(backbone)
        rules, departures = _rules(task, protocol, of_protocol, is_frozen=is_frozen)
        recipe = _recipe_of(backbone, arch, of_weights, tuple(allow_missing or ()))
        cell = _cell(recipe, task, rules, data=data, out=out, seed=seed, limit=limit, departures=departures)
        when_full = requests.if_full(resume=resume, overwrite=overwrite)
        _do(replace(cell, weights=backbone, trust=trust), machine, when_full)

    return command


def _rules(
    task: TaskName, protocol: str, sets: Sequence[str], *, is_frozen: bool
) -> tuple[TaskProtocol, tuple[str, ...]]:
    """Returns a protocol, changed as the flags say, and what departs from it."""
    from transferbench.errors import ConfigError
    from transferbench.recipes.load import load_protocol
    from transferbench.recipes.scaling import sets_with_rate

    departures = sets_with_rate(load_protocol(task, protocol).plan, sets)
    rules = load_protocol(task, protocol, sets=sets)
    if is_frozen:
        for text in sets:
            if text.partition("=")[0].strip() in ("norm", "frozen_stages", "is_backbone_frozen"):
                raise ConfigError(
                    f"--set {text!r}: expected nothing that --frozen-backbone says already, found both; "
                    "leave one of them out"
                )
        return rules.with_frozen_backbone(), ("frozen-backbone", *departures)
    return rules, departures


def _cell(
    recipe: Recipe,
    task: TaskName,
    protocol: TaskProtocol,
    *,
    data: Sequence[str] | None,
    out: Path | None,
    seed: int,
    limit: int | None,
    departures: Sequence[str],
) -> Cell:
    from transferbench.cli import requests
    from transferbench.runs.cell import Cell, folder_of

    return Cell(
        recipe=recipe,
        task=task,
        protocol=protocol,
        seed=seed,
        data=requests.data_folders(data, {task: protocol})[task],
        folder=out or folder_of(RUNS, recipe, task, seed),
        limit=limit,
        departures=tuple(departures),
    )


def _teacher_here(recipe: Recipe, seed: int) -> str | None:
    """Returns the run of the recipe that teaches this one, if it was trained here by itself."""
    folder = RUNS / (recipe.teacher or "") / "classify" / f"seed{seed}"
    return str(folder) if recipe.teacher is not None and folder.is_dir() else None


def _recipe_of(
    backbone: str, arch: str | None, settings: dict[str, Any], allow_missing: tuple[str, ...]
) -> Recipe:
    from transferbench.recipes.faults import validated
    from transferbench.recipes.recipe import Recipe

    content = {"weights": backbone, "arch": arch, "settings": settings, "allow_missing": allow_missing}
    return validated(Recipe, {"name": _row_name(backbone), **content}, backbone)


def _row_name(backbone: str) -> str:
    """Returns the name of a backbone's row: of the recipe that made it, or after what it is."""
    from transferbench.backbones.card import FILE_NAME as BACKBONE_FILE
    from transferbench.runs.record import read_record

    path = Path(backbone)
    folder = path.parent if path.name == BACKBONE_FILE else path
    record = read_record(folder) if folder.is_dir() else None
    if record is not None:
        return record.recipe
    kind, _, rest = backbone.partition(":")
    if path.exists():
        name = folder.stem
    elif Path(rest).exists():
        name = f"{kind}-{Path(rest).stem}"
    else:
        name = backbone.replace(":", "-")
    return "".join(c if c.isalnum() or c in "_.-" else "-" for c in name).lstrip("_.-") or "backbone"


def _do(cell: Cell, machine: Machine, when_full: IfFull) -> None:
    from transferbench.cli.console import err, out
    from transferbench.cli.interrupts import interruptible
    from transferbench.cli.loaded import announce
    from transferbench.cli.progress import shown
    from transferbench.reports.words.durations import duration
    from transferbench.runs.execute import execute
    from transferbench.runs.record import SCORES

    err.quiet = not machine.world.is_first
    with interruptible() as should_stop, shown(cell.label) as report:
        record = execute(cell, machine, report, if_full=when_full, should_stop=should_stop, announce=announce)
    if not machine.world.is_first:
        return
    err.print(
        f"{cell.label} by {record.protocol}: done in {duration(record.wall_seconds)}, in {cell.folder}",
        markup=False,
        soft_wrap=True,
    )
    headlines = {name: value for name, value in record.scores.items() if not SCORES[name].is_detail}
    width = max(14, *(len(SCORES[name].title) for name in headlines))
    for name, value in headlines.items():
        out.print(f"{SCORES[name].title:>{width}} {value:7.1%}   {name}", markup=False)
    if len(headlines) < len(record.scores):
        err.print(
            f"more scores, and each class: transferbench evaluate {cell.folder}", markup=False, soft_wrap=True
        )
