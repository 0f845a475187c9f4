"""Records to a comparison: per recipe and score the mean, the spread and the paired difference."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from transferbench.errors import ConfigError, RunError
from transferbench.reports.comparing.corrected import corrected
from transferbench.reports.comparing.costs import cost_of
from transferbench.reports.comparing.elsewhere import with_foreign
from transferbench.reports.comparing.foreign import ForeignRow
from transferbench.reports.comparing.marks import mark_of
from transferbench.reports.comparing.notes import notes
from transferbench.reports.comparing.parts import Part, Runs, parts_of
from transferbench.reports.findings.designs import with_components
from transferbench.reports.findings.outlays import with_outlays
from transferbench.reports.rows import Cell, Comparison, Row, Table
from transferbench.reports.statistics.paired import Difference, paired_difference
from transferbench.runs.record import SCORES, PaperScore, Record

Paper = Mapping[str, PaperScore]
"""Name of score to the paper's number."""


def compare(
    records: Sequence[Record],
    *,
    suite: str,
    baseline: str,
    order: Sequence[str] = (),
    further_baselines: Collection[str] = (),
    teachers: Collection[str] = (),
    paper: Mapping[str, Paper] | None = None,
    foreign: Sequence[ForeignRow] = (),
) -> Comparison:
    """Compares every recipe with its baseline, paired by seed, in a table for each protocol.

    Args:
        records: finished runs, in any order.
        suite: name to print.
        baseline: recipe that the differences are to.
        order: recipes of the suite as they should stand, finished or not; others follow as they appear.
        further_baselines: recipes that the differences of those after them in `order` are to instead.
        teachers: recipes that only teach: no row.
        paper: by recipe, numbers that stand in for all that the records have of it.
        foreign: rows that another tool measured.

    Raises:
        ConfigError: no recipe is called like the baseline, two different runs claim one place, or a foreign
            row fits no table.
        RunError: there is no record of a row.
    """
    records = [record for record in records if record.recipe not in teachers]
    if not records:
        raise RunError(
            f"{suite}: expected finished runs to compare, found none; start them with `transferbench run`"
        )
    parts = parts_of(records, suite)
    found = dict.fromkeys(record.recipe for record in records)
    expected = tuple(dict.fromkeys((baseline, *order, *found)))
    if baseline not in found and baseline not in order:
        raise ConfigError(_unknown_baseline(suite, baseline, expected[1:]))
    baselines = _baselines(expected, order, further_baselines)
    papers = _papers(records) | {recipe: own for recipe, own in (paper or {}).items() if own}
    own = [with_components(corrected(table)) for part in parts for table in _tables(part, baselines, papers)]
    tables = with_foreign(with_outlays(own, _untrained(records)), foreign)
    return Comparison(
        suite=suite,
        baseline=baseline,
        recipes=tuple(recipe for recipe in expected if recipe in found),
        tables=tables,
        notes=notes(parts, tables, expected=expected),
    )


def _baselines(recipes: Sequence[str], order: Sequence[str], further: Collection[str]) -> dict[str, str]:
    """Returns the baseline of each recipe; it is the first one for those that have no place in the order."""
    baselines, current = {}, recipes[0]
    for recipe in recipes:
        current = recipe if recipe in further else current
        baselines[recipe] = current if recipe in order else recipes[0]
    return baselines


def _papers(records: Sequence[Record]) -> dict[str, Paper]:
    papers: dict[str, Paper] = {}
    for record in records:
        papers[record.recipe] = {**papers.get(record.recipe, {}), **record.paper}
    return papers


def _untrained(records: Sequence[Record]) -> set[str]:
    """Returns the recipes whose backbone came as it was drawn."""
    return {
        record.recipe
        for record in records
        if record.task != "classify" and record.weights.get("was_random") is True
    }


def _tables(part: Part, baselines: Mapping[str, str], papers: Mapping[str, Paper]) -> list[Table]:
    """Returns a table for each baseline of a part, those in the order of recipes."""
    tables = []
    for baseline in dict.fromkeys(baselines.values()):
        runs = {r: part.runs[r] for r, own in baselines.items() if own == baseline and r in part.runs}
        if runs:
            rows = tuple(_row(recipe, runs, baseline, papers.get(recipe, {})) for recipe in runs)
            occurring = {name for row in rows for name in row.cells}
            columns = tuple(name for name in SCORES if name in occurring)
            tables.append(Table(part.task, part.protocol, baseline, rows, columns))
    return tables


def _row(recipe: str, runs: Runs, baseline: str, paper: Paper) -> Row:
    own = runs[recipe]
    # Where the baseline has no runs, the first recipe sets what the others are held against.
    reference = baseline if baseline in runs else next(iter(runs))
    mark = mark_of(own, runs[reference], reference)
    is_compared = recipe != baseline and (mark is None or mark.is_comparable)
    against = runs.get(baseline, {}) if is_compared else {}
    has_one_backbone = _have_one_backbone(own.values())
    is_only_transfer = has_one_backbone and _have_one_backbone(against.values())
    groups = {seed: seed if is_only_transfer else record.backbone_seed for seed, record in own.items()}
    return Row(
        recipe=recipe,
        cells={
            name: _cell(name, own, against, groups=groups, paper=paper.get(name))
            for name in SCORES
            if any(name in record.scores for record in own.values())
        },
        cost=cost_of(own.values()),
        mark=mark,
        identities={seed: record.identity for seed, record in own.items()},
        pretraining_seeds={seed: record.backbone_seed for seed, record in own.items()},
        has_one_backbone=has_one_backbone,
    )


def _have_one_backbone(records: Collection[Record]) -> bool:
    hashes = {str(record.weights.get("sha256") or "") for record in records}
    return len(records) > 1 and len(hashes) == 1 and "" not in hashes


def _cell(
    name: str,
    runs: Mapping[int, Record],
    against: Mapping[int, Record],
    *,
    groups: Mapping[int, int],
    paper: PaperScore | None,
) -> Cell:
    values, others = _values(name, runs), _values(name, against)
    return Cell(
        values=values,
        delta=_difference(values, others, groups),
        paper=None if paper is None else paper.mean,
        paper_sd=None if paper is None else paper.sd,
        unpaired=len(values.keys() ^ others.keys()) if others else 0,
    )


def _difference(
    values: Mapping[int, float], others: Mapping[int, float], groups: Mapping[int, int]
) -> Difference | None:
    common = [seed for seed in values if seed in others]
    if not common:
        return None
    ours, theirs = [values[seed] for seed in common], [others[seed] for seed in common]
    return paired_difference(ours, theirs, [groups[seed] for seed in common])


def _values(name: str, runs: Mapping[int, Record]) -> dict[int, float]:
    return {seed: record.scores[name] for seed, record in runs.items() if name in record.scores}


def _unknown_baseline(suite: str, baseline: str, names: Sequence[str]) -> str:
    from difflib import get_close_matches

    nearest = get_close_matches(baseline, names, n=1, cutoff=0) or names
    known = ", ".join(map(repr, names))
    return (
        f"{suite}: expected the baseline to be one of the recipes {known}; found {baseline!r}; "
        f"did you mean {nearest[0]!r}?"
    )
