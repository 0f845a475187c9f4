"""A comparison as Markdown, CSV and LaTeX."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
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
from transferbench.reports.rows import Comparison, Row

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
    "paper_sd",
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
    """Returns one table a task and baseline in percent, then the notes; for GitHub and the like."""
    blocks = []
    for task, group in _groups(comparison):
        header, *rows = _cells(comparison, task, group)
        rule = ["---", *["--:"] * (len(header) - 1)]
        lines = ["| " + " | ".join(_escaped(cell) for cell in line) + " |" for line in (header, rule, *rows)]
        blocks.append("\n".join([f"**{caption(comparison, task, group)}**", "", *lines]))
    notes = [f"- {_escaped(note)}" for note in comparison.notes]
    return "\n\n".join([*blocks, "\n".join(notes)]).rstrip() + "\n"


def latex(comparison: Comparison) -> str:
    """Returns one `tabular` a task and baseline in percent, for booktabs; captions and notes as comments."""
    lines = [r"% needs \usepackage{booktabs}"]
    for task, group in _groups(comparison):
        header, *rows = _cells(comparison, task, group)
        lines += [
            f"% {caption(comparison, task, group).replace(PLUS_MINUS, '+-')}",
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
                ours = (len(cell.values), cell.mean, cell.sd)
                lines.writerow((row.recipe, protocol, name, *ours, *known, cell.paper, cell.paper_sd))
    return text.getvalue()


def _groups(comparison: Comparison) -> Iterator[tuple[str, tuple[Row, ...]]]:
    """Yields each task with the rows of each of its tables."""
    for task in comparison.tasks:
        for rows in comparison.groups_of(task):
            yield task, rows


def _cells(comparison: Comparison, task: str, rows: Sequence[Row]) -> list[list[str]]:
    """Returns the header and the rows of one table."""
    columns = [["recipe", *(row_name(row, task) for row in rows)]]
    for name in comparison.columns_of(task):
        cells = [row.cells.get(name) for row in rows]
        deltas = [cell.delta if cell else None for cell in cells]
        columns.append([heading(name), *_joined(mean_words, cells)])
        if any(deltas):
            columns.append([f"vs {rows[0].baseline}", *_joined(difference_words, deltas)])
        if has_paper(rows, name):
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
