"""The words in the cells of every table: percent, signs, brackets, times and sizes."""

from __future__ import annotations

from collections.abc import Sequence

from transferbench.reports.durations import duration
from transferbench.reports.rows import Cell, Comparison, Cost, Row
from transferbench.reports.statistics import Difference
from transferbench.runs.record import SCORES

PLUS_MINUS, UP, DOWN = "\u00b1", "\u2191", "\u2193"

Words = tuple[str, ...]
"""Parts of a cell that stand below each other in a column."""


def heading(name: str) -> str:
    """Returns the title of a score with an arrow to its better side."""
    score = SCORES[name]
    return f"{score.title} {UP if score.is_better_higher else DOWN}"


def caption(comparison: Comparison, task: str, rows: Sequence[Row]) -> str:
    """Returns what stands over the table of some rows of a task: protocol, unit and number of seeds."""
    counts = sorted(
        {
            len(row.cells[name].values)
            for row in rows
            for name in comparison.columns_of(task)
            if name in row.cells
        }
    )
    seeds = " to ".join(map(str, dict.fromkeys((counts[0], counts[-1]))))
    spread = f"mean {PLUS_MINUS} sd over " if counts[-1] > 1 else ""
    return f"{task}, {rows[0].protocols[task]}: percent, {spread}{seeds} seed{'s' * (counts[-1] > 1)}"


def row_name(row: Row, task: str) -> str:
    """Returns the recipe, marked where a note says why it does not compare with the baseline."""
    return row.recipe + (" *" if task in row.departures else "")


def mean_words(cell: Cell | None) -> Words:
    """Returns `20.1 +- 0.4`, with the true sign, the mean alone, or nothing."""
    if cell is None:
        return ()
    if cell.sd is None:
        return (f"{100 * cell.mean:z.1f}",)
    return (f"{100 * cell.mean:z.1f}", PLUS_MINUS, f"{100 * cell.sd:.1f}")


def difference_words(delta: Difference | None) -> Words:
    """Returns `+54.2 [51.0, 57.4]`, the difference alone, or nothing."""
    if delta is None:
        return ()
    if delta.low is None or delta.high is None:
        return (f"{100 * delta.mean:+z.1f}",)
    return (f"{100 * delta.mean:+z.1f}", f"[{100 * delta.low:z.1f},", f"{100 * delta.high:z.1f}]")


def paper_words(cell: Cell | None) -> Words:
    """Returns the paper's number with its spread if it has one, both to its two decimals; or nothing."""
    if cell is None or cell.paper is None:
        return ()
    spread = () if cell.paper_sd is None else (PLUS_MINUS, f"{100 * cell.paper_sd:.2f}")
    return (f"{100 * cell.paper:.2f}", *spread)


def has_paper(rows: Sequence[Row], name: str) -> bool:
    """Returns whether any row has a number of the paper for a score."""
    return any(row.cells[name].paper is not None for row in rows if name in row.cells)


def cost_words(cost: Cost | None) -> Words:
    """Returns `3 min 20 s, 1.2 GiB`, or nothing."""
    if cost is None:
        return ()
    return (f"{duration(cost.wall_seconds)},", f"{cost.peak_memory_bytes / 2**30:.1f} GiB")


def aligned(column: Sequence[Words]) -> list[str]:
    """Returns cells of one width, each part set right below that of the row above."""
    count = max((len(words) for words in column), default=0)
    filled = [words + ("",) * (count - len(words)) for words in column]
    widths = [max(len(words[i]) for words in filled) for i in range(count)]
    return [
        " ".join(word.rjust(width) for word, width in zip(words, widths, strict=True)) for words in filled
    ]
