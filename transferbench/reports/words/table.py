"""A comparison as tables for a terminal, a pipe or a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from rich.box import SIMPLE_HEAD
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table as Grid
from rich.text import Text

from transferbench.reports.findings.kinds import Sheet
from transferbench.reports.rows import Cell, Comparison, Table
from transferbench.reports.words.cells import (
    DOWN,
    PLUS_MINUS,
    STANDS,
    UP,
    aligned,
    caption,
    difference_words,
    has_paper,
    heading,
    mean_words,
    paper_words,
    row_name,
)
from transferbench.reports.words.sheets import sheets_of
from transferbench.runs.record import SCORES

_ASCII = str.maketrans({PLUS_MINUS: "+-", UP: "^", DOWN: "v", STANDS: "#"})


def table(comparison: Comparison, sheets: Sequence[Sheet] | None = None) -> RenderableType:
    """Returns tables that fit the console they are printed on.

    One table a task, protocol and baseline, split by scores where the console is too narrow; then the
    sheets and the notes. Colour marks differences whose interval excludes zero, which sign and brackets say
    as well.

    Args:
        comparison: what stands in the tables.
        sheets: what stands below them; None for what a comparison gives rise to at a glance.
    """
    return _Tables(comparison, sheets_of(comparison) if sheets is None else sheets)


@dataclass(frozen=True)
class _Column:
    header: str
    cells: Sequence[str]
    styles: Sequence[str] = ()
    """One for each cell, or none at all."""


@dataclass(frozen=True)
class _Tables:
    comparison: Comparison
    sheets: Sequence[Sheet]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for each in self.comparison.tables:
            yield Text(_plain(caption(each), options), style="bold")
            columns_of = partial(_score_columns, each)
            yield from _fitting(each.columns, columns_of, console=console, options=options)
        for sheet in self.sheets:
            yield Text(_plain(sheet.title, options), style="bold")
            of_sheet = partial(_sheet_columns, sheet)
            yield from _fitting(sheet.header[1:], of_sheet, console=console, options=options)
            for note in sheet.notes:
                yield from _note(_plain(note, options))
            if sheet.notes:
                yield Text("")
        for note in self.comparison.notes:
            yield from _note(_plain(note, options))


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
    tables: list[Grid] = []
    for count in range(1, len(names) + 1):
        size = -(-len(names) // count)
        parts = [names[start : start + size] for start in range(0, len(names), size)]
        tables = [_drawn(columns_of(part), options) for part in parts]
        if all(Measurement.get(console, boundless, each).maximum <= options.max_width for each in tables):
            break
    return [part for each in tables for part in (each, Text(""))]


def _drawn(columns: Sequence[_Column], options: ConsoleOptions) -> Grid:
    """Returns a table whose first column is on the left and the others on the right."""
    drawn = Grid(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="")
    for column in columns:
        side: Literal["left", "right"] = "left" if column is columns[0] else "right"
        # Folded where nothing else helps: a number cut short would be another number.
        drawn.add_column(Text(_plain(column.header, options)), justify=side, overflow="fold")
    cells = [_texts(column, options, is_first=column is columns[0]) for column in columns]
    for row in zip(*cells, strict=True):
        drawn.add_row(*row)
    return drawn


def _texts(column: _Column, options: ConsoleOptions, *, is_first: bool) -> list[Text]:
    """Returns the cells of a column; on the right filled up here, for blanks at an end keep a place."""
    words = [_plain(cell, options) for cell in column.cells]
    width = 0 if is_first else max(map(len, (_plain(column.header, options), *words)))
    styles = column.styles or [""] * len(words)
    return [
        Text(word.rjust(width), style=style, justify="left")
        for word, style in zip(words, styles, strict=True)
    ]


def _score_columns(table: Table, names: Sequence[str]) -> list[_Column]:
    columns = [_Column("recipe", list(map(row_name, table.rows)))]
    for name in names:
        cells = [row.cells.get(name) for row in table.rows]
        columns.append(_Column(heading(name), aligned([mean_words(cell) for cell in cells])))
        if any(cell and cell.delta for cell in cells):
            words = aligned([difference_words(cell) for cell in cells])
            styles = [_colour(cell, is_better_higher=SCORES[name].is_better_higher) for cell in cells]
            columns.append(_Column(f"vs {table.baseline}", words, styles))
        if has_paper(table, name):
            columns.append(_Column("paper", aligned([paper_words(cell) for cell in cells])))
    return columns


def _colour(cell: Cell | None, *, is_better_higher: bool) -> str:
    if cell is None or cell.delta is None or not cell.delta.excludes_zero:
        return ""
    return "green" if (cell.delta.mean > 0) == is_better_higher else "red"


def _sheet_columns(sheet: Sheet, names: Sequence[str]) -> list[_Column]:
    columns = dict(zip(sheet.header, zip(*sheet.rows, strict=True), strict=True))
    return [_Column(name, columns[name]) for name in (sheet.header[0], *names)]


def _note(note: str) -> RenderResult:
    mark, words = ("*", note[2:]) if note.startswith("* ") else ("-", note)
    drawn = Grid.grid(padding=(0, 1, 0, 0))
    drawn.add_row(mark, Text(words))
    yield drawn
