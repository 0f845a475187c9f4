"""The answer in words: which backbone transfers best, by how much, and whether the seeds can tell."""

from __future__ import annotations

from dataclasses import dataclass

from transferbench.reports.findings.main_scores import main_score
from transferbench.reports.page.story import TRANSFERS, label_of, title_of
from transferbench.reports.plots.looks import with_minus
from transferbench.reports.rows import Cell, Comparison, Row, Table
from transferbench.reports.statistics.paired import Difference, paired_difference
from transferbench.reports.words.cells import ALPHA
from transferbench.runs.record import SCORES

_NO_RESULT = "no result"


@dataclass(frozen=True)
class Verdict:
    """The answer of one table."""

    label: str
    """Of the table."""
    best: str
    """The recipe with the best mean."""
    sentence: str
    is_certain: bool
    """Whether the seeds tell the best one from the next."""
    seeds: int
    """That the best and the next have in common."""
    is_below_foreign: bool
    """Whether a row from elsewhere, which is not compared, states a better score."""


def verdicts(comparison: Comparison) -> list[Verdict]:
    """Returns the answer of each table on transfers, or of each on classification where no transfer is."""
    transfers = [table for table in comparison.tables if table.task in TRANSFERS]
    found = (_verdict(table, comparison) for table in transfers or comparison.tables)
    return [verdict for verdict in found if verdict is not None]


def headline(comparison: Comparison, warning: str = "") -> str:
    """Returns the answer in one line, with no more certainty than the runs give.

    Args:
        comparison: with the answer.
        warning: what a reader must know of all numbers; one of `no result` is the answer.
    """
    _, none, why = warning.partition(_NO_RESULT)
    if none:
        reason = why.lstrip(" .:").removesuffix(".")
        return f"No result: {reason[:1].lower()}{reason[1:]}" if reason else "No result"
    answers = verdicts(comparison)
    if not answers:
        return f"{comparison.suite}: nothing to compare yet"
    does = "transfers" if any(table.task in TRANSFERS for table in comparison.tables) else "scores"
    best = list(dict.fromkeys(answer.best for answer in answers))
    if len(best) > 1:
        return f"No one backbone {does} best: it depends on the task"
    here = " of the backbones measured here" if any(answer.is_below_foreign for answer in answers) else ""
    certain = [answer.is_certain for answer in answers]
    if all(certain):
        return f"{best[0]} {does} best{here}"
    if any(certain):
        return f"{best[0]} {does} best{here}, though not every task is beyond doubt"
    if all(answer.seeds <= 1 for answer in answers):
        return f"{best[0]} scores highest{here}; one seed cannot tell"
    return f"{best[0]} is ahead{here}, but within what the seeds leave open"


def rivals(table: Table) -> tuple[Row, Row] | None:
    """Returns the best row of a table and the one it is held against: the baseline, or the next best."""
    name = main_score(table)
    ranked = [] if name is None else _ranked(table, name)
    if len(ranked) < 2:
        return None
    others = [row for row in ranked[1:] if row.recipe == table.baseline]
    return ranked[0], (others or ranked[1:])[0]


def _verdict(table: Table, comparison: Comparison) -> Verdict | None:
    name = main_score(table)
    if name is None:
        return None
    ranked = _ranked(table, name)
    if len(ranked) < 2:
        return None
    first, second = ranked[0], ranked[1]
    lead = _lead(name, first, second)
    parts = [_against_baseline(table, name, first, second)]
    if table.baseline not in (first.recipe, second.recipe):
        parts.append(_over_next(second.recipe, lead))
    better = _better_elsewhere(table, name, first)
    if better:
        parts.append(_not_compared(better, name))
    return Verdict(
        label=label_of(table, comparison),
        best=first.recipe,
        sentence=" ".join(parts),
        is_certain=lead is not None and lead.excludes_zero and _stands_among_many(table, name, first, second),
        seeds=0 if lead is None else lead.n,
        is_below_foreign=bool(better),
    )


