"""What a page is made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from transferbench.reports.rows import Comparison, Row, Table
from transferbench.runs.record import SCORES, Record

TRANSFERS = ("detect", "segment")
TASK_WORDS = {"classify": "classification", "detect": "detection", "segment": "segmentation"}


@dataclass(frozen=True)
class Contrast:
    """A picture on which one backbone is right where another is not."""

    task: str
    right: str
    """Recipe that does better on this picture."""
    wrong: str
    seed: int
    """Of both runs."""
    picture: str
    """Its name in the data set."""
    truth: bytes
    """A PNG, as the next two."""
    by_right: bytes
    by_wrong: bytes
    worth_right: float
    """How right, in [0, 1]."""
    worth_wrong: float


@dataclass(frozen=True)
class Story:
    """A comparison with all that a page tells beside it."""

    comparison: Comparison
    records: Mapping[str, Record] = field(default_factory=dict)
    """By identity."""
    about: str = ""
    """What the suite is, in a sentence or two."""
    warning: str = ""
    """What a reader must know of all the numbers before the answer; mostly empty."""
    losses: Mapping[str, Sequence[tuple[float, float]]] = field(default_factory=dict)
    """By identity of a run, epochs and losses on the training pictures."""
    contrasts: tuple[Contrast, ...] = ()
    commands: tuple[str, ...] = ()
    """That do the same again."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Name to content, to be taken along: the numbers, the suite, the recipes."""
    remarks: tuple[str, ...] = ()
    """What is not on the page, and why."""

    def records_of(self, row: Row) -> dict[int, Record]:
        """Returns the runs of a row by seed, those whose records are at hand."""
        return {seed: self.records[key] for seed, key in row.identities.items() if key in self.records}

    def row_records(self) -> Iterator[tuple[Table, Row, Record]]:
        """Yields every run with its row and table."""
        for table in self.comparison.tables:
            for row in table.rows:
                for record in self.records_of(row).values():
                    yield table, row, record


def title_of(name: str) -> str:
    """Returns how a score is called in a sentence."""
    return SCORES[name].title


def key_of(table: Table, comparison: Comparison) -> str:
    """Returns a short name of a table that no other one has: its task, numbered where there are several."""
    same = [other for other in comparison.tables if other.task == table.task]
    return table.task if len(same) == 1 else f"{table.task}-{same.index(table) + 1}"


def label_of(table: Table, comparison: Comparison) -> str:
    """Returns the task, with the protocol and the baseline where another table has the same but for them."""
    same = [other for other in comparison.tables if other.task == table.task]
    label = TASK_WORDS.get(table.task, table.task)
    if len({other.protocol for other in same}) > 1:
        label += f" by {table.protocol}"
    if len({other.baseline for other in same if other.protocol == table.protocol}) > 1:
        label += f", against {table.baseline}"
    return label
