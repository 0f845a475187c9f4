"""What a reader must know beside the numbers, told from the records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from transferbench.reports.comparing.corrected import family_size
from transferbench.reports.comparing.parts import Part
from transferbench.reports.rows import Cell, Row, Table
from transferbench.reports.words.cells import ALPHA, MOST_NAMED, STANDS, few
from transferbench.reports.words.durations import duration
from transferbench.runs.record import Record

SEE = " (see --pictures)"
HELD = f"the pictures that are scored are held: no interval here tells what others would give{SEE}"
"""Until they are varied."""


def notes(parts: Sequence[Part], tables: Sequence[Table], *, expected: Sequence[str]) -> tuple[str, ...]:
    """Returns the notes under tables, most general first, without final stops.

    Args:
        parts: everything that is compared.
        tables: made from it, rows from elsewhere included.
        expected: recipes that should have runs, in the order of rows.
    """
    return (
        *_of_intervals(parts, tables, expected),
        *_of_marks(parts, tables),
        *_of_lone_protocols(parts, tables, expected),
        *_of_missing_runs(parts, expected),
        *_of_devices(parts),
        *_of_teachers(tables),
    )


def _of_teachers(tables: Sequence[Table]) -> list[str]:
    """Returns what distillation cost each recipe, apart from its own training."""
    costs = [(row.recipe, row.cost) for table in tables for row in table.rows if row.cost is not None]
    return [
        f"cost of {recipe}: {duration(cost.teaching_seconds)} of it the teacher's forward passes; "
        + (
            "nothing tells what training the teacher took"
            if cost.teacher_seconds is None
            else f"training the teacher took {duration(cost.teacher_seconds)} more"
        )
        for recipe, cost in costs
        if cost.teaching_seconds is not None
    ]


def _label(part: Part, parts: Sequence[Part]) -> str:
    """Returns the task, and by which protocol where there are several."""
    is_alone = sum(other.task == part.task for other in parts) == 1
    return part.task if is_alone else f"{part.task} by {part.protocol}"


def _of_intervals(parts: Sequence[Part], tables: Sequence[Table], expected: Sequence[str]) -> list[str]:
    differences = [
        cell.delta for table in tables for row in table.rows for cell in row.cells.values() if cell.delta
    ]
    if not differences:
        return []
    if all(difference.n == 1 for difference in differences):
        return ["one seed: no spread, and no interval of the paired difference over seeds", HELD]
    lines = ["95 % intervals of the paired difference over seeds (Student's t), each by itself"]
    if any(difference.p_holm is not None for difference in differences):
        counts = sorted({size for table in tables if (size := family_size(table))})
        many = " to ".join(map(str, dict.fromkeys((*counts[:1], *counts[-1:]))))
        of_many = f", for {many} difference{'s' * (counts[-1] > 1)}" if counts else ""
        lines.append(f"{STANDS} p < {ALPHA} after Holm's correction within each table{of_many}")
    if any(difference.n == 1 for difference in differences):
        lines.append("where only one seed is common with the baseline: no interval")
    if any(difference.n > 1 and difference.low is None for difference in differences):
        lines.append("where every seed gives the same difference, its spread is unknown: no interval")
    return [*lines, *_of_weights(tables), *_of_what_varied(parts, expected)]


def _of_weights(tables: Sequence[Table]) -> list[str]:
    """Returns how pairs are weighed, where runs are missing or backbones were fine-tuned again."""
    rows = [(row, [cell for cell in row.cells.values() if cell.delta]) for t in tables for row in t.rows]
    grouped = {cell.delta.n for row, cells in rows for cell in cells if cell.delta and _is_grouped(row, cell)}
    lines = []
    if grouped:
        count = " to ".join(map(str, dict.fromkeys((min(grouped), max(grouped)))))
        lines.append(
            f"differences pair the {count} seed{'s' * (max(grouped) > 1)}, after the mean of their "
            "transfers; an sd is over runs and mixes seeds and transfers"
        )
    is_uneven = any(
        cell.unpaired or (_is_grouped(row, cell) and len(set(_sizes(row, cell))) > 1)
        for row, cells in rows
        for cell in cells
    )
    if is_uneven:
        lines.append(
            "the difference weighs each seed alike, so it is not the difference of the means where runs are "
            "missing"
        )
    return lines


def _is_grouped(row: Row, cell: Cell) -> bool:
    """Returns whether the pairs of a difference are backbones, of which some were fine-tuned again."""
    sizes = _sizes(row, cell)
    return cell.delta is not None and max(sizes) > 1 and cell.delta.n <= len(sizes)


def _sizes(row: Row, cell: Cell) -> list[int]:
    """Returns how many transfers each backbone of a cell has."""
    return list(Counter(row.pretraining_seeds.get(seed, seed) for seed in cell.values).values())


def _of_what_varied(parts: Sequence[Part], expected: Sequence[str]) -> list[str]:
    """Returns what the seeds of transfers varied, told by those of pretraining and by the weights' hashes."""
    kinds: dict[str, dict[str, str]] = {}
    for part in parts:
        for recipe, by_seed in part.runs.items():
            if part.task != "classify" and len(by_seed) > 1 and (kind := _spread_of(list(by_seed.values()))):
                kinds.setdefault(recipe, {})[_label(part, parts)] = kind
    lines = [
        "a seed sets the order of the data, the augmentation and the initial weights of what is new",
        HELD,
    ]
    for kind, words in _SPREADS.items():
        recipes = [recipe for recipe in expected if set(kinds.get(recipe, {}).values()) == {kind}]
        if recipes:
            lines.append(words.format(few(recipes)))
    mixed: dict[str, list[str]] = {}
    for recipe in expected:
        if len(set(kinds.get(recipe, {}).values())) > 1:
            told = (f"in {label} {_IN_SHORT[kind]}" for label, kind in kinds[recipe].items())
            mixed.setdefault("; ".join(told), []).append(recipe)
    return lines + [f"varied for {few(recipes)}: {told}" for told, recipes in mixed.items()]


