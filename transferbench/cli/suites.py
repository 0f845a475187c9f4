"""`transferbench run` and `demo`: every run of a suite, and the whole story."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from transferbench.cli import options
from transferbench.cli.failures import told

if TYPE_CHECKING:
    from transferbench.recipes.suite import Suite
    from transferbench.runs.cell import Machine
    from transferbench.runs.queue import Progress
    from transferbench.runs.selection import Selection
    from transferbench.tasks.base import TaskProtocol
    from transferbench.tasks.catalog import TaskName

DEMO, QUICK = "demo", "demo_quick"
_MANY = 200
"""Finished runs that take a while to look at."""


@told
def run(
    suite: Annotated[str, typer.Argument(help="Name (see `list suites`) or .toml file.")],
    data: options.Data = None,
    out: options.Out = None,
    seeds: options.SuiteSeeds = None,
    first_seed: options.FirstSeed = 0,
    only: options.Only = None,
    weights: options.RowWeights = None,
    is_public: options.Public = False,
    is_retried: options.RetryFailed = False,
    is_dry: options.DryRun = False,
    jobs: options.Jobs = None,
    device: options.Device = None,
    devices: options.Devices = None,
    workers: options.Workers = 0,
    threads: options.Threads = 1,
    cache: options.Cache = "auto",
) -> None:
    """Do every run that a suite still lacks; stop it and start it again at will."""
    from dataclasses import replace

    from transferbench.cli import requests, suite_flags
    from transferbench.runs.cell import cells_of
    from transferbench.runs.ready import require_ready
    from transferbench.runs.selection import selected
    from transferbench.runs.suite_folder import remember_suite
    from transferbench.tasks.catalog import TASKS

    requests.require_one_process("run")
    resolved, recipes = suite_flags.suite_of(suite, weights or (), is_public=is_public)
    repeats = suite_flags.seeds_of(resolved, seeds, first_seed)
    folder = suite_flags.folder_of(resolved, out)
    nowhere: dict[TaskName, Path] = dict.fromkeys(TASKS, Path())
    cells = cells_of(resolved, recipes, seeds=repeats, data=nowhere, out=folder)
    selection = selected(cells, only or ())
    on = suite_flags.devices_of(devices, device=device, jobs=jobs)
    suite_flags.require_device(device)
    machine = replace(
        requests.machine_of(device=device, workers=workers, threads=threads, cache=cache), devices=on
    )
    protocols, known = _protocols(selection), sorted({cell.task for cell in cells})
    given = requests.given_folders(data, protocols, further=known)
    require_ready(selection.cells, given)
    if is_dry:
        _tell_unchecked(protocols, given)
        _tell_plan(folder, selection, jobs or suite_flags.places(devices), is_retried=is_retried)
        return
    folders = requests.data_folders(data, protocols, further=known)
    _fetch_first(selection)
    remember_suite(folder, resolved)
    _work_off(
        resolved,
        selection.with_data(folders),
        out=folder,
        machine=machine,
        jobs=len(machine.devices) or requests.run_count(jobs, device),
        is_retried=is_retried,
    )


@told
def demo(
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help="Folder that is written.", show_default="runs/demo"),
    ] = None,
    seeds: options.Seeds = None,
    first_seed: options.FirstSeed = 0,
    is_quick: Annotated[
        bool, typer.Option("--quick", help="All of it in a minute, with trainings too short for a result.")
    ] = False,
    jobs: options.Jobs = None,
    device: options.Device = None,
) -> None:
    """Tell the whole story on a laptop: miniature data, two backbones and a control, the table."""
    from transferbench.cli import requests, suite_flags
    from transferbench.cli.console import err
    from transferbench.cli.data import draw
    from transferbench.runs.cell import cells_of
    from transferbench.runs.selection import selected
    from transferbench.runs.suite_folder import remember_suite
    from transferbench.tasks.catalog import TASKS

    requests.require_one_process("demo")
    suite, recipes = suite_flags.suite_of(QUICK if is_quick else DEMO)
    folder = suite_flags.folder_of(suite, out)
    remember_suite(folder, suite)  # refuses another suite's folder before anything is drawn in it
    err.print(f"{suite.about}\n{suite.cost}", markup=False)
    repeats = suite_flags.seeds_of(suite, None if seeds is None else str(seeds), first_seed)
    world = folder / "data"
    draw(world, seed=first_seed)
    data: dict[TaskName, Path] = dict.fromkeys(TASKS, world)
    _work_off(
        suite,
        selected(cells_of(suite, recipes, seeds=repeats, data=data, out=folder), ()),
        out=folder,
        machine=requests.machine_of(device=device, workers=0, threads=1),
        jobs=requests.run_count(jobs, device),
    )


def _protocols(selection: Selection) -> dict[TaskName, TaskProtocol]:
    """Returns a protocol of each task: of several, one whose data cannot be drawn, if there is one."""
    protocols: dict[TaskName, TaskProtocol] = {}
    for cell in selection.cells:
        if cell.task not in protocols or protocols[cell.task].name == "miniature":
            protocols[cell.task] = cell.protocol
    return protocols


def _fetch_first(selection: Selection) -> None:
    """Fetches weights that are not here, in sight, and refuses those that are not to be had."""
    from transferbench.cli.progress import fetch_first

    loaded = (cell for cell in selection.cells if cell.weights is not None and not cell.needs)
    for source in dict.fromkeys(str(cell.weights) for cell in loaded):
        fetch_first(source)


def _tell_unchecked(protocols: Mapping[TaskName, TaskProtocol], given: Mapping[TaskName, Path]) -> None:
    """Says of a plan what it leaves out: data that nobody gave and that cannot be drawn."""
    from transferbench.cli.console import err

    lacking = [task for task, rules in protocols.items() if task not in given and rules.name != "miniature"]
    if lacking:
        err.print(f"data not checked of {', '.join(lacking)}: no --data", markup=False)


def _tell_plan(folder: Path, selection: Selection, jobs: int, *, is_retried: bool) -> None:
    from transferbench.cli.console import out
    from transferbench.cli.dry_run import plan_lines

    for line in plan_lines(folder, selection, jobs=jobs, is_retried=is_retried):
        out.print(line, markup=False, soft_wrap=True)


def _work_off(
    suite: Suite,
    selection: Selection,
    *,
    out: Path,
    machine: Machine,
    jobs: int,
    is_retried: bool = False,
) -> None:
    from transferbench.cli.comparing import compared_folders, write_comparison
    from transferbench.cli.console import err, wide_out
    from transferbench.cli.interrupts import terminable
    from transferbench.cli.live import live
    from transferbench.cli.outlook import Outlook
    from transferbench.cli.report import PAGE, write_report
    from transferbench.reports.words.table import table
    from transferbench.runs.forecast import Forecast
    from transferbench.runs.index import Beside, finished_beside, finished_in
    from transferbench.runs.queue import run_cells

    _tell_needed(selection)
    beside, finished = finished_beside(out), finished_in(out)
    if len(finished) >= _MANY:
        err.print(f"{len(finished)} finished runs are held against settings, data and weights", markup=False)
    forecast = Forecast(entry.done(path) for path, entry in {**beside, **finished}.items())
    outlook = Outlook(forecast, jobs, finished.keys())
    with terminable(), live(suite, len(selection.cells), outlook) as show:
        progress = run_cells(
            selection.cells,
            machine,
            jobs=jobs,
            report=show,
            elsewhere=Beside(out),
            finished=finished,
            is_retried=is_retried,
        )
    if any(suite.is_row(entry.recipe) for entry in finished_in(out).values()):
        found = compared_folders([out])
        wide_out().print(table(write_comparison(found, out).without_details()))
        page = write_report([out], out / PAGE, found=found)
        err.print(f"{page}: the page; in {out}: compare.json, pictures/*.png and the runs", markup=False)
    tell_stale(selection, progress)
    _tell_failures(progress)


def tell_stale(selection: Selection, progress: Progress) -> None:
    """Says which rows of the table are of runs that were finished by other settings than those asked for."""
    from transferbench.cli.console import err
    from transferbench.runs.record import FILE_NAME

    stale = [
        cell.label
        for cell in selection.cells
        if cell.label in progress.failures and (cell.folder / FILE_NAME).is_file()
    ]
    if stale:
        err.print(
            f"the table has scores by other settings than the suite's: {', '.join(stale)}; move these runs "
            "away to have them done anew, or give another --out",
            markup=False,
            soft_wrap=True,
        )


def _tell_needed(selection: Selection) -> None:
    from transferbench.cli.console import err

    if selection.needed:
        labels = ", ".join(cell.label for cell in selection.needed)
        err.print(f"also needed: {labels}", markup=False, soft_wrap=True)


def _tell_failures(progress: Progress) -> None:
    from transferbench.cli.console import err

    if progress.failures:
        for label, reason in progress.failures.items():
            err.print(f"failed: {label}: {reason}", markup=False, soft_wrap=True)
        raise typer.Exit(3)
