"""What is concluded from tables, beside differences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from transferbench.reports.statistics.correlation import Correlation


@dataclass(frozen=True)
class Power:
    """What the spread at hand says of how many seeds a column needs."""

    spread: float
    """Standard deviation of a paired difference over seeds, pooled over the rows of the column."""
    seeds: int
    """Pairs behind a difference now; the fewest of the column."""
    seeds_needed: int | None
    """To see the difference that was asked for with power .8; None above 1,000."""
    smallest: float
    """Difference that is seen now with power .8."""


@dataclass(frozen=True)
class Point:
    """One recipe, by how well it classifies and how well it transfers; fractions."""

    recipe: str
    top1: Mapping[int, float]
    """By seed; of claimed weights one value under 0."""
    score: Mapping[int, float]
    """By seed."""
    is_claimed: bool = False
    """Whether the top-1 is what the weights' publisher states, not measured here."""


@dataclass(frozen=True)
class Claim:
    """How a downstream score goes with ImageNet's top-1 over recipes, and how it does in the paper."""

    score: str
    protocol: str
    points: tuple[Point, ...]
    pearson: Correlation | None
    kendall: Correlation | None
    paper_points: tuple[Point, ...] = ()
    paper_pearson: Correlation | None = None
    paper_kendall: Correlation | None = None


@dataclass(frozen=True)
class Outlay:
    """What a row cost from the first step of pretraining on, beside what it gained."""

    pretraining_seconds: float | None
    """Wall seconds of the backbone's own training; None where it was not done here."""
    device_seconds: float | None
    """Of pretraining, what its teacher took, and the transfer; None where the first is not known."""
    gains_per_device_hour: Mapping[str, float] = field(default_factory=dict)
    """By score, the difference to the baseline over all device-hours."""
    fronts: tuple[str, ...] = ()
    """Of `device-hours` and `GMACs`: those in which no other row scores as well for less, or better for as
    much."""
    alone: tuple[str, ...] = ()
    """Those that are known of no other row, so that there is no front."""


@dataclass(frozen=True)
class Gate:
    """A condition on rows that must not be met, and the rows that meet it."""

    text: str
    """As it was given."""
    broken_by: tuple[str, ...]
    """A sentence for each row that meets it, or of which it cannot be said; empty where the gate holds."""

    @property
    def holds(self) -> bool:
        return not self.broken_by


@dataclass(frozen=True)
class Sheet:
    """A table of words below the tables of scores."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