_SPREADS = {
    "fresh": "varied: pretraining and transfer, as every seed has a backbone of its own, for {}",
    "nested": "varied: pretraining and transfer, for {}: each backbone was fine-tuned several times, and an "
    "interval is over backbones, after the mean of their transfers",
    "fixed": "varied: the transfer alone, as all seeds share one backbone, for {}: its pretraining adds no "
    "spread",
}
_IN_SHORT = {
    "fresh": "pretraining and transfer, a backbone a seed",
    "nested": "pretraining and transfer, a backbone for several seeds",
    "fixed": "the transfer alone",
}


def _spread_of(records: Sequence[Record]) -> str | None:
    """Returns which of the kinds of spread runs of one recipe have; None where nothing tells."""
    hashes = {str(record.weights.get("sha256") or "") for record in records}
    seeds = {record.backbone_seed for record in records}
    is_random = all(record.weights.get("was_random") is True for record in records)
    if "" in hashes and not is_random:
        return None
    if len(hashes) == 1 and not is_random:
        return "fixed"
    return "nested" if len(seeds) < len(records) else "fresh"


def _of_marks(parts: Sequence[Part], tables: Sequence[Table]) -> list[str]:
    labels = {(part.task, part.protocol): _label(part, parts) for part in parts}
    return [
        f"* {row.recipe}, {labels.get((table.task, table.protocol), table.task)}: {row.mark.reason}; "
        f"{_consequence(row, table)}"
        for table in tables
        for row in table.rows
        if row.mark is not None
    ]


def _consequence(row: Row, table: Table) -> str:
    if not row.is_compared:
        return "no difference is given"
    return (
        "its runs do not all compare" if row.recipe == table.baseline else "the difference may hold that too"
    )


def _of_lone_protocols(parts: Sequence[Part], tables: Sequence[Table], expected: Sequence[str]) -> list[str]:
    """Returns where nothing is compared because the baseline was measured by another protocol."""
    measured = {(part.task, recipe) for part in parts for recipe in part.runs}
    return [
        f"{table.task} by {table.protocol}: {table.baseline} has no run of it, so no difference is given"
        for table in tables
        if table.row(table.baseline) is None and (table.task, table.baseline) in measured
    ]


def _of_missing_runs(parts: Sequence[Part], expected: Sequence[str]) -> list[str]:
    found = {recipe for part in parts for recipe in part.runs}
    lacking: dict[str, dict[str, None]] = {}
    for part in parts:
        seeds = sorted({seed for by_seed in part.runs.values() for seed in by_seed})
        elsewhere = {recipe for other in parts if other.task == part.task for recipe in other.runs}
        for recipe in (recipe for recipe in expected if recipe in found):
            absent = [seed for seed in seeds if seed not in part.runs.get(recipe, {})]
            if absent and recipe not in elsewhere:
                lacking.setdefault(f"has no run of {part.task}", {})[recipe] = None
            elif absent and recipe in part.runs:
                numbers = f"seed{'s' * (len(absent) > 1)} {', '.join(map(str, absent))}"
                lacking.setdefault(f"lacks {numbers} of {_label(part, parts)}", {})[recipe] = None
    lacking["has no finished run"] = {recipe: None for recipe in expected if recipe not in found}
    return [line for fact, recipes in lacking.items() for line in _of_each(list(recipes), fact)]


def _of_each(recipes: Sequence[str], fact: str) -> list[str]:
    """Returns a line for each recipe, or one for many."""
    if len(recipes) <= MOST_NAMED:
        return [f"{recipe} {fact}" for recipe in recipes]
    verb, _, rest = fact.partition(" ")
    return [f"{few(recipes)} {'have' if verb == 'has' else 'lack'} {rest}"]


def _of_devices(parts: Sequence[Part]) -> list[str]:
    devices = sorted(
        {
            str(record.machine.get("device", ""))
            for part in parts
            for by_seed in part.runs.values()
            for record in by_seed.values()
        }
    )
    if len(devices) < 2:
        return []
    return [f"the runs used different devices ({', '.join(devices)}): their costs do not compare"]
