"""The words in the cells of every table: percent, signs, brackets, times and sizes."""

from __future__ import annotations

from collections.abc import Sequence

from transferbench.reports.rows import Cell, Cost, Row, Table
from transferbench.reports.statistics.paired import Difference
from transferbench.reports.words.durations import duration
from transferbench.runs.record import SCORES

PLUS_MINUS, UP, DOWN, STANDS = "\u00b1", "\u2191", "\u2193", "\u2020"
"""The last stands after a difference that is there after the correction for many."""

ALPHA = 0.05
"""Below it, a corrected p-value is marked."""

MOST_NAMED = 4
"""Of recipes in one line."""

Words = tuple[str, ...]
"""Parts of a cell that stand below each other in a column."""


def heading(name: str) -> str:
    """Returns the title of a score with an arrow to its better side."""
    score = SCORES[name]
    return f"{score.title} {UP if score.is_better_higher else DOWN}"


def few(names: Sequence[str]) -> str:
    """Returns names in a row; of more than four the first three and how many others there are."""
    if len(names) <= MOST_NAMED:
        return ", ".join(names)
    return f"{', '.join(names[: MOST_NAMED - 1])} and {len(names) - MOST_NAMED + 1} more"


def title(table: Table) -> str:
    """Returns the task and its protocol."""
    return f"{table.task}, {table.protocol}"


def signed(value: float) -> str:
    """Returns a difference in points with its sign."""
    return f"{100 * value:+z.1f}"


def in_brackets(low: float, high: float) -> str:
    """Returns the ends of an interval in percent."""
    return f"[{100 * low:z.1f}, {100 * high:z.1f}]"


def stands(delta: Difference) -> bool:
    """Returns whether a difference is there after the correction for many."""
    return delta.p_holm is not None and delta.p_holm < ALPHA


def caption(table: Table) -> str:
    """Returns what stands over a table: protocol, unit and number of seeds.

    Where backbones were fine-tuned again it is the number of runs, with that of seeds in brackets. A lone
    number of another tool says nothing of seeds.
    """
    cells = [(row, row.cells[name]) for row in table.rows for name in table.columns if name in row.cells]
    counts = {len(cell.values) for row, cell in cells if not row.is_foreign or len(cell.values) > 1}
    if not counts:
        return f"{title(table)}: percent"
    spread = f"mean {PLUS_MINUS} sd over " if max(counts) > 1 else ""
    return f"{title(table)}: percent, {spread}{_runs(table, counts)}"


def _runs(table: Table, counts: set[int]) -> str:
    """Returns `3 seeds`, or `4 runs (2 seeds x 2 transfers)` where seeds have several transfers."""
    of_rows = [list(row.pretraining_seeds.values()) for row in table.rows if row.pretraining_seeds]
    seeds = {len(set(own)) for own in of_rows}
    transfers = {own.count(seed) for own in of_rows for seed in own}
    if transfers <= {1}:
        return _counted(counts, "seed")
    parts = f"{_counted(seeds, 'seed')} x {_counted(transfers, 'transfer')}"
    return f"{_from_to(counts)} runs ({parts})"


def _counted(counts: set[int], word: str) -> str:
    return f"{_from_to(counts)} {word}{'s' * (max(counts) > 1)}"


def _from_to(counts: set[int]) -> str:
    return " to ".join(map(str, dict.fromkeys((min(counts), max(counts)))))


def row_name(row: Row) -> str:
    """Returns the recipe, marked where a note says why it does not compare as the others do."""
    return row.recipe + (" (foreign)" if row.is_foreign else "") + (" *" if row.mark else "")


def mean_words(cell: Cell | None) -> Words:
    """Returns `20.1 +- 0.4`, with the true sign, the mean alone, or nothing."""
    if cell is None:
        return ()
    if cell.sd is None:
        return (f"{100 * cell.mean:z.1f}",)
    return (f"{100 * cell.mean:z.1f}", PLUS_MINUS, f"{100 * cell.sd:.1f}")


def difference_words(cell: Cell | None) -> Words:
    """Returns `+54.2 [51.0, 57.4]`, the difference alone, or nothing.

    A sign follows where it stands after the correction for many, and the number of pairs where that is not
    the number of runs.
    """
    delta = None if cell is None else cell.delta
    if cell is None or delta is None:
        return ()
    interval = (
        ("", "")
        if delta.low is None or delta.high is None
        else (f"[{100 * delta.low:z.1f},", f"{100 * delta.high:z.1f}]")
    )
    return _without_end((signed(delta.mean), *interval, STANDS * stands(delta), pairs(cell)))


def pairs(cell: Cell) -> str:
    """Returns `n=2`, the number of pairs of a difference, where that is not the number of runs."""
    delta = cell.delta
    is_plain = delta is None or not cell.values or (delta.n == len(cell.values) and not cell.unpaired)
    return "" if delta is None or is_plain else f"n={delta.n}"


def paper_words(cell: Cell | None) -> Words:
    """Returns the paper's number with its spread if it has one, both to its two decimals; or nothing."""
    if cell is None or cell.paper is None:
        return ()
    spread = () if cell.paper_sd is None else (PLUS_MINUS, f"{100 * cell.paper_sd:.2f}")
    return (f"{100 * cell.paper:.2f}", *spread)


def has_paper(table: Table, name: str) -> bool:
    """Returns whether any row has a number of the paper for a score."""
    return any(row.cells[name].paper is not None for row in table.rows if name in row.cells)


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
    used = [i for i in range(count) if widths[i]]
    return [" ".join(words[i].rjust(widths[i]) for i in used) for words in filled]


def _without_end(words: Words) -> Words:
    """Returns the parts up to the last that says something."""
    return words[: max(place for place, word in enumerate(words) if word) + 1]
