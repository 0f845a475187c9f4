"""A comparison as Markdown, CSV and LaTeX."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from csv import writer
from io import StringIO

from transferbench.reports.findings.kinds import Sheet
from transferbench.reports.rows import Cell, Comparison, Interval, Row, Table
from transferbench.reports.words.cells import (
    DOWN,
    PLUS_MINUS,
    STANDS,
    UP,
    Words,
    caption,
    difference_words,
    has_paper,
    heading,
    mean_words,
    paper_words,
    row_name,
)

_CSV_HEADER = (
    *("recipe", "protocol", "score", "baseline"),
    *("n", "mean", "sd"),
    *("difference", "low", "high", "p", "p_holm", "pairs"),
    *("pictures_low", "pictures_high", "difference_pictures_low", "difference_pictures_high"),
    *("paper", "paper_sd"),
    *("origin", "mark", "unit"),
)

_LAST_OF_PDFLATEX = 0x17F
"""Of the letters that it knows by itself, the last of Latin Extended-A."""

_SPECIAL = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "|": r"\textbar{}",
        "<": "$<$",
        ">": "$>$",
        PLUS_MINUS: r"$\pm$",
        "\u2212": "$-$",
        UP: r"$\uparrow$",
        DOWN: r"$\downarrow$",
        STANDS: r"$\dagger$",
        **{special: f"\\{special}" for special in "&%$#_{}"},
    }
)


def markdown(comparison: Comparison, sheets: Sequence[Sheet] = ()) -> str:
    """Returns one table a task, protocol and baseline in percent, then sheets and notes; for GitHub.

    Args:
        comparison: what stands in the tables.
        sheets: what stands below them.
    """
    blocks = [
        "\n".join([f"**{_escaped(each.title)}**", "", *_markdown_lines(each)])
        for each in (*map(_as_sheet, comparison.tables), *sheets)
    ]
    notes = [f"- {_escaped(note)}" for note in _notes(comparison, sheets)]
    return "\n\n".join([*blocks, "\n".join(notes)]).rstrip() + "\n"


def latex(comparison: Comparison, sheets: Sequence[Sheet] = ()) -> str:
    """Returns one `table` a task, protocol and baseline in percent, for booktabs; then sheets and notes.

    Args:
        comparison: what stands in the tables.
        sheets: what stands below them.
    """
    lines: list[str] = []
    for each in (*map(_as_sheet, comparison.tables), *sheets):
        lines += [
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{_latex(each.title)}}}",
            rf"\begin{{tabular}}{{l{'r' * (len(each.header) - 1)}}}",
            r"\toprule",
            _latex_row(each.header),
            r"\midrule",
            *map(_latex_row, each.rows),
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
        ]
    notes = [_latex(note.removesuffix(".")) + "." for note in _notes(comparison, sheets)]
    lines += _paragraph(notes)
    is_beyond = any(ord(letter) > _LAST_OF_PDFLATEX for line in lines for letter in line)
    needs = r"% needs \usepackage{booktabs}" + is_beyond * ", and lualatex or xelatex for some letters"
    return "\n".join([needs, *lines]) + "\n"


def csv(comparison: Comparison) -> str:
    """Returns one line a table, recipe and score, in fractions; a cell is empty where there is no value."""
    text = StringIO()
    lines = writer(text, lineterminator="\n")
    lines.writerow(_CSV_HEADER)
    for table in comparison.tables:
        for row in table.rows:
            lines.writerows(_csv_line(table, row, name) for name in table.columns if name in row.cells)
    return text.getvalue()


def _csv_line(table: Table, row: Row, name: str) -> tuple[object, ...]:
    cell = row.cells[name]
    delta = cell.delta
    known = (
        (None,) * 6 if delta is None else (delta.mean, delta.low, delta.high, delta.p, delta.p_holm, delta.n)
    )
    where = (row.recipe, table.protocol, name, table.baseline)
    ours = (len(cell.values), cell.mean, cell.sd)
    mark = ("foreign" if row.is_foreign else "", row.mark.reason if row.mark else None)
    over = (*_ends(cell.over_pictures), *_ends(cell.delta_over_pictures))
    return (*where, *ours, *known, *over, cell.paper, cell.paper_sd, *mark, "fraction")


def _ends(interval: Interval | None) -> tuple[float | None, float | None]:
    return (None, None) if interval is None else (interval.low, interval.high)


def _as_sheet(table: Table) -> Sheet:
    columns = [["recipe", *map(row_name, table.rows)]]
    for name in table.columns:
        cells = [row.cells.get(name) for row in table.rows]
        columns.append([heading(name), *_joined(mean_words, cells)])
        if any(cell and cell.delta for cell in cells):
            columns.append([f"vs {table.baseline}", *_joined(difference_words, cells)])
        if has_paper(table, name):
            columns.append(["paper", *_joined(paper_words, cells)])
    header, *rows = zip(*columns, strict=True)
    return Sheet(caption(table), header, tuple(rows))


def _markdown_lines(sheet: Sheet) -> list[str]:
    rule = ("---", *["--:"] * (len(sheet.header) - 1))
    return [
        "| " + " | ".join(_escaped(cell) for cell in line) + " |"
        for line in (sheet.header, rule, *sheet.rows)
    ]


def _notes(comparison: Comparison, sheets: Sequence[Sheet]) -> list[str]:
    return [*dict.fromkeys(note for sheet in sheets for note in sheet.notes), *comparison.notes]


def _joined(words_of: Callable[[Cell | None], Words], cells: Sequence[Cell | None]) -> list[str]:
    return [" ".join(filter(None, words_of(cell))) for cell in cells]


def _escaped(cell: str) -> str:
    """Returns text that Markdown shows as it is, in a cell and out of it."""
    return re.sub(r"[\\|*`]|<(?=[A-Za-z/!?])|(?<!\w)_|_(?!\w)", lambda found: "\\" + found[0], cell)


def _latex_row(cells: Sequence[str]) -> str:
    # A bracket or a star at its start would belong to the command before.
    start = "{}" if cells[0].startswith(("[", "*")) else ""
    return start + " & ".join(map(_latex, cells)) + r" \\"


def _latex(text: str) -> str:
    # A minus before a number, not the hyphen of "top-1"; two hyphens would be one dash.
    signed = re.sub(r"(?<!\w)-(?=\d)", "\u2212", text).translate(_SPECIAL)
    return re.sub("-(?=-)", "-{}", signed)


def _paragraph(notes: Sequence[str]) -> list[str]:
    return ["", r"\begingroup\footnotesize\noindent", *notes, r"\par\endgroup"] if notes else []
