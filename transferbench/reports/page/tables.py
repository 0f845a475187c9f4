"""The tables of a page: what a cell says, and the number that it is sorted by."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from transferbench.reports.findings.kinds import Outlay
from transferbench.reports.findings.kinds import Sheet as WordSheet
from transferbench.reports.findings.main_scores import main_score
from transferbench.reports.page.story import TASK_WORDS, TRANSFERS, key_of, label_of
from transferbench.reports.plots.looks import with_minus
from transferbench.reports.rows import Cell, Comparison, Cost, Row, Table
from transferbench.reports.words.cells import STANDS, caption, heading, pairs, row_name, stands
from transferbench.reports.words.cost_sheets import fronts_words
from transferbench.reports.words.durations import duration
from transferbench.reports.words.sheets import sheets_of
from transferbench.runs.record import SCORES

_SIGN = re.compile(r"(?<!\w)-(?=\d)")
"""Of a number, not the hyphen of a word."""
_WAYS = {True: "higher is better", False: "lower is better"}


@dataclass(frozen=True)
class Head:
    """What stands over a column."""

    title: str
    note: str = ""
    """Said to who hears the page, or seen on hovering."""
    is_best_first: bool = True
    """Whether sorting puts the greatest number first."""


@dataclass(frozen=True)
class Datum:
    """What stands in a cell."""

    text: str = ""
    aside: str = ""
    """After the text, fainter."""
    value: float | None = None
    """To sort by; None stands last in either direction."""
    tone: str = ""
    """`better` or `worse`, of a difference whose interval excludes zero."""


@dataclass(frozen=True)
class Line:
    """A row: its name, marked where a note tells more of it, and its cells."""

    name: str
    cells: tuple[Datum, ...]


@dataclass(frozen=True)
class Sheet:
    """A table as it is shown."""

    key: str
    caption: str
    heads: tuple[Head, ...]
    """Of the cells; the name of a row has none of these."""
    lines: tuple[Line, ...]


def score_sheets(comparison: Comparison, *, details: bool) -> list[Sheet]:
    """Returns a table for each of the comparison, in percent.

    Args:
        comparison: to show.
        details: whether it is the scores beside the question that are wanted, in place of the others.
    """
    sheets = []
    for table in comparison.tables:
        columns = [name for name in table.columns if SCORES[name].is_detail == details]
        if columns:
            sheets.append(_sheet(comparison, table, columns, suffix="-details" if details else ""))
    return sheets


def cost_sheets(comparison: Comparison) -> list[Sheet]:
    """Returns what the rows of each table took, altogether and a run, beside what they gained."""
    return [
        _cost_sheet(comparison, table) for table in comparison.tables if any(row.cost for row in table.rows)
    ]


def word_sheets(comparison: Comparison, *, details: bool) -> list[WordSheet]:
    """Returns what stands below the tables in words, of the scores at a glance or of all the others.

    Args:
        comparison: to show.
        details: whether it is the scores beside the question that are wanted, in place of the others.
    """
    if details:
        columns = [tuple(n for n in table.columns if SCORES[n].is_detail) for table in comparison.tables]
        tables = [replace(t, columns=own) for t, own in zip(comparison.tables, columns, strict=True)]
        shown = replace(comparison, tables=tuple(table for table in tables if table.columns), claims=())
    else:
        shown = comparison.without_details()
    return [_readable(sheet) for sheet in sheets_of(shown, costs="none")]


def _readable(sheet: WordSheet) -> WordSheet:
    """Returns words with true minus signs and tasks called as elsewhere on the page."""
    rows = tuple((row[0], *(_SIGN.sub("\u2212", cell) for cell in row[1:])) for row in sheet.rows)
    return replace(sheet, title=_named(sheet.title), rows=rows)


def _named(words: str) -> str:
    """Returns words that begin with a task, called as elsewhere on the page."""
    task, comma, rest = words.partition(", ")
    return TASK_WORDS[task].capitalize() + comma + rest if task in TASK_WORDS else words


def _cost_sheet(comparison: Comparison, table: Table) -> Sheet:
    name = main_score(table)
    is_transfer = table.task in TRANSFERS
    heads = (
        Head("parameters", "of the whole network", is_best_first=False),
        Head("GMACs", "multiply-adds of the backbone on one picture", is_best_first=False),
        Head("images/s", "trained on, all devices together"),
        Head("memory", "greatest over seeds", is_best_first=False),
        Head("pretraining", "wall time of a run, mean over seeds", is_best_first=False),
        *([Head("transfer", "wall time of a run, mean over seeds", is_best_first=False)] * is_transfer),
        Head("device-hours", "of pretraining, its teacher and the transfer", is_best_first=False),
        *([Head("points per device-hour", f"of {SCORES[name].title}, for the whole cost")] if name else []),
        Head(
            "front",
            "no other row scores as well for less; alone: that of no other row is known",
            is_best_first=False,
        ),
    )
    lines = [
        Line(row_name(row), _cost_cells(row, row.cost, name=name, is_transfer=is_transfer))
        for row in table.rows
        if row.cost is not None
    ]
    key, label = key_of(table, comparison), label_of(table, comparison).capitalize()
    return _without_empty(Sheet(f"{key}-cost", f"{label}: cost of a seed", tuple(heads), tuple(lines)))


def _without_empty(sheet: Sheet) -> Sheet:
    """Returns a table without the columns in which no cell says anything."""
    said = [place for place in range(len(sheet.heads)) if any(line.cells[place].text for line in sheet.lines)]
    return replace(
        sheet,
        heads=tuple(sheet.heads[place] for place in said),
        lines=tuple(replace(line, cells=tuple(line.cells[place] for place in said)) for line in sheet.lines),
    )


def _cost_cells(row: Row, cost: Cost, *, name: str | None, is_transfer: bool) -> tuple[Datum, ...]:
    outlay = row.outlay or Outlay(None, None)
    spent, rate = outlay.device_seconds, outlay.gains_per_device_hour.get(name or "")
    before = outlay.pretraining_seconds
    return (
        _number(cost.parameters, 1e6, "{:.2f} M"),
        _number(cost.backbone_macs, 1e9, "{:.3g}"),
        _number(cost.images_per_second, 1, "{:,.0f}"),
        _number(cost.peak_memory_bytes, 2**30, "{:.1f} GiB"),
        Datum("elsewhere") if before is None else Datum(duration(before) if before else "none", value=before),
        *([Datum(duration(cost.wall_seconds), value=cost.wall_seconds)] * is_transfer),
        _number(spent, 3600, "{:.3g}"),
        *([_number(rate, 0.01, "{:+,.1f}")] if name else []),
        Datum(fronts_words(outlay), value=-len(outlay.fronts)),
    )


def _number(value: float | None, unit: float, form: str) -> Datum:
    return Datum() if value is None else Datum(with_minus(form.format(value / unit)), value=value)


def _sheet(comparison: Comparison, table: Table, columns: Sequence[str], *, suffix: str) -> Sheet:
    heads, cells = [], []
    for name in columns:
        for head, column in _columns(table, name):
            heads.append(head)
            cells.append(column)
    lines = [
        Line(name=row_name(row), cells=tuple(column[place] for column in cells))
        for place, row in enumerate(table.rows)
    ]
    return Sheet(key_of(table, comparison) + suffix, _named(caption(table)), tuple(heads), tuple(lines))


def _columns(table: Table, name: str) -> Iterable[tuple[Head, list[Datum]]]:
    """Yields the columns of a score: its mean, its difference and the paper's number, as they are there."""
    up = SCORES[name].is_better_higher
    cells = [row.cells.get(name) for row in table.rows]
    yield Head(heading(name), _WAYS[up], up), [_mean(cell) for cell in cells]
    if any(cell and cell.delta for cell in cells):
        head = Head(f"vs {table.baseline}", "paired difference with its 95 % interval over seeds", up)
        yield head, [_difference(cell, up) for cell in cells]
    if any(cell and cell.delta_over_pictures for cell in cells):
        head = Head("95 % over pictures", "interval of the difference, had there been other pictures", up)
        yield head, [_over_pictures(cell) for cell in cells]
    if any(cell and cell.paper is not None for cell in cells):
        yield Head("paper", "the paper's number", up), [_paper(cell) for cell in cells]


