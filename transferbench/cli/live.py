"""A suite at work: on a terminal the table as it fills, elsewhere a line a finished run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from transferbench.cli.console import err
from transferbench.cli.progress import words
from transferbench.reports.durations import duration

if TYPE_CHECKING:
    from transferbench.recipes.suite import Suite
    from transferbench.runs.queue import Progress
    from transferbench.runs.record import Record


@contextmanager
def live(suite: Suite, cells: int) -> Iterator[Callable[[Progress], None]]:
    """Gives the function that shows where a suite of that many runs stands."""
    began = time.monotonic()
    if not err.is_terminal:
        told: set[str] = set()
        yield lambda progress: _tell(progress, cells, told, began)
        return
    with Live(console=err, refresh_per_second=4, transient=True) as view:
        yield lambda progress: view.update(_view(suite, progress, cells, began))


def _tell(progress: Progress, cells: int, told: set[str], began: float) -> None:
    for record in progress.records:
        if record.identity not in told:
            told.add(record.identity)
            err.print(
                f"[{len(told)}/{cells}] {duration(time.monotonic() - began)}  {_finished(record)}",
                markup=False,
                soft_wrap=True,
            )


def _finished(record: Record) -> str:
    from transferbench.runs.record import SCORES

    shown = {name: value for name, value in record.scores.items() if not SCORES[name].is_detail}
    scores = ", ".join(f"{SCORES[name].title} {value:.1%}" for name, value in shown.items())
    return f"{record.recipe}/{record.task}/seed{record.seed}: {scores}"


def _view(suite: Suite, progress: Progress, cells: int, began: float) -> RenderableType:
    from transferbench.cli.compare import compared
    from transferbench.reports.table import table

    done = len(progress.records) + len(progress.failures)
    spent = time.monotonic() - began
    parts: list[RenderableType] = []
    if any(suite.is_row(record.recipe) for record in progress.records):
        parts.append(table(compared(progress.records, suite).without_details()))
    parts.append(Text(f"{done} of {cells} runs done, {duration(spent)} so far", style="bold"))
    parts += [Text(f"  {cell.label}  {words(news)}") for cell, news in progress.working.items()]
    parts += [Text(f"  failed: {label}", style="red") for label in progress.failures]
    return Group(*parts)
