"""A suite at work: on a terminal the table as it fills, elsewhere a line a finished run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from transferbench.cli.console import err
from transferbench.cli.outlook import Outlook
from transferbench.cli.progress import words
from transferbench.reports.words.durations import duration

if TYPE_CHECKING:
    from transferbench.recipes.suite import Suite
    from transferbench.runs.queue import Progress
    from transferbench.runs.record import Record


@contextmanager
def live(suite: Suite, cells: int, outlook: Outlook) -> Iterator[Callable[[Progress], None]]:
    """Gives the function that shows where a suite of that many runs stands."""
    if not err.is_terminal:
        yield _Teller(cells, outlook).tell
        return
    with Live(console=err, refresh_per_second=4, transient=True) as view:
        yield lambda progress: view.update(_view(suite, progress, cells, outlook))


class _Teller:
    """Says each finished or failed run once."""

    def __init__(self, cells: int, outlook: Outlook) -> None:
        self._cells, self._outlook = cells, outlook
        self._records, self._failures = 0, set[str]()

    def tell(self, progress: Progress) -> None:
        left = self._outlook.left(progress)
        for record in progress.records[self._records :]:
            self._records += 1
            self._print(_finished(record), left)
        for label in progress.failures:
            if label not in self._failures:
                self._failures.add(label)
                self._print(f"{label}: failed", left)

    def _print(self, line: str, left: str) -> None:
        done = self._records + len(self._failures)
        spent = duration(self._outlook.spent())
        err.print(f"[{done}/{self._cells}] {spent}, {left}  {line}", markup=False, soft_wrap=True)


def _finished(record: Record) -> str:
    from transferbench.runs.record import SCORES

    shown = {name: value for name, value in record.scores.items() if not SCORES[name].is_detail}
    scores = ", ".join(f"{SCORES[name].title} {value:.1%}" for name, value in shown.items())
    source = record.machine.get("taken_from")
    taken = f", taken from {source}" if source else ""
    return f"{record.recipe}/{record.task}/seed{record.seed}: {scores}{taken}"


def _view(suite: Suite, progress: Progress, cells: int, outlook: Outlook) -> RenderableType:
    from transferbench.cli.comparing import compared
    from transferbench.reports.words.table import table

    done = len(progress.records) + len(progress.failures)
    left = outlook.left(progress)
    parts: list[RenderableType] = []
    if any(suite.is_row(record.recipe) for record in progress.records):
        parts.append(table(compared(progress.records, suite).without_details()))
    parts.append(Text(f"{done} of {cells} runs done, {duration(outlook.spent())} so far, {left}", "bold"))
    parts += [Text(f"  {cell.label}  {words(news)}") for cell, news in progress.working.items()]
    parts += [Text(f"  failed: {label}", style="red") for label in progress.failures]
    return Group(*parts)
