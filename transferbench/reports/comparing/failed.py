"""Runs that failed, told beside those that finished."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from transferbench.reports.rows import Comparison


def with_failures(comparison: Comparison, failures: Mapping[str, str]) -> Comparison:
    """Returns the comparison with what failed, as notes and as it is.

    Args:
        comparison: of the runs that finished.
        failures: `recipe/task/seed0` to why that run failed.
    """
    by_column: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for label, reason in failures.items():
        recipe, task, seed = label.rsplit("/", 2)
        by_column.setdefault((recipe, task), []).append((seed, reason))
    notes = (
        f"{recipe}: {len(failed)} run{'s' * (len(failed) > 1)} of {task} failed ({failed[0][0]}: "
        f"{_first_line(failed[0][1])}); `transferbench run {comparison.suite} --retry-failed` does "
        f"{'them' if len(failed) > 1 else 'it'} again"
        for (recipe, task), failed in by_column.items()
    )
    return replace(comparison, notes=(*comparison.notes, *notes), failures=dict(failures))


def _first_line(reason: str) -> str:
    return next(iter(reason.strip().splitlines()), "no reason given")
