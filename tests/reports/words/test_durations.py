"""Spans of time and sizes in the table of costs."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from tests.fabricate.records import record
from transferbench.reports.comparing.comparison import compare
from transferbench.reports.words.table import table
from transferbench.runs.record import Record


def printed(records: list[Record]) -> str:
    """Returns the tables of some runs as text."""
    text = StringIO()
    Console(file=text, width=80).print(table(compare(records, suite="s", baseline="B")))
    return text.getvalue()


def test_long_runs_are_told_in_hours_and_short_ones_in_seconds() -> None:
    records = [
        record("B", "classify", 0, {"top1": 0.5}, wall_seconds=7500.4),
        record("B", "detect", 0, {"map_voc07": 0.5}, wall_seconds=9.6, peak_memory_bytes=2**28),
    ]

    text = printed(records)

    assert "2 h 05 min, 1.5 GiB" in text and "10 s, 0.2 GiB" in text
