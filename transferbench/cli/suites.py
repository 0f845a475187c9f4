"""`transferbench run` and `demo`: every run of a suite, and the whole story."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from transferbench.cli import options
from transferbench.cli.failures import told

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from transferbench.recipes.recipe import Recipe
    from transferbench.recipes.suite import Suite
    from transferbench.runs.cell import Machine
    from transferbench.runs.queue import Progress
    from transferbench.tasks.base import TaskProtocol
    from transferbench.tasks.catalog import TaskName

DEMO = "demo"


@told
def run(
    suite: Annotated[str, typer.Argument(help="Name (see `list suites`) or .toml file.")],
    data: options.Data = None,
    out: options.Out = None,
    seeds: options.Seeds = None,
    first_seed: options.FirstSeed = 0,
    jobs: options.Jobs = None,
    device: options.Device = None,
    workers: options.Workers = 0,
    threads: options.Threads = 1,
    cache: options.Cache = "auto",
) -> None:
    """Do every run that a suite still lacks; stop it and start it again at will."""
    from transferbench.cli import requests
    from transferbench.recipes.load import load_protocol, load_suite, load_teachers
    from transferbench.runs.suite_folder import remember_suite

    requests.require_one_process("run")
    resolved, rows = load_suite(suite)
    recipes = (*rows, *load_teachers(suite))
    machine = requests.machine_of(device=device, workers=workers, threads=threads, cache=cache)
    protocols: dict[TaskName, TaskProtocol] = {
        task: load_protocol(task, key) for task, key in resolved.protocols.items()
    }
    pretrained = [load_protocol("classify", recipe.protocol) for recipe in recipes if recipe.is_trained_here]
    if pretrained:  # one folder for all of them, which must be given if any cannot be drawn
        real = (protocol for protocol in pretrained if protocol.name != "miniature")
        protocols["classify"] = next(real, pretrained[0])
    folders = requests.data_folders(data, protocols)
    folder = out or Path("runs") / resolved.name
    remember_suite(folder, resolved)
    _work_off(
        resolved,
        recipes,
        _seeds(resolved, seeds, first_seed),
        data=folders,
        out=folder,
        machine=machine,
        jobs=requests.run_count(jobs, device),
    )


@told
def demo(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder that is written.")] = Path(
        "runs/demo"
    ),
    seeds: options.Seeds = None,
    first_seed: options.FirstSeed = 0,
    jobs: options.Jobs = None,
    device: options.Device = None,
) -> None:
    """Tell the whole story on a laptop: miniature data, two backbones and a control, the table."""
    from transferbench.cli import requests
    from transferbench.cli.console import err
    from transferbench.cli.data import draw
    from transferbench.recipes.load import load_suite
    from transferbench.runs.suite_folder import remember_suite

    requests.require_one_process("demo")
    suite, recipes = load_suite(DEMO)
    remember_suite(out, suite)  # refuses another suite's folder before anything is drawn in it
    err.print(f"{suite.about}\n{suite.cost}", markup=False)
    repeats = _seeds(suite, seeds, first_seed)
    world = out / "data"
    draw(world, seed=first_seed)
    _work_off(
        suite,
        recipes,
        repeats,
        data=dict.fromkeys(("classify", "detect", "segment"), world),
        out=out,
        machine=requests.machine_of(device=device, workers=0, threads=1),
        jobs=requests.run_count(jobs, device),
    )


def _seeds(suite: Suite, count: int | None, first: int) -> tuple[int, ...]:
    return tuple(range(first, first + count)) if count else tuple(first + seed for seed in suite.seeds)


def _work_off(
    suite: Suite,
    recipes: Sequence[Recipe],
    seeds: Sequence[int],
    *,
    data: Mapping[TaskName, Path],
    out: Path,
    machine: Machine,
    jobs: int,
) -> None:
    from transferbench.cli.compare import write_comparison
    from transferbench.cli.console import err
    from transferbench.cli.console import out as stdout
    from transferbench.cli.interrupts import terminable
    from transferbench.cli.live import live
    from transferbench.reports.table import table
    from transferbench.runs.cell import cells_of
    from transferbench.runs.queue import run_cells

    cells = cells_of(suite, recipes, seeds=seeds, data=data, out=out)
    with terminable(), live(suite, len(cells)) as show:
        progress = run_cells(cells, machine, jobs=jobs, report=show)
    if any(suite.is_row(record.recipe) for record in progress.records):
        comparison = write_comparison(out, suite, progress.records)
        stdout.print(table(comparison.without_details()))
    _tell_failures(progress)
    err.print(f"in {out}: compare.json, pictures/*.png and the runs", markup=False)


def _tell_failures(progress: Progress) -> None:
    from transferbench.cli.console import err

    if progress.failures:
        for label, reason in progress.failures.items():
            err.print(f"failed: {label}: {reason}", markup=False, soft_wrap=True)
        raise typer.Exit(3)
