"""`transferbench compare`: the table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from transferbench.cli.failures import told
from transferbench.cli.foreign import Foreign, ForeignData, ForeignProtocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transferbench.reports.findings.kinds import Sheet
    from transferbench.reports.rows import Comparison
    from transferbench.reports.words.sheets import Costs

_FORMATS = ("table", "json", "csv", "markdown", "latex")
_FOR_MACHINES = ("json", "csv")
_BROKEN = 4
"""Exit status where a condition is met."""


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
    has_pictures: Annotated[
        bool, typer.Option("--pictures", help="Also intervals over pictures; in JSON and CSV always.")
    ] = False,
    has_costs: Annotated[
        bool, typer.Option("--cost", help="All costs beside the gain, and the Pareto front; in JSON always.")
    ] = False,
    power: Annotated[
        float | None,
        typer.Option(metavar="POINTS", help="Seeds needed to see that difference, from the spread at hand."),
    ] = None,
    equivalent: Annotated[
        float | None,
        typer.Option(metavar="POINTS", help="Test whether each difference lies within that margin."),
    ] = None,
    fail_if: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CONDITION",
            help="Exit with 4 if a row meets it, in percentage points: 'detect/map_voc07 < baseline - 0.5', "
            "'ROW: segment/miou < 40' (repeatable).",
        ),
    ] = None,
    foreign: Foreign = None,
    protocol: ForeignProtocol = "",
    data: ForeignData = None,
) -> None:
    """Print what each backbone gained: mean, spread, difference with its interval, the paper's number."""
    from transferbench.cli import requests
    from transferbench.cli.comparing import compared_folders, found_folders
    from transferbench.cli.foreign import foreign_rows
    from transferbench.reports.findings.gates import read_condition, with_gates
    from transferbench.reports.words.sheets import sheets_of

    requests.require_format(form, _FORMATS)
    conditions = [read_condition(text) for text in fail_if or ()]
    asked = {"--power": power, "--equivalent": equivalent}
    points = {flag: _fraction(flag, value) for flag, value in asked.items() if value is not None}
    folders = found_folders(runs or [Path("runs/demo")])
    rows = foreign_rows(foreign, protocol=protocol, data=data)
    found = compared_folders(
        folders,
        baseline,
        foreign=rows,
        has_pictures=has_pictures or form in _FOR_MACHINES,
        has_classes=False,
    )
    expected = found.suite.recipes if found.suite else ()
    comparison = with_gates(_asked(found.comparison, points), conditions, expected=expected)
    if not (is_whole or form in _FOR_MACHINES):
        comparison = comparison.without_details()
    costs: Costs = "all" if has_costs else "brief" if form == "table" else "none"
    sheets = sheets_of(comparison, has_pictures=has_pictures, costs=costs)
    _show(comparison, form, sheets)
    _tell_broken(comparison)


def _fraction(flag: str, points: float) -> float:
    """Returns percentage points as a fraction.

    Raises:
        ConfigError: there are none, or more than all.
    """
    from transferbench.errors import ConfigError

    if not 0 < points <= 100:
        raise ConfigError(
            f"{flag}: expected percentage points above 0 and up to 100, found {points:g}; 0.5 is half a point"
        )
    return points / 100


def _asked(comparison: Comparison, points: dict[str, float]) -> Comparison:
    from transferbench.reports.findings.equivalences import with_equivalence
    from transferbench.reports.findings.powers import with_power

    if "--power" in points:
        comparison = with_power(comparison, points["--power"])
    if "--equivalent" in points:
        comparison = with_equivalence(comparison, points["--equivalent"])
    return comparison


def _show(comparison: Comparison, form: str, sheets: Sequence[Sheet]) -> None:
    from transferbench.reports.words import formats

    if form == "table":
        from transferbench.cli.console import wide_out
        from transferbench.reports.words.table import table

        wide_out().print(table(comparison, sheets))
    elif form == "json":
        from transferbench.reports.words.as_json import to_json

        print(json.dumps(to_json(comparison), indent=1))
    elif form == "csv":
        print(formats.csv(comparison), end="")
    else:
        print(getattr(formats, form)(comparison, sheets), end="")


def _tell_broken(comparison: Comparison) -> None:
    from transferbench.cli.console import err

    for reason in comparison.broken:
        err.print(f"met: {reason}", markup=False, soft_wrap=True)
    if comparison.broken:
        raise typer.Exit(_BROKEN)
