"""A comparison as Markdown, CSV and LaTeX."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from csv import writer
from io import StringIO
from typing import TypeVar

from transferbench.reports.cells import (
    DOWN,
    PLUS_MINUS,
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
from transferbench.reports.comparison import Comparison

Value = TypeVar("Value")

_CSV_HEADER = (
    "recipe",
    "protocol",
    "score",
    "n",
    "mean",
    "sd",
    "difference",
    "low",
    "high",
    "p",
    "paper",
)

_LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        PLUS_MINUS: r"$\pm$",
        "\u2212": "$-$",
        UP: r"$\uparrow$",
        DOWN: r"$\downarrow$",
        **{special: f"\\{special}" for special in "&%$#_{}"},
    }
)


def markdown(comparison: Comparison) -> str:
    """Returns one table a task in percent, then the notes; for GitHub and the like."""
    blocks = []
    for task in comparison.tasks:
        header, *rows = _cells(comparison, task)
        rule = ["---", *["--:"] * (len(header) - 1)]
        lines = ["| " + " | ".join(_escaped(cell) for cell in line) + " |" for line in (header, rule, *rows)]
        blocks.append("\n".join([f"**{caption(comparison, task)}**", "", *lines]))
    notes = [f"- {_escaped(note)}" for note in comparison.notes]
    return "\n\n".join([*blocks, "\n".join(notes)]).rstrip() + "\n"


def latex(comparison: Comparison) -> str:
    """Returns one `tabular` a task in percent, for the package booktabs; captions and notes as comments."""
    lines = [r"% needs \usepackage{booktabs}"]
    for task in comparison.tasks:
        header, *rows = _cells(comparison, task)
        lines += [
            f"% {caption(comparison, task).replace(PLUS_MINUS, '+-')}",
            rf"\begin{{tabular}}{{l{'r' * (len(header) - 1)}}}",
            r"\toprule",
            _latex_row(header),
            r"\midrule",
            *map(_latex_row, rows),
            r"\bottomrule",
            r"\end{tabular}",
        ]
    return "\n".join([*lines, *(f"% {note}" for note in comparison.notes)]) + "\n"


def csv(comparison: Comparison) -> str:
    """Returns one line a recipe and score, in fractions; a cell is empty where there is no value."""
    text = StringIO()
    lines = writer(text, lineterminator="\n")
    lines.writerow(_CSV_HEADER)
    for row in comparison.rows:
        for name in comparison.columns:
            if cell := row.cells.get(name):
                delta = cell.delta
                known = (delta.mean, delta.low, delta.high, delta.p) if delta else (None,) * 4
                protocol = row.protocols[name.partition("/")[0]]
                lines.writerow(
                    (row.recipe, protocol, name, len(cell.values), cell.mean, cell.sd, *known, cell.paper)
                )
    return text.getvalue()


def _cells(comparison: Comparison, task: str) -> list[list[str]]:
    """Returns the header and the rows of one task's table."""
    rows = comparison.rows_of(task)
    columns = [["recipe", *(row_name(row, task) for row in rows)]]
    for name in comparison.columns_of(task):
        cells = [row.cells.get(name) for row in rows]
        deltas = [cell.delta if cell else None for cell in cells]
        columns.append([heading(name), *_joined(mean_words, cells)])
        if any(deltas):
            columns.append([f"vs {comparison.baseline}", *_joined(difference_words, deltas)])
        if has_paper(comparison, name):
            columns.append(["paper", *_joined(paper_words, cells)])
    return [list(line) for line in zip(*columns, strict=True)]


def _joined(words_of: Callable[[Value], Words], values: Sequence[Value]) -> list[str]:
    return [" ".join(words_of(value)) for value in values]


def _escaped(cell: str) -> str:
    return cell.replace("|", r"\|").replace("*", r"\*")


def _latex_row(cells: Sequence[str]) -> str:
    # A minus before a number, not the hyphen of "top-1".
    minus = (re.sub(r"(?<!\w)-(?=\d)", "\u2212", cell) for cell in cells)
    return " & ".join(cell.translate(_LATEX) for cell in minus) + r" \\"
