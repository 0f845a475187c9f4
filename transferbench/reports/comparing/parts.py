"""Records sorted by what may stand in one table: the same task by the same protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from transferbench.errors import ConfigError
from transferbench.runs.record import SCORES, Record

Runs = Mapping[str, Mapping[int, Record]]
"""Recipe to seed to its record, seeds in order."""

TASKS = tuple(dict.fromkeys(name.partition("/")[0] for name in SCORES))


@dataclass(frozen=True)
class Part:
    """Every run of a task by one protocol."""

    task: str
    protocol: str
    """As tables call it: name, version, departures and, where a recipe saw several data sets, which."""
    runs: Runs


def parts_of(records: Sequence[Record], suite: str) -> list[Part]:
    """Returns the runs of each task and protocol, in the order of tasks, then of protocols' names.

    Where a recipe ran one protocol on two data sets, the protocol is parted by data.

    Args:
        records: in any order; the same run may be found twice.
        suite: to name in an error.

    Raises:
        ConfigError: two runs that differ claim one place.
    """
    by_protocol: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        by_protocol.setdefault((record.task, record.protocol), []).append(record)
    return [
        Part(task, protocol + told, _by_recipe(of_data, suite))
        for task, protocol in sorted(by_protocol, key=lambda key: (TASKS.index(key[0]), key[1]))
        for told, of_data in _parted_by_data(by_protocol[task, protocol])
    ]


def fingerprint_of(record: Record) -> str:
    """Returns the short form of the fingerprint of the data that a run saw; empty where nothing tells."""
    return record.data.get("fingerprint", "")[:12]


def _parted_by_data(records: Sequence[Record]) -> list[tuple[str, list[Record]]]:
    seen: dict[str, set[str]] = {}
    by_data: dict[str, list[Record]] = {}
    for record in records:
        data = fingerprint_of(record)
        seen.setdefault(record.recipe, set()).add(data)
        by_data.setdefault(data, []).append(record)
    if all(len(data) == 1 for data in seen.values()):
        return [("", list(records))]
    return [(f", data {data}", by_data[data]) for data in sorted(by_data)]


def _by_recipe(records: Sequence[Record], suite: str) -> Runs:
    runs: dict[str, dict[int, Record]] = {}
    for record in records:
        by_seed = runs.setdefault(record.recipe, {})
        other = by_seed.setdefault(record.seed, record)
        if (other.identity, other.scores) != (record.identity, record.scores):
            raise ConfigError(
                f"{suite}: expected one run of {record.task} by {record.protocol} for recipe "
                f"{record.recipe!r} and seed {record.seed}, found two that differ ({other.identity[:12]} and "
                f"{record.identity[:12]}); compare their folders apart, or give one recipe another name"
            )
    return {recipe: dict(sorted(by_seed.items())) for recipe, by_seed in runs.items()}