def _mean(cell: Cell | None) -> Datum:
    if cell is None:
        return Datum()
    spread = "" if cell.sd is None else f"\u00b1 {100 * cell.sd:.1f}"
    return Datum(with_minus(f"{100 * cell.mean:z.1f}"), spread, cell.mean)


def _difference(cell: Cell | None, up: bool) -> Datum:
    if cell is None or cell.delta is None:
        return Datum()
    delta = cell.delta
    tone = ("better" if (delta.mean > 0) == up else "worse") if delta.excludes_zero else ""
    aside = [
        _range(delta.low, delta.high),
        STANDS * stands(delta),
        pairs(cell),
    ]
    words = " ".join(word for word in aside if word)
    return Datum(with_minus(f"{100 * delta.mean:+z.1f}"), words, delta.mean, tone)


def _over_pictures(cell: Cell | None) -> Datum:
    interval = cell.delta_over_pictures if cell else None
    return Datum() if interval is None else Datum("", _range(interval.low, interval.high), interval.low)


def _paper(cell: Cell | None) -> Datum:
    if cell is None or cell.paper is None:
        return Datum()
    spread = "" if cell.paper_sd is None else f"\u00b1 {100 * cell.paper_sd:.2f}"
    return Datum(f"{100 * cell.paper:.2f}", spread, cell.paper)


def _range(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else with_minus(f"[{100 * low:z.1f}, {100 * high:z.1f}]")
