"""Conditions that no row may meet: `detect/map_voc07 < baseline - 0.5`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from transferbench.errors import ConfigError, nearest
from transferbench.reports.findings.kinds import Gate
from transferbench.reports.rows import Comparison, Row, Table
from transferbench.runs.record import SCORES

_NUMBER = r"\d+(?:\.\d+)?"
_GRAMMAR = re.compile(
    rf"\s*(?:(?P<row>\S.*?)\s*:\s+)?(?P<score>[a-z]+/\w+)\s*(?P<sign>[<>])\s*"
    rf"(?:(?P<number>-?{_NUMBER})|baseline(?:\s*(?P<side>[+-])\s*(?P<offset>{_NUMBER}))?)\s*"
)
_ROUNDING = 1e-12
"""Two fractions that are nearer are equal."""


@dataclass(frozen=True)
class Condition:
    """What a row must not meet."""

    text: str
    row: str | None
    """Name of the only row it is asked of; None asks all but baselines."""
    score: str
    sign: Literal["<", ">"]
    bound: float
    """A fraction: of the score itself, or of its difference to the baseline."""
    is_of_difference: bool

    def is_met(self, value: float) -> bool:
        """Returns whether a score or a difference, a fraction, lies beyond the bound."""
        beyond = value - self.bound
        return beyond < -_ROUNDING if self.sign == "<" else beyond > _ROUNDING


def read_condition(text: str) -> Condition:
    """Returns a condition as `--fail-if` takes it: `[ROW: ]SCORE < NUMBER` or `... > baseline [+- NUMBER]`.

    Numbers are in percentage points. Nothing of it is evaluated as code.

    Raises:
        ConfigError: it is not of that form, or names no score.
    """
    found = _GRAMMAR.fullmatch(text)
    if found is None:
        raise ConfigError(
            f"--fail-if {text!r}: expected '[ROW: ]SCORE < NUMBER' or '[ROW: ]SCORE < baseline - NUMBER', "
            "with < or > and percentage points, found something else; write it as "
            "'detect/map_voc07 < baseline - 0.5'"
        )
    score = found["score"]
    if score not in SCORES:
        hint = nearest(score, list(SCORES))
        raise ConfigError(f"--fail-if {text!r}: expected the name of a score, found {score!r}; {hint}")
    points = float(found["number"] or f"{found['side'] or ''}{found['offset'] or 0}")
    return Condition(
        text=text.strip(),
        row=found["row"],
        score=score,
        sign="<" if found["sign"] == "<" else ">",
        bound=points / 100,
        is_of_difference=found["number"] is None,
    )


def with_gates(
    comparison: Comparison, conditions: Sequence[Condition], *, expected: Collection[str] = ()
) -> Comparison:
    """Returns the comparison with the rows that meet each condition.

    A condition tests means, over the seeds that both have where it names the baseline. A row of which
    nothing can be said, as it lacks the score or does not compare, counts as one that meets it: silence is
    no pass.

    Args:
        comparison: to test.
        conditions: that no row may meet.
        expected: recipes that should have finished, whether they have or not.

    Raises:
        ConfigError: a condition names no row, or a score that nothing has.
    """
    gates = tuple(_gate(comparison, condition, expected) for condition in conditions)
    return replace(comparison, gates=gates)


def _gate(comparison: Comparison, condition: Condition, expected: Collection[str]) -> Gate:
    tables = [table for table in comparison.tables if condition.score in table.columns]
    names = dict.fromkeys(
        (*comparison.recipes, *expected, *(row.recipe for table in tables for row in table.rows))
    )
    if not tables:
        known = list(dict.fromkeys(name for table in comparison.tables for name in table.columns))
        raise ConfigError(
            f"--fail-if {condition.text!r}: expected a score that a run has, found {condition.score!r}; "
            f"{nearest(condition.score, known)}"
        )
    if condition.row is not None and condition.row not in names:
        raise ConfigError(
            f"--fail-if {condition.text!r}: expected the name of a row, found {condition.row!r}; "
            f"{nearest(condition.row, list(names))}"
        )
    broken = [reason for table in tables for reason in _broken(table, condition)]
    tested = {row.recipe for table in tables for row in table.rows}
    # Weights from elsewhere have no run of classification; every recipe has one of each transfer.
    unfinished = set(expected) - set(comparison.recipes if condition.score.startswith("classify/") else ())
    absent = [condition.row] if condition.row else [name for name in expected if name in unfinished]
    broken += [f"{name}: no finished run has {condition.score}" for name in absent if name not in tested]
    return Gate(condition.text, tuple(broken))


def _broken(table: Table, condition: Condition) -> Iterator[str]:
    for row in table.rows:
        if condition.row is None:
            is_asked = not row.is_foreign and row.recipe != table.baseline
        else:
            is_asked = row.recipe == condition.row
        if is_asked and (reason := _reason(row, table, condition)):
            yield f"{row.recipe}, {table.protocol}: {reason}"


def _reason(row: Row, table: Table, condition: Condition) -> str | None:
    """Returns why a row breaks a gate; None if it does not."""
    cell = row.cells.get(condition.score)
    if cell is None:
        return f"it has no {condition.score}"
    if not condition.is_of_difference:
        value, runs, unit = cell.mean, len(cell.values), " %"
    elif row.recipe == table.baseline and not row.is_foreign:
        value, runs, unit = 0.0, len(cell.values), f" points to {table.baseline}, itself"
    elif cell.delta is None:
        return f"it has no difference to {table.baseline}"
    else:
        value, runs, unit = cell.delta.mean, cell.delta.n, f" points to {table.baseline}"
    if not condition.is_met(value):
        return None
    sign = "+" if condition.is_of_difference else ""
    bound = f"{100 * condition.bound:{sign}.10g}" if condition.bound else "0"
    side = "below" if condition.sign == "<" else "above"
    alone = " (one seed, no interval)" if runs == 1 and not row.is_foreign else ""
    return f"{condition.score} is {100 * value:{sign}.2f}{unit}, {side} {bound}{alone}"
