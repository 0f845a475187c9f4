"""Recipes side by side: what tables, pages and files are made from."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from transferbench.reports.findings.kinds import Claim, Gate, Outlay, Power
from transferbench.reports.statistics.components import Components
from transferbench.reports.statistics.effects import Effect
from transferbench.reports.statistics.equivalence import Equivalence
from transferbench.reports.statistics.paired import Difference, mean, standard_deviation
from transferbench.runs.record import SCORES


@dataclass(frozen=True)
class Interval:
    """Where a value lies with 95 % confidence, in the unit of the value."""

    low: float
    high: float


@dataclass(frozen=True)
class Cell:
    """One score of one recipe, in fractions."""

    values: Mapping[int, float]
    """By seed of the transfer, in the order of seeds; never empty."""
    delta: Difference | None
    """To the baseline, over the seeds that both have; None where there is nothing to compare."""
    paper: float | None
    paper_sd: float | None = None
    """The paper's spread, where it prints one."""
    over_pictures: Interval | None = None
    """Of the mean, had other pictures of the same kind been scored; None where no run kept replicates."""
    delta_over_pictures: Interval | None = None
    """Of the difference to the baseline on the same pictures; None where either kept no replicates."""
    unpaired: int = 0
    """Seeds that the row or the baseline has alone, so that the difference is without them."""
    equivalence: Equivalence | None = None
    """Whether the difference is too small to matter, where that was asked and there is an interval."""

    @property
    def mean(self) -> float:
        """Of all seeds, whether the baseline has them or not."""
        return mean(list(self.values.values()))

    @property
    def sd(self) -> float | None:
        """Standard deviation of the sample; None below two seeds."""
        return standard_deviation(list(self.values.values()))


@dataclass(frozen=True)
class Cost:
    """What a run of one task took; means over seeds but for the memory."""

    wall_seconds: float
    peak_memory_bytes: int
    """Greatest over seeds."""
    device_seconds: float = 0.0
    """Wall seconds times the devices at work on one run."""
    images_per_second: float | None = None
    """Trained on, all devices together; None where a record does not tell."""
    parameters: int | None = None
    """Of the whole network, heads included."""
    backbone_macs: float | None = None
    """Multiply-adds of the backbone on one picture of the protocol's size."""
    teaching_seconds: float | None = None
    """Of the wall seconds, those of a teacher's forward passes; None without one."""
    teacher_seconds: float | None = None
    """That training the teacher took, on top; None where nothing tells."""


@dataclass(frozen=True)
class Mark:
    """Why a row does not stand in its column as the others do."""

    reason: str
    is_comparable: bool
    """Whether a difference is given all the same, as where only versions of software differ."""


@dataclass(frozen=True)
class Row:
    """One recipe by one protocol."""

    recipe: str
    cells: Mapping[str, Cell]
    """By name of score."""
    cost: Cost | None = None
    """None of a row from elsewhere."""
    mark: Mark | None = None
    is_foreign: bool = False
    """Whether the numbers were measured by another tool."""
    identities: Mapping[int, str] = field(default_factory=dict)
    """Seed to the identity of its run; empty of a row from elsewhere."""
    pretraining_seeds: Mapping[int, int] = field(default_factory=dict)
    """Seed to that of the backbone's own training."""
    has_one_backbone: bool = False
    """Whether all seeds start from the same weights, as published ones."""
    outlay: Outlay | None = None
    """None of a row from elsewhere."""

    def groups(self, other: Row, seeds: Sequence[int]) -> list[Hashable]:
        """Returns what each pair with another row shares: the seed of its backbone.

        Where both have one backbone for all seeds, transfers are all that varies: pairs share nothing.
        """
        if self.has_one_backbone and other.has_one_backbone:
            return list(seeds)
        return [self.pretraining_seeds.get(seed, seed) for seed in seeds]

    @property
    def is_compared(self) -> bool:
        """Whether differences of the row mean something."""
        return not self.is_foreign and (self.mark is None or self.mark.is_comparable)


@dataclass(frozen=True)
class Table:
    """Recipes that were measured by one protocol and are compared with one of them."""

    task: str
    protocol: str
    """Name and version, and what departs from them."""
    baseline: str
    rows: tuple[Row, ...]
    """Baseline first, if it was measured."""
    columns: tuple[str, ...]
    """Names of the scores that occur, in the order of `SCORES`."""
    components: Mapping[str, Components] = field(default_factory=dict)
    """By score, the variance of pretraining and of transfer; empty unless backbones were fine-tuned again."""
    effects: Mapping[str, tuple[Effect, ...]] = field(default_factory=dict)
    """By score, what each factor brings; empty unless a design built the recipes."""
    powers: Mapping[str, Power] = field(default_factory=dict)
    """By score, where it was asked for."""

    def row(self, recipe: str) -> Row | None:
        """Returns the row of a recipe, None where it has none."""
        return next((row for row in self.rows if row.recipe == recipe), None)


@dataclass(frozen=True)
class Comparison:
    """Recipes side by side."""

    suite: str
    baseline: str
    """The first one, where recipes are compared with several."""
    recipes: tuple[str, ...]
    """That have a row somewhere, in order, baseline first."""
    tables: tuple[Table, ...]
    """In the order of tasks, then of protocols, then of baselines."""
    notes: tuple[str, ...]
    """What a reader must know beside the numbers."""
    claims: tuple[Claim, ...] = ()
    """Whether who classifies better transfers better."""
    gates: tuple[Gate, ...] = ()
    """What was asked not to be met."""
    failures: Mapping[str, str] = field(default_factory=dict)
    """`recipe/task/seed0` to why that run failed."""

    @property
    def broken(self) -> tuple[str, ...]:
        """Why gates do not hold, a sentence a row; empty where all hold."""
        return tuple(reason for gate in self.gates for reason in gate.broken_by)

    def without_details(self) -> Comparison:
        """Returns the comparison with the scores alone that answer the question at a glance.

        A table that has details alone, as one of another tool's, keeps them.
        """
        brief = (tuple(n for n in table.columns if not SCORES[n].is_detail) for table in self.tables)
        tables = (
            replace(table, columns=columns or table.columns)
            for table, columns in zip(self.tables, brief, strict=True)
        )
        return replace(self, tables=tuple(tables))
