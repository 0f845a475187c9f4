"""What a reader must know beside the numbers, told from the records."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from transferbench.reports.durations import duration
from transferbench.reports.rows import Row
from transferbench.reports.statistics import Difference
from transferbench.runs.record import Record

Runs = Mapping[str, Mapping[str, Mapping[int, Record]]]
"""Recipe to task to seed to its record."""


def departure(records: Mapping[int, Record], reference: Mapping[int, Record], name: str) -> str | None:
    """Returns why runs of one task cannot be compared with those of a reference; None if they can.

    Args:
        records: by seed, of the recipe in question.
        reference: by seed, of the recipe called `name`.
        name: of the recipe that sets the protocol.
    """
    ours, theirs = list(records.values()), list(reference.values())
    if len({record.protocol for record in ours + theirs}) > 1:
        return f"ran under {_protocols(ours)}, {name} under {_protocols(theirs)}"
    if len({_settings(record) for record in ours + theirs}) > 1:
        return f"ran {_protocols(ours)} with settings of its own, not those of {name}"
    if len({_fingerprint(record) for record in ours + theirs}) > 1:
        return f"saw data {_fingerprints(ours)}, {name} saw {_fingerprints(theirs)}"
    return None


def notes(
    runs: Runs,
    *,
    expected: Sequence[str],
    departures: Mapping[str, Mapping[str, str]],
    differences: Sequence[Difference],
) -> tuple[str, ...]:
    """Returns the notes under a table, most general first, without final stops.

    Args:
        runs: everything that is compared.
        expected: recipes that should have runs, in the order of rows.
        departures: recipe to task to the reason for which no difference is given.
        differences: all that are printed.
    """
    return (
        *_of_intervals(runs, differences),
        *(
            f"* {recipe}, {task}: {reason}; no difference is given"
            for recipe, reasons in departures.items()
            for task, reason in reasons.items()
        ),
        *_of_missing_runs(runs, expected),
        *_of_devices(runs),
    )


def taught(rows: Sequence[Row]) -> tuple[str, ...]:
    """Returns what distillation cost each recipe, apart from its own training."""
    costs = {row.recipe: row.costs["classify"] for row in rows if "classify" in row.costs}
    return tuple(
        f"cost of {recipe}: {duration(cost.teaching_seconds)} of it the teacher's forward passes; "
        + (
            "nothing tells what training the teacher took"
            if cost.teacher_seconds is None
            else f"training the teacher took {duration(cost.teacher_seconds)} more"
        )
        for recipe, cost in costs.items()
        if cost.teaching_seconds is not None
    )


def _protocols(records: Sequence[Record]) -> str:
    return " and ".join(sorted({record.protocol for record in records}))


def _settings(record: Record) -> str:
    """Returns what was obeyed beside the recipe: the protocol and, of a transfer, its plan."""
    keys = ("protocol",) if record.task == "classify" else ("protocol", "plan")
    return json.dumps([record.resolved.get(key) for key in keys], sort_keys=True)


def _fingerprint(record: Record) -> str:
    return record.data.get("fingerprint", "")


def _fingerprints(records: Sequence[Record]) -> str:
    return " and ".join(sorted({_fingerprint(record)[:12] for record in records}))


def _of_intervals(runs: Runs, differences: Sequence[Difference]) -> list[str]:
    if not differences:
        return []
    if all(difference.n == 1 for difference in differences):
        return ["one seed: no spread, and no interval of the paired difference"]
    lines = [
        "95 % intervals of the paired difference over seeds (Student's t), not corrected for many comparisons"
    ]
    if any(difference.n == 1 for difference in differences):
        lines.append("where only one seed is common with the baseline: no interval")
    if any(difference.n > 1 and difference.low is None for difference in differences):
        lines.append("where every seed gives the same difference, its spread is unknown: no interval")
    return lines + _of_what_varied(runs)


def _of_what_varied(runs: Runs) -> list[str]:
    """Returns whether the spread of a transfer holds that of pretraining, told by the weights' hashes."""
    fresh, fixed = [], []
    for recipe, tasks in runs.items():
        hashes = [
            [record.weights.get("sha256") for record in by_seed.values()]
            for task, by_seed in tasks.items()
            if task != "classify" and len(by_seed) > 1
        ]
        known = [set(group) for group in hashes if all(group)]
        if known and all(len(group) == 1 for group in known):
            fixed.append(recipe)
        elif known:
            fresh.append(recipe)
    lines = ["a seed sets the order of the data, the augmentation and the initial weights of what is new"]
    if fresh:
        lines.append(f"every seed has a backbone of its own for {', '.join(fresh)}")
    if fixed:
        lines.append(f"all seeds share one backbone for {', '.join(fixed)}: pretraining adds no spread")
    return lines


def _of_missing_runs(runs: Runs, expected: Sequence[str]) -> list[str]:
    lines = []
    for task in dict.fromkeys(task for tasks in runs.values() for task in tasks):
        seeds = sorted({seed for tasks in runs.values() for seed in tasks.get(task, ())})
        for recipe in expected:
            absent = [seed for seed in seeds if seed not in runs.get(recipe, {}).get(task, {})]
            if recipe not in runs or not absent:
                continue
            if absent == seeds:
                lines.append(f"{recipe} has no run of {task}")
            else:
                numbers = ", ".join(map(str, absent))
                lines.append(f"{recipe} lacks seed{'s' * (len(absent) > 1)} {numbers} of {task}")
    return lines + [f"{recipe} has no finished run" for recipe in expected if recipe not in runs]


def _of_devices(runs: Runs) -> list[str]:
    records = (record for tasks in runs.values() for by_seed in tasks.values() for record in by_seed.values())
    devices = sorted({str(record.machine.get("device", "")) for record in records})
    if len(devices) < 2:
        return []
    return [f"the runs used different devices ({', '.join(devices)}): their costs do not compare"]