def _ranked(table: Table, name: str) -> list[Row]:
    """Returns the rows that compare, best mean first."""
    rows = [row for row in table.rows if name in row.cells and row.is_compared]
    sign = 1 if SCORES[name].is_better_higher else -1
    return sorted(rows, key=lambda row: -sign * row.cells[name].mean)


def _better_elsewhere(table: Table, name: str, first: Row) -> list[Row]:
    """Returns the rows of other tools that state a better score than the best row here."""
    sign = 1 if SCORES[name].is_better_higher else -1
    best = sign * first.cells[name].mean
    foreign = (row for row in table.rows if row.is_foreign and name in row.cells)
    return [row for row in foreign if sign * row.cells[name].mean > best]


def _not_compared(rows: list[Row], name: str) -> str:
    stated = ", ".join(f"{row.recipe} (foreign) states {100 * row.cells[name].mean:.1f} %" for row in rows)
    return f"It is the best of the backbones measured here; {stated}, which is not compared."


def _against_baseline(table: Table, name: str, first: Row, second: Row) -> str:
    title, baseline = title_of(name), table.row(table.baseline)
    reached = f"{first.recipe} reaches {100 * first.cells[name].mean:.1f} % {title}"
    if first.recipe == table.baseline:
        behind = second.cells[name]
        return (
            f"{reached}; it is the baseline, and the next, {second.recipe}, is at "
            f"{points(behind.delta)}{_told(behind.delta, behind)}."
        )
    cell = first.cells[name]
    if baseline is None or cell.delta is None:
        return f"{reached}; no run of {table.baseline} compares with it."
    return f"{reached}, {points(cell.delta)} over {table.baseline}{_told(cell.delta, cell)}."


def points(delta: Difference | None) -> str:
    """Returns `+10.3 points [-2.0, 22.1]`, or as much of it as there is."""
    if delta is None:
        return "no paired difference"
    words = f"{100 * delta.mean:+z.1f} points"
    if delta.low is None or delta.high is None:
        return with_minus(words)
    return with_minus(f"{words} [{100 * delta.low:z.1f}, {100 * delta.high:z.1f}]")


def _told(delta: Difference | None, cell: Cell) -> str:
    return "" if delta is None else f", {_certainty(delta)}{_of_pictures(cell)}"


def _certainty(delta: Difference) -> str:
    seeds = f"{delta.n} seed{'s' * (delta.n > 1)}"
    if delta.n == 1:
        return "from one seed, which cannot tell it from chance"
    if delta.low is None:
        return f"the same for all of {seeds}, so that its spread is unknown"
    if not delta.excludes_zero:
        return f"which {seeds} cannot tell from zero"
    if delta.p_holm is not None and delta.p_holm >= ALPHA:
        return (
            f"which {seeds} tell from zero alone, but not among all differences of the table "
            f"(p = {delta.p_holm:.2g} after Holm)"
        )
    corrected = "" if delta.p_holm is None else f" (p = {delta.p_holm:.2g} after Holm)"
    return f"which {seeds} tell from zero{corrected}"


def _of_pictures(cell: Cell) -> str:
    interval = cell.delta_over_pictures
    if interval is None:
        return ""
    ends = with_minus(f"[{100 * interval.low:z.1f}, {100 * interval.high:z.1f}]")
    return f"; over pictures its 95 % interval is {ends}"


def _lead(name: str, first: Row, second: Row) -> Difference | None:
    ours, theirs = first.cells[name].values, second.cells[name].values
    common = [seed for seed in ours if seed in theirs]
    if not common:
        return None
    return paired_difference(
        [ours[s] for s in common], [theirs[s] for s in common], first.groups(second, common)
    )


def _stands_among_many(table: Table, name: str, first: Row, second: Row) -> bool:
    """Returns whether the difference to the baseline, if any, is there after the correction for many."""
    told = second if first.recipe == table.baseline else first
    delta = told.cells[name].delta
    return delta is None or delta.p_holm is None or delta.p_holm < ALPHA


def _over_next(second: str, lead: Difference | None) -> str:
    if lead is None:
        return f"The next is {second}; no seed is common with it."
    return f"Its lead over the next, {second}, is {points(lead)}, {_certainty(lead)}."
