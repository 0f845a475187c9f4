"""A suite at work: on a terminal the table as it fills, elsewhere a line a finished run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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
    tables = _Tables(suite)
    with Live(console=err, refresh_per_second=4, transient=True) as view:
        yield lambda progress: view.update(_view(tables, progress, cells, outlook))


class _Tables:
    """Makes the table so far anew when a run is finished, and not twice a second."""

    def __init__(self, suite: Suite) -> None:
        self._suite = suite
        self._records = -1
        self._table: RenderableType | None = None

    def of(self, records: Sequence[Record]) -> RenderableType | None:
        """Returns the table; None while there is no row."""
        if len(records) != self._records:
            self._records = len(records)
            self._table = self._made(records)
        return self._table

    def _made(self, records: Sequence[Record]) -> RenderableType | None:
        from transferbench.cli.comparing import compared
        from transferbench.reports.words.table import table

        if not any(self._suite.is_row(record.recipe) for record in records):
            return None
        return table(compared(records, self._suite).without_details())


class _Teller:
    """Says each finished or failed run once."""

    def __init__(self, cells: int, outlook: Outlook) -> None:
        self._cells, self._outlook = cells, outlook
        self._records, self._failures = 0, set[str]()

    def tell(self, progress: Progress) -> None:
        left = self._outlook.left(progress)
        if self._records < progress.found:
            self._records = progress.found
            runs = "1 run" if progress.found == 1 else f"{progress.found} runs"
            self._print(f"{runs} finished before, and nothing has changed for them", left)
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


def _view(tables: _Tables, progress: Progress, cells: int, outlook: Outlook) -> RenderableType:
    done = len(progress.records) + len(progress.failures)
    left = outlook.left(progress)
    table = tables.of(progress.records)
    parts: list[RenderableType] = [] if table is None else [table]
    parts.append(Text(f"{done} of {cells} runs done, {duration(outlook.spent())} so far, {left}", "bold"))
    parts += [Text(f"  {cell.label}  {words(news)}") for cell, news in progress.working.items()]
    parts += [Text(f"  failed: {label}", style="red") for label in progress.failures]
    return Group(*parts)
