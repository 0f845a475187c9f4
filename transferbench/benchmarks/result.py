"""What a benchmark found."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from transferbench.benchmarks.timing import OURS, median_ratio


@dataclass(frozen=True)
class Comparison:
    """Our way of doing something and a reference's, timed in turns."""

    name: str
    """As `decode_crop`."""
    about: str
    """What is done, and what of it is timed."""
    reference: str
    ours_seconds: float
    """For one picture, median over rounds."""
    reference_seconds: float
    ratio: float
    """Times that ours is faster, median over rounds."""
    difference: float | None = None
    """Mean absolute difference of the pixels, of 255; None where none are compared."""

    @classmethod
    def of(
        cls,
        name: str,
        about: str,
        seconds: Mapping[str, Sequence[float]],
        *,
        reference: str = "torchvision",
        pictures: int,
        difference: float | None = None,
    ) -> Comparison:
        """Returns the comparison that timings give.

        Args:
            name: see the field.
            about: see the field.
            seconds: of each way in each round, see `interleaved`.
            reference: the way that ours is compared with.
            pictures: that one round takes.
            difference: see the field.
        """
        ours, theirs = seconds[OURS], seconds[reference]
        return cls(
            name,
            about,
            reference,
            ours_seconds=statistics.median(ours) / pictures,
            reference_seconds=statistics.median(theirs) / pictures,
            ratio=median_ratio(theirs, ours),
            difference=difference,
        )


@dataclass(frozen=True)
class Figure:
    """A number that is compared with none."""

    name: str
    about: str
    value: float
    unit: str


@dataclass(frozen=True)
class Result:
    """What one benchmark found."""

    comparisons: tuple[Comparison, ...]
    machine: Mapping[str, str | int]
    figures: tuple[Figure, ...] = ()
    notes: tuple[str, ...] = field(default=())
    """What a reader should know of how it was measured."""

    def content(self) -> dict[str, Any]:
        """Returns what is written for programs."""
        return {
            "ratios": {each.name: each.ratio for each in self.comparisons},
            "seconds": {
                each.name: {OURS: each.ours_seconds, each.reference: each.reference_seconds}
                for each in self.comparisons
            },
            "differences": {
                each.name: each.difference for each in self.comparisons if each.difference is not None
            },
            "figures": {each.name: each.value for each in self.figures},
            "machine": dict(self.machine),
            "notes": list(self.notes),
        }
