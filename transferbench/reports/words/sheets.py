"""What stands below the tables of scores, in words: costs, intervals, effects, correlations, gates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Literal

from transferbench.reports.findings.kinds import Claim, Sheet
from transferbench.reports.rows import Cell, Comparison, Table
from transferbench.reports.statistics.correlation import Correlation
from transferbench.reports.statistics.effects import Effect
from transferbench.reports.words.cells import difference_words, few, heading, in_brackets, signed, title
from transferbench.reports.words.cost_sheets import brief_costs, cost_sheets

Costs = Literal["none", "brief", "all"]


def sheets_of(comparison: Comparison, *, has_pictures: bool = False, costs: Costs = "brief") -> list[Sheet]:
    """Returns the sheets that a comparison gives rise to, in the order of reading.

    Args:
        comparison: whose details, if it has any, are shown.
        has_pictures: whether the intervals over pictures are wanted.
        costs: what is told of them; `brief`: time and memory.
    """
    of_tables = (_pictures, _components, _effects, _powers, _equivalences)
    wanted = of_tables if has_pictures else of_tables[1:]
    sheets = [sheet for table in comparison.tables for kind in wanted if (sheet := kind(table)) is not None]
    sheets += _claims(comparison)
    if costs == "brief":
        sheets += brief_costs(comparison)
    elif costs == "all":
        sheets += cost_sheets(comparison)
    return [*sheets, *_gates(comparison)]


def _pictures(table: Table) -> Sheet | None:
    kept = {n for row in table.rows for n, cell in row.cells.items() if cell.over_pictures}
    table = replace(table, columns=tuple(name for name in table.columns if name in kept))

    def words(cell: Cell) -> str:
        delta, over = cell.delta, cell.delta_over_pictures
        difference = f", {signed(delta.mean)} {in_brackets(over.low, over.high)}" if delta and over else ""
        known = cell.over_pictures
        interval = f" {in_brackets(known.low, known.high)}" if known else ""
        return f"{100 * cell.mean:z.1f}{interval}{difference}"

    return _by_row(
        f"{title(table)}: percent and difference to {table.baseline}, 95 % intervals over pictures",
        table,
        words,
    )


def _equivalences(table: Table) -> Sheet | None:
    margins = {
        cell.equivalence.margin for row in table.rows for cell in row.cells.values() if cell.equivalence
    }
    if not margins:
        return None

    def words(cell: Cell) -> str:
        tested = cell.equivalence
        return f"{tested.verdict}, p {tested.p:.3f} {in_brackets(tested.low, tested.high)}" if tested else ""

    margin = f"{100 * max(margins):g}"
    return _by_row(
        f"{title(table)}: within {margin} points of {table.baseline}? Two one-sided tests, 90 % intervals",
        table,
        words,
    )


def _by_row(name: str, table: Table, words: Callable[[Cell], str]) -> Sheet | None:
    """Returns a sheet of a row a recipe and a column a score, without those that say nothing."""
    columns = {
        score: [words(row.cells[score]) if score in row.cells else "" for row in table.rows]
        for score in table.columns
    }
    told = {score: cells for score, cells in columns.items() if any(cells)}
    if not told:
        return None
    rows = zip((row.recipe for row in table.rows), *told.values(), strict=True)
    return Sheet(name, ("recipe", *map(heading, told)), tuple(tuple(row) for row in rows if any(row[1:])))


def _components(table: Table) -> Sheet | None:
    rows = tuple(
        (
            heading(name),
            f"{100 * known.pretraining**0.5:.2f}",
            f"{100 * known.transfer**0.5:.2f}",
            "" if known.share_of_pretraining is None else f"{100 * known.share_of_pretraining:.0f} %",
            f"{known.backbones} backbones, {known.runs} runs",
        )
        for name, known in table.components.items()
        if name in table.columns
    )
    header = ("score", "sd of pretraining", "sd of transfer", "pretraining's share of the variance", "from")
    return Sheet(f"{title(table)}: where the spread comes from, points", header, rows) if rows else None


def _effects(table: Table) -> Sheet | None:
    scores = [name for name in table.columns if name in table.effects]
    names = dict.fromkeys(_effect_name(effect) for name in scores for effect in table.effects[name])
    if not names:
        return None
    words = {
        (_effect_name(effect), score): " ".join(
            filter(None, difference_words(Cell({}, effect.difference, None)))
        )
        for score in scores
        for effect in table.effects[score]
    }
    rows = tuple((name, *(words.get((name, score), "") for score in scores)) for name in names)
    kinds = {effect.kind for score in scores for effect in table.effects[score]}
    notes = tuple(words for kind, words in _KINDS.items() if kind in kinds)
    return Sheet(f"{title(table)}: effects, points", ("effect", *map(heading, scores)), rows, notes)


_KINDS = {
    "main": "main: mean with it minus mean without it, over all recipes of the design",
    "interaction": "x: half of how much more the one brings with the other than without it",
    "step": "each recipe minus the one before it",
    "left out": "left out: the recipe with everything minus that without it",
}


def _effect_name(effect: Effect) -> str:
    return effect.name if effect.kind in ("interaction", "step") else f"{effect.name} ({effect.kind})"


def _powers(table: Table) -> Sheet | None:
    rows = tuple(
        (
            heading(name),
            f"{100 * power.spread:.2f}",
            "more than 1000" if power.seeds_needed is None else str(power.seeds_needed),
            f"{100 * power.smallest:.2f} with {power.seeds}",
        )
        for name, power in table.powers.items()
        if name in table.columns
    )
    header = ("score", "sd of a paired difference", "seeds needed", "seen now, with seeds")
    return (
        Sheet(f"{title(table)}: seeds that a difference needs, power 0.8, points", header, rows)
        if rows
        else None
    )


def _claims(comparison: Comparison) -> Iterator[Sheet]:
    if comparison.claims:
        has_paper = _has_paper(comparison)
        rows = tuple(
            (
                f"{heading(claim.score)}, {claim.score.partition('/')[0]}, {claim.protocol}",
                _correlation(ours),
                _correlation_over_seeds(ours),
                *((_correlation(paper),) if has_paper else ()),
            )
            for claim in comparison.claims
            for ours, paper in (
                (claim.pearson, claim.paper_pearson),
                (claim.kendall, claim.paper_kendall),
            )
        )
        header = ("score", "over recipes", "over seeds", *(("the paper's rows",) if has_paper else ()))
        claimed = sorted(set(_claimed(comparison.claims)))
        notes = (
            *_of_correlations([found for row in rows for found in row[1:]], rows),
            *([f"top-1 of {few(claimed)}: as the publisher of the weights states it"] if claimed else ()),
        )
        yield Sheet("correlation with top-1 over recipes, 95 % intervals", header, rows, notes)


def _has_paper(comparison: Comparison) -> bool:
    """Returns whether any row is one of the paper's, beside whose numbers its correlations make sense."""
    cells = (cell for table in comparison.tables for row in table.rows for cell in row.cells.values())
    return any(cell.paper is not None for cell in cells)


