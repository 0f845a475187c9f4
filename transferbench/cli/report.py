"""`transferbench report`: the page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from transferbench.cli.failures import told
from transferbench.cli.foreign import Foreign, ForeignData, ForeignProtocol

if TYPE_CHECKING:
    from transferbench.cli.comparing import Compared
    from transferbench.reports.comparing.foreign import ForeignRow

PAGE = "report"
"""Folder of the page, in that of the runs."""


@told
def report(
    runs: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[SUITE|DIR]...", help="Folders of runs; a name stands for runs/NAME."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help="Folder that is written; the first one's `report`."),
    ] = None,
    baseline: Annotated[
        str | None, typer.Option(help="Recipe that differences are to; the suite's, or the first.")
    ] = None,
    foreign: Foreign = None,
    protocol: ForeignProtocol = "",
    data: ForeignData = None,
) -> None:
    """Write the comparison as one page that needs no network, and its plots as SVG, PDF and PNG."""
    from transferbench.cli.comparing import found_folders
    from transferbench.cli.console import err
    from transferbench.cli.foreign import foreign_rows

    folders = found_folders(runs or [Path("runs/demo")])
    rows = foreign_rows(foreign, protocol=protocol, data=data)
    page = write_report(folders, out or folders[0] / PAGE, baseline, foreign=rows)
    err.print(f"{page}: {page.stat().st_size / 1e6:.1f} MB; plots in {page.parent / 'plots'}", markup=False)


def write_report(
    folders: Sequence[Path],
    out: Path,
    baseline: str | None = None,
    *,
    foreign: Sequence[ForeignRow] = (),
    found: Compared | None = None,
) -> Path:
    """Writes the page of finished runs and its plots; returns the page.

    Args:
        folders: of suites or runs.
        out: folder that is written.
        baseline: that all recipes are compared with; None for the suite's own, or the first.
        foreign: rows that another tool measured.
        found: what was read of the runs before; None to read it now.

    Raises:
        RunError: the folder cannot be written.
        TransferbenchError: see `transferbench.reports.comparing.comparison.compare`.
    """
    from transferbench.cli.comparing import compared_folders
    from transferbench.cli.story import story_of
    from transferbench.errors import RunError
    from transferbench.reports.page.page import write_page

    found = found or compared_folders(folders, baseline, foreign=foreign)
    story = story_of(found, folders, baseline)
    try:
        return write_page(story, out)
    except OSError as error:
        reason = error.strerror or error
        raise RunError(
            f"{out}: expected a folder that can be written, found {reason}; give another --out"
        ) from error
