"""A comparison as tables for a terminal, a pipe or a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from rich.box import SIMPLE_HEAD
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from transferbench.reports.cells import (
    DOWN,
    PLUS_MINUS,
    UP,
    aligned,
    caption,
    cost_words,
    difference_words,
    has_paper,
    heading,
    mean_words,
    paper_words,
    row_name,
)
from transferbench.reports.rows import Comparison, Row
from transferbench.reports.statistics import Difference
from transferbench.runs.record import SCORES

_ASCII = str.maketrans({PLUS_MINUS: "+-", UP: "^", DOWN: "v"})


def table(comparison: Comparison) -> RenderableType:
    """Returns tables that fit the console they are printed on.

    One table a task and baseline, split by scores where the console is too narrow; then the costs and
    the notes. Colour marks differences whose interval excludes zero, which sign and brackets say as well.
    """
    return _Tables(comparison)


@dataclass(frozen=True)
class _Column:
    header: str
    cells: Sequence[str]
    styles: Sequence[str] = ()
    """One for each cell, or none at all."""


@dataclass(frozen=True)
class _Tables:
    comparison: Comparison

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        comparison = self.comparison
        for task in comparison.tasks:
            for rows in comparison.groups_of(task):
                yield Text(_plain(caption(comparison, task, rows), options), style="bold")
                columns_of = partial(_score_columns, task, rows)
                yield from _fitting(comparison.columns_of(task), columns_of, console=console, options=options)
        yield Text("cost of a run: mean time, greatest memory", style="bold")
        columns_of = partial(_cost_columns, comparison)
        yield from _fitting(comparison.tasks, columns_of, console=console, options=options)
        yield _notes(comparison)


def _plain(text: str, options: ConsoleOptions) -> str:
    return text.translate(_ASCII) if options.ascii_only else text


def _fitting(
    names: Sequence[str],
    columns_of: Callable[[Sequence[str]], list[_Column]],
    *,
    console: Console,
    options: ConsoleOptions,
) -> list[RenderableType]:
    """Returns the fewest tables that fit, with the names spread evenly over them, each before a gap."""
    # A table is never measured wider than its console, so it is measured on a boundless one.
    boundless = options.update(max_width=10_000)
    tables: list[Table] = []
    for count in range(1, len(names) + 1):
        size = -(-len(names) // count)
        parts = [names[start : start + size] for start in range(0, len(names), size)]
        tables = [_drawn(columns_of(part), options) for part in parts]
        if all(Measurement.get(console, boundless, each).maximum <= options.max_width for each in tables):
            break
    return [part for each in tables for part in (each, Text(""))]


def _drawn(columns: Sequence[_Column], options: ConsoleOptions) -> Table:
    """Returns a table whose first column is on the left and the others on the right."""
    drawn = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="")
    for column in columns:
        side: Literal["left", "right"] = "left" if column is columns[0] else "right"
        # Folded where nothing else helps: a number cut short would be another number.
        drawn.add_column(Text(_plain(column.header, options)), justify=side, overflow="fold")
    cells = [
        [
            Text(_plain(cell, options), style=style)
            for cell, style in zip(column.cells, column.styles or [""] * len(column.cells), strict=True)
        ]
        for column in columns
    ]
    for row in zip(*cells, strict=True):
        drawn.add_row(*row)
    return drawn


def _score_columns(task: str, rows: Sequence[Row], names: Sequence[str]) -> list[_Column]:
    columns = [_Column("recipe", [row_name(row, task) for row in rows])]
    for name in names:
        cells = [row.cells.get(name) for row in rows]
        columns.append(_Column(heading(name), aligned([mean_words(cell) for cell in cells])))
        deltas = [cell.delta if cell else None for cell in cells]
        if any(deltas):
            words = aligned([difference_words(delta) for delta in deltas])
            styles = [_colour(delta, is_better_higher=SCORES[name].is_better_higher) for delta in deltas]
            columns.append(_Column(f"vs {rows[0].baseline}", words, styles))
        if has_paper(rows, name):
            columns.append(_Column("paper", aligned([paper_words(cell) for cell in cells])))
    return columns


def _colour(delta: Difference | None, *, is_better_higher: bool) -> str:
    if delta is None or not delta.excludes_zero:
        return ""
    return "green" if (delta.mean > 0) == is_better_higher else "red"


def _cost_columns(comparison: Comparison, tasks: Sequence[str]) -> list[_Column]:
    costs = [
        _Column(task, aligned([cost_words(row.costs.get(task)) for row in comparison.rows])) for task in tasks
    ]
    return [_Column("recipe", [row.recipe for row in comparison.rows]), *costs]


def _notes(comparison: Comparison) -> Table:
    drawn = Table.grid(padding=(0, 1, 0, 0))
    for note in comparison.notes:
        mark, words = ("*", note[2:]) if note.startswith("* ") else ("-", note)
        drawn.add_row(mark, Text(words))
    return drawn
