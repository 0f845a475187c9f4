"""How it was done, in sentences that are made from the records alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from transferbench.reports.page.story import Story, label_of
from transferbench.reports.rows import Comparison, Table
from transferbench.runs.record import Record

_PARTS = {"train": "that are trained on", "score": "that are scored"}
_OPTIMIZERS = {"sgd": "SGD", "adamw": "AdamW"}


@dataclass(frozen=True)
class Origin:
    """Where a recipe's backbone comes from, and how much of it was loaded."""

    recipe: str
    source: str
    arch: str
    hashes: tuple[str, ...]
    """Of the weights, shortened; one a seed, or one for all."""
    loaded: str
    """What the loader reports."""


def paragraphs(story: Story) -> list[str]:
    """Returns the methods: one paragraph for each table, then statistics and software."""
    tables = [_of_table(table, story) for table in story.comparison.tables]
    return [*(words for words in tables if words), _statistics(story.comparison), *_software(story)]


def origins(story: Story) -> list[Origin]:
    """Returns the backbone of each recipe that was fine-tuned, from the reports of its loading."""
    by_recipe: dict[str, list[Record]] = {}
    for table, row, record in story.row_records():
        if table.task != "classify":
            by_recipe.setdefault(row.recipe, []).append(record)
    return [_origin(recipe, records) for recipe, records in by_recipe.items()]


def _of_table(table: Table, story: Story) -> str:
    records = [record for row in table.rows for record in story.records_of(row).values()]
    if not records:
        return ""
    first = records[0]
    fingerprints = sorted({record.data.get("fingerprint", "")[:12] for record in records})
    what = label_of(table, story.comparison).capitalize()
    return " ".join(
        [
            f"{what} was measured by {table.protocol} on {_pictures(first)} of {len(first.classes)} classes "
            f"(data fingerprint{'s' * (len(fingerprints) > 1)} {_listed(fingerprints)}).",
            _plan(table, records),
            _seeds(records),
            *map(_of_data, first.remarks),
        ]
    )


def _seeds(records: Sequence[Record]) -> str:
    """Returns `Seeds: 0 and 1.`, or which of them were fine-tuned how often and how those are called."""
    transfers: dict[int, list[int]] = {}
    for seed, backbone in sorted({(record.seed, record.backbone_seed) for record in records}):
        transfers.setdefault(backbone, []).append(seed)
    words = f"Seeds: {_listed(map(str, sorted(transfers)))}"
    most = max(map(len, transfers.values()))
    if most == 1:
        return f"{words}."
    backbone, own = next((key, seeds) for key, seeds in sorted(transfers.items()) if len(seeds) == most)
    times = {2: "twice"}.get(most, f"{most} times")
    often = "each" if all(len(seeds) == most for seeds in transfers.values()) else "up to"
    return (
        f"{words}, {often} fine-tuned {times} (the second transfer of seed {backbone} is called "
        f"seed{own[1]})."
    )


def _of_data(remark: str) -> str:
    """Returns what a data set says of a part of itself, as `train: ...`, as a sentence."""
    part, colon, rest = remark.partition(": ")
    if colon and part in _PARTS:
        return f"Of the pictures {_PARTS[part]}: {rest}."
    return f"Of the data: {remark}."


def _pictures(record: Record) -> str:
    counts = record.pictures
    train, score = counts.get("train", 0), counts.get("score", 0)
    return f"{score:,} pictures, after training on {train:,}" if train else f"{score:,} pictures"


def _plan(table: Table, records: Sequence[Record]) -> str:
    plans = [
        record.resolved.get("plan") or record.resolved.get("recipe", {}).get("plan") for record in records
    ]
    known = [plan for plan in plans if isinstance(plan, dict)]
    did = "Each network was trained" if table.task == "classify" else "Each backbone was fine-tuned whole"
    if table.task != "classify" and "frozen-backbone" in table.protocol:
        did = "A head was trained on each frozen backbone"
    if not known:
        return f"{did} as the protocol says."
    if any(plan != known[0] for plan in known):
        return f"{did} by its recipe's own plan, which the recipes below state."
    return f"{did} {_plan_words(known[0])}."


