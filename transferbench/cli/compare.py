"""`transferbench compare`: the table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from transferbench.cli.failures import told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transferbench.recipes.suite import Suite
    from transferbench.reports.rows import Comparison
    from transferbench.runs.record import Record

_FORMATS = ("table", "json", "csv", "markdown", "latex")
_FOR_MACHINES = ("json", "csv")


@told
def compare(
    runs: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[SUITE|DIR]...", help="Folders of runs; a name stands for runs/NAME."),
    ] = None,
    baseline: Annotated[
        str | None, typer.Option(help="Recipe that differences are to; the suite's, or the first.")
    ] = None,
    form: Annotated[str, typer.Option("--format", help=f"One of {', '.join(_FORMATS)}.")] = "table",
    is_whole: Annotated[
        bool,
        typer.Option("--all", help="All scores: AP by size, recall, AP lost to each kind of error, ..."),
    ] = False,
) -> None:
    """Print what each backbone gained: mean, spread, difference with its interval, the paper's number."""
    from transferbench.cli import requests

    requests.require_format(form, _FORMATS)
    comparison = _comparison(runs or [Path("runs/demo")], baseline)
    if not (is_whole or form in _FOR_MACHINES):
        comparison = comparison.without_details()
    if form == "table":
        from transferbench.cli.console import out
        from transferbench.reports.table import table

        out.print(table(comparison))
    elif form == "json":
        from transferbench.reports.comparison import to_json

        print(json.dumps(to_json(comparison), indent=1))
    else:
        from transferbench.reports import formats

        print(getattr(formats, form)(comparison), end="")


def compared(records: Sequence[Record], suite: Suite, baseline: str | None = None) -> Comparison:
    """Returns the rows of a suite side by side, as it wants them.

    Args:
        records: finished runs of the suite.
        suite: whose order, baselines and numbers of the paper are taken.
        baseline: that all recipes are compared with, in place of the suite's own.

    Raises:
        TransferbenchError: see `transferbench.reports.comparison.compare`.
    """
    from transferbench.reports.comparison import compare as compare_records

    return compare_records(
        records,
        suite=suite.name,
        baseline=baseline or suite.baseline,
        order=suite.recipes,
        further_baselines=() if baseline else suite.further_baselines,
        teachers=suite.teachers,
        paper=suite.paper,
    )


def write_comparison(folder: Path, suite: Suite, records: Sequence[Record]) -> Comparison:
    """Writes `compare.json` and the pictures of all recipes side by side; returns the comparison."""
    from transferbench.reports.comparison import to_json
    from transferbench.runs.record import write_atomically

    comparison = compared(records, suite)
    write_atomically(folder / "compare.json", (json.dumps(to_json(comparison), indent=1) + "\n").encode())
    _write_montages(folder, comparison, records)
    return comparison


def _comparison(targets: Sequence[Path], baseline: str | None) -> Comparison:
    from transferbench.errors import RunError
    from transferbench.reports.comparison import compare as compare_records
    from transferbench.runs.record import find_records
    from transferbench.runs.suite_folder import recall_suite

    folders = [path if path.is_dir() else Path("runs") / path for path in targets]
    for target, folder in zip(targets, folders, strict=True):
        if not folder.is_dir():
            raise RunError(
                f"{target}: expected a folder of finished runs, found none there or in runs/; "
                "start them with `transferbench run`"
            )
    suites = [suite for suite in map(recall_suite, folders) if suite is not None]
    records = [record for folder in folders for record in find_records(folder)]
    if not records:
        where = ", ".join(map(str, folders))
        raise RunError(f"{where}: expected finished runs, found none; start them with `transferbench run`")
    if suites:
        return compared(records, suites[0], baseline)
    return compare_records(records, suite=folders[0].name, baseline=baseline or records[0].recipe)


def _write_montages(folder: Path, comparison: Comparison, records: Sequence[Record]) -> None:
    from transferbench.reports.montage import montage

    seed = min(record.seed for record in records)
    pictures = folder / "pictures"
    pictures.mkdir(exist_ok=True)
    for task in comparison.tasks:
        tiles = {
            row.recipe: folder / row.recipe / task / f"seed{seed}" / "pictures"
            for row in comparison.rows_of(task)
        }
        rows = [
            ("truth", sorted(next(iter(tiles.values())).glob("truth_*.png"))),
            *((recipe, sorted(tile.glob("predicted_*.png"))) for recipe, tile in tiles.items()),
        ]
        if any(files for _, files in rows):
            montage(rows, pictures / f"{task}.png", f"{comparison.suite}: {task}, seed {seed}")