def _of_correlations(words: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yields what intervals are of, and why some are not there."""
    if any(row[2] for row in rows):
        yield "over recipes: had others of their kind been tried; over seeds: had these been run with others"
    if any(word and "[" not in word for word in words):
        yield (
            "no interval over recipes where fewer than 4 (5 for tau) are there, or all lie on one line (in "
            "one order for tau)"
        )


def _claimed(claims: tuple[Claim, ...]) -> Iterator[str]:
    return (point.recipe for claim in claims for point in claim.points if point.is_claimed)


def _correlation(found: Correlation | None) -> str:
    if found is None:
        return ""
    interval = "" if found.low is None or found.high is None else f" [{found.low:.2f}, {found.high:.2f}]"
    sign = "r" if found.kind == "pearson" else "tau"
    return f"{sign} {found.value:z.2f}{interval}, n={found.n}"


def _correlation_over_seeds(found: Correlation | None) -> str:
    if found is None or found.seeds_low is None or found.seeds_high is None:
        return ""
    return f"[{found.seeds_low:.2f}, {found.seeds_high:.2f}]"


def _gates(comparison: Comparison) -> Iterator[Sheet]:
    if comparison.gates:
        rows = tuple(
            (gate.text, "not met" if gate.holds else "MET, exit 4", "; ".join(gate.broken_by))
            for gate in comparison.gates
        )
        yield Sheet("gates: exit 4 where a condition is met", ("fail if", "is", "by"), rows)
