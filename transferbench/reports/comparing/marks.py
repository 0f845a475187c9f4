"""Why a row does not stand in its column as the others do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from transferbench.reports.comparing.parts import fingerprint_of
from transferbench.reports.lineage.leaves import ROUNDING, leaves
from transferbench.reports.rows import Mark
from transferbench.runs.record import Record

_VERSIONS = ("torch", "torchvision", "transferbench")
_MOST_SETTINGS = 3
_DERIVED = {"plan.lr": "plan.batch_size"}
"""Setting to that which it follows: where both differ, one departure is told."""


def mark_of(records: Mapping[int, Record], reference: Mapping[int, Record], name: str) -> Mark | None:
    """Returns why runs do not compare, or not quite, with those of a reference by the same protocol.

    Args:
        records: by seed, of the row in question.
        reference: by seed, of the recipe called `name`.
        name: of the recipe that the row is compared with.
    """
    ours, theirs = list(records.values()), list(reference.values())
    grave = [*_of_settings(ours, theirs, name), *_of_data(ours, theirs, name)]
    slight = [*_of_versions(ours, theirs, name), *_of_rounding(ours, theirs, name)]
    if not grave and not slight:
        return None
    return Mark("; ".join((*grave, *slight)), is_comparable=not grave)


def _of_settings(ours: Sequence[Record], theirs: Sequence[Record], name: str) -> Iterator[str]:
    """Yields which settings of the protocol and, in a transfer, of its plan are not all the same."""
    first = ours[0].resolved
    if all(_obeyed(record.resolved) == _obeyed(first) for record in (*ours, *theirs)):
        return  # nearly always, and found out fast
    every = [_settings(record) for record in (*ours, *theirs)]
    differing = sorted({key for one in every for key in one.keys() | every[0].keys() if _differs(key, every)})
    told = [key for key in differing if _DERIVED.get(key) not in differing]
    if told:
        more = f" and {len(told) - _MOST_SETTINGS} more" if len(told) > _MOST_SETTINGS else ""
        yield f"ran with settings of its own, not those of {name}: {', '.join(told[:_MOST_SETTINGS])}{more}"


def _obeyed(resolved: Mapping[str, Any]) -> tuple[Any, Any]:
    return resolved.get("protocol"), resolved.get("plan")


def _differs(key: str, every: Sequence[Mapping[str, Any]]) -> bool:
    return any(one.get(key) != every[0].get(key) for one in every)


def _settings(record: Record) -> dict[str, Any]:
    """Returns what was obeyed beside the recipe, by dotted key."""
    settings = leaves(record.resolved.get("protocol"), "protocol")
    if record.task == "classify":  # its plan is the recipe's
        return settings
    plan = record.resolved.get("plan") or {}
    # That of the protocol is obeyed as `plan`, where a flag may have changed it.
    own = {key: value for key, value in settings.items() if not key.startswith("protocol.plan")}
    return own | leaves({key: value for key, value in plan.items() if key not in ROUNDING}, "plan")


def _of_data(ours: Sequence[Record], theirs: Sequence[Record], name: str) -> Iterator[str]:
    if len({record.data.get("fingerprint", "") for record in (*ours, *theirs)}) > 1:
        found, expected = ({fingerprint_of(record) for record in records} for records in (ours, theirs))
        yield f"saw data {_listed(found)}, {name} saw {_listed(expected)}"


def _of_versions(ours: Sequence[Record], theirs: Sequence[Record], name: str) -> Iterator[str]:
    for key in (*_VERSIONS, "device"):
        found, expected = ({str(record.machine.get(key, "")) for record in side} for side in (ours, theirs))
        if len(found | expected) > 1:
            of = "on" if key == "device" else f"under {key}"
            yield f"ran {of} {_listed(found)}, {name} {of} {_listed(expected)}"


def _of_rounding(ours: Sequence[Record], theirs: Sequence[Record], name: str) -> Iterator[str]:
    found, expected = ({_precision(record) for record in side} for side in (ours, theirs))
    if len(found | expected) > 1:
        yield f"ran in {_listed(found)}, {name} in {_listed(expected)}"


def _precision(record: Record) -> str:
    """Returns the precision; of a pretraining only where it departs from the recipe's own."""
    plan = record.resolved.get("plan") or {}
    recipes = (record.resolved.get("recipe") or {}).get("plan") or {}
    precision = str(plan.get("precision", record.machine.get("precision", "")))
    if record.task == "classify" and precision == recipes.get("precision"):
        return "the precision of its recipe"
    return precision


def _listed(words: set[str]) -> str:
    return " and ".join(sorted(word or "unknown" for word in words))