def _plan_words(plan: Mapping[str, Any]) -> str:
    optimizer, schedule = plan.get("optimizer") or {}, plan.get("schedule") or {}
    words = [
        f"for {_epochs(plan.get('epochs'))} in batches of {plan.get('batch_size')}",
        f"by {_OPTIMIZERS.get(str(optimizer.get('name')), 'gradient descent')}",
        f"at a peak rate of {plan.get('lr')}",
        f"(weight decay {optimizer.get('weight_decay')})",
        f"on a {schedule.get('name')} schedule" if schedule.get("name") else "",
        f"after {_epochs(plan['warmup_epochs'])} of warmup" if plan.get("warmup_epochs") else "",
        f"in {plan.get('precision')}" if plan.get("precision") else "",
    ]
    return " ".join(word for word in words if word)


def _epochs(count: Any) -> str:
    return f"{count:g} epoch{'s' * (count != 1)}" if isinstance(count, int | float) else f"{count} epochs"


_RESAMPLED = (
    "Intervals over pictures are percentiles of a bootstrap of those that are scored, each resample the same "
    "for all backbones. "
)


def _statistics(comparison: Comparison) -> str:
    cells = [cell for table in comparison.tables for row in table.rows for cell in row.cells.values()]
    is_resampled = any(cell.over_pictures for cell in cells)
    has_intervals = any(cell.delta is not None and cell.delta.low is not None for cell in cells)
    over_seeds = (
        "Their 95 % intervals and p-values are Student's, over seeds; p-values are corrected by Holm's "
        "method over the differences of a table. "
        if has_intervals
        else "No interval over seeds is given: there are too few of them. "
    )
    return (
        "For one seed every backbone meets the same order of the data, the same augmentation and the same "
        f"initial head, so differences to {comparison.baseline} are paired by seed. {over_seeds}"
        f"{_RESAMPLED if is_resampled else ''}The last checkpoint counts: nothing is chosen on the pictures "
        "that are scored."
    )


def _software(story: Story) -> list[str]:
    machines = [record.machine for _, _, record in story.row_records()]
    if not machines:
        return []
    packages = [
        f"{name} {_listed(found)}"
        for name in ("transferbench", "torch", "torchvision", "python")
        if (found := _seen(machines, name))
    ]
    parts = [
        f"on {_listed(found)}"
        for found in (_seen(machines, "device"), _seen(machines, "processor"), _seen(machines, "system"))
        if found
    ]
    precision = _seen(machines, "precision")
    return [
        f"Software: {', '.join(packages) or 'not recorded'}; {', '.join(parts) or 'machine not recorded'}"
        + (f"; precision {_listed(precision)}" if precision else "")
        + "."
    ]


def _seen(machines: Iterable[Mapping[str, Any]], key: str) -> list[str]:
    return sorted({str(machine[key]) for machine in machines if machine.get(key)})


def _origin(recipe: str, records: Sequence[Record]) -> Origin:
    reports = [record.weights for record in records]
    hashes = dict.fromkeys(str(report["sha256"])[:12] for report in reports if report.get("sha256"))
    first = reports[0]
    return Origin(
        recipe=recipe,
        source=_source(first, records[0]),
        arch=str(first.get("arch", "")),
        hashes=tuple(hashes),
        loaded=_loaded(first),
    )


def _source(report: Mapping[str, Any], record: Record) -> str:
    if report.get("was_random"):
        return "random: not pretrained"
    source = str(report.get("source", ""))
    recipe = record.resolved.get("recipe") or {}
    if not source or recipe.get("weights"):
        return str(recipe.get("weights") or source or "not recorded")
    return "pretrained here"


def _loaded(report: Mapping[str, Any]) -> str:
    if report.get("was_random") or "share_loaded" not in report:
        return "nothing to load" if report.get("was_random") else "no loader report"
    faults = [
        f"{len(report[key])} {key.replace('_', ' ')}"
        for key in ("missing", "misshapen", "unexpected")
        if report.get(key)
    ]
    return f"{100 * report['share_loaded']:.0f} % of the backbone" + "".join(f", {fault}" for fault in faults)


def _listed(words: Iterable[str]) -> str:
    found = [word for word in words if word]
    return ", ".join(found[:-1]) + f" and {found[-1]}" if len(found) > 1 else "".join(found)
