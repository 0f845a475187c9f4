"""What `transferbench evaluate --against` adds: a run beside another one on the same pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transferbench.runs.rescore import Rescored


@dataclass(frozen=True)
class Against:
    """Another run, and how far a first one is from it."""

    other: Rescored
    difference: Mapping[str, float]
    """Name of a score to first less other."""
    per_class: Mapping[str, Mapping[str, float | None]]
    """The same of each class; None where one of them has no such class."""
    over_pictures: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Where each difference lies with 95 % confidence, had other pictures been scored."""
    why_no_interval: str = ""
    """In words; empty where there are intervals."""


def against(rescored: Rescored, run: Path | None, other_run: Path, data: Path | None) -> Against:
    """Returns a run beside another one by the same protocol.

    Args:
        rescored: the first.
        run: its folder; None for predictions of another tool.
        other_run: folder of the other.
        data: data folder; None for where the other run found it.

    Raises:
        ConfigError: the other run is of another protocol or of other pictures or classes.
        RunError, DataError: it cannot be scored.
    """
    other = _same_pictures(rescored, other_run, data)
    ours, theirs = rescored.outcome, other.outcome
    intervals, why = _over_pictures(run, other_run)
    return Against(
        other,
        {name: value - theirs.scores[name] for name, value in ours.scores.items() if name in theirs.scores},
        {
            name: {label: _less(value, theirs.per_class[name].get(label)) for label, value in values.items()}
            for name, values in ours.per_class.items()
            if name in theirs.per_class and name in ours.scores
        },
        intervals,
        why,
    )


def as_json(found: Against) -> dict[str, Any]:
    """Returns what JSON tells of it, fractions."""
    return {
        "difference": dict(found.difference),
        "difference_per_class": {name: dict(values) for name, values in found.per_class.items()},
        "difference_over_pictures": {
            name: {"low": low, "high": high} for name, (low, high) in found.over_pictures.items()
        },
    }


def _same_pictures(rescored: Rescored, other_run: Path, data: Path | None) -> Rescored:
    from transferbench.errors import ConfigError
    from transferbench.runs.rescore import rescore_run

    other = rescore_run(other_run, data)
    ours, theirs = (
        (
            each.protocol.partition(" ")[0],
            _picture_names(each),
            each.task.data.classes,
        )
        for each in (rescored, other)
    )
    if ours != theirs:
        raise ConfigError(
            f"--against {other_run}: expected a run by {ours[0]} on the same pictures, found one by "
            + theirs[0]
            + ("" if ours[0] != theirs[0] else " on others")
            + "; scores of different protocols or data do not compare"
        )
    return other


def _picture_names(rescored: Rescored) -> list[str]:
    """Returns the names of the scored pictures, in their order; predictions of classification have none."""
    names = rescored.outcome.predictions.get("picture_names")
    return list(rescored.task.evidence(rescored.outcome).pictures) if names is None else names.tolist()


def _over_pictures(run: Path | None, other_run: Path) -> tuple[dict[str, tuple[float, float]], str]:
    """Returns intervals by score, and in words why there are none."""
    from transferbench.reports.statistics.replicates import interval_of_difference
    from transferbench.runs.resample import replicates_of

    if run is None:
        return {}, "predictions of another tool were not resampled"
    ours, theirs = replicates_of(run), replicates_of(other_run)
    if ours is None or theirs is None:
        which = run if ours is None else other_run
        return {}, f"{which} was not resampled, and the data here are not proved to be those it was scored on"
    if not ours.is_paired_with(theirs):
        return {}, "the two runs were resampled on other pictures"
    found = {
        name: interval_of_difference([values_R], [theirs.scores[name]])
        for name, values_R in ours.scores.items()
        if name in theirs.scores
    }
    return {name: interval for name, interval in found.items() if interval is not None}, ""


def _less(value: float | None, other: float | None) -> float | None:
    return None if value is None or other is None else value - other
