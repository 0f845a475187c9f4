from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.fabricate.records import demo, top1
from transferbench.reports.comparing.comparison import compare
from transferbench.reports.comparing.foreign import ForeignRow, Teller
from transferbench.reports.rows import Comparison


def _foreign(protocol: str = "", values: Mapping[int, float] | None = None) -> ForeignRow:
    scores = {"detect/map_voc07": dict(values or {0: 0.8})}
    return ForeignRow("theirs", "detect", protocol, scores, "metrics.json", "f" * 64, ("rounded",))


def _compared(*foreign: ForeignRow) -> Comparison:
    return compare(demo(), suite="s", baseline="B", foreign=foreign)


def test_a_foreign_row_stands_last_in_the_table_of_its_task_without_a_difference() -> None:
    row = _compared(_foreign(values={1: 0.7, 0: 0.8})).tables[1].rows[-1]

    assert (row.recipe, row.is_foreign, row.cost, row.outlay) == ("theirs", True, None, None)
    cell = row.cells["detect/map_voc07"]
    assert (dict(cell.values), cell.delta) == ({0: 0.8, 1: 0.7}, None)


def test_its_mark_says_where_it_comes_from() -> None:
    mark = _compared(_foreign()).tables[1].rows[-1].mark

    assert mark is not None and not mark.is_comparable
    assert mark.reason == (
        "measured elsewhere: metrics.json (sha256 ffffffffffff), which states no protocol; rounded"
    )


def test_a_protocol_that_nothing_here_was_measured_by_makes_a_table() -> None:
    tables = _compared(_foreign("voc12@1"), _foreign("voc12@1")).tables

    assert [table.protocol for table in tables if table.task == "detect"] == ["miniature@1", "voc12@1"]
    assert [row.recipe for row in tables[-1].rows] == ["theirs", "theirs"]


def test_a_protocol_that_is_here_is_found() -> None:
    (first, second) = compare(
        top1("B", 0.5) + top1("B", 0.4, protocol="wide@1"),
        suite="s",
        baseline="B",
        foreign=[ForeignRow("theirs", "classify", "wide@1", {"classify/top5": {0: 0.9}}, "x", "f" * 64)],
    ).tables

    assert [row.recipe for row in first.rows] == ["B"]
    assert second.columns == ("classify/top1", "classify/top5")


def test_own_rows_are_corrected_and_priced_as_without_it() -> None:
    own, joined = _compared().tables[1], _compared(_foreign()).tables[1]

    assert joined.rows[:-1] == own.rows


@pytest.mark.parametrize(
    ("teller", "words"),
    [
        ("file", "which states voc12@1"),
        ("flag", "said by --protocol to be voc12@1"),
        ("scoring", "by the rules of voc12@1"),
    ],
)
def test_who_says_what_protocol_a_row_obeys_is_told(teller: Teller, words: str) -> None:
    mark = _compared(replace(_foreign("voc12@1"), told_by=teller)).tables[-1].rows[-1].mark

    assert mark is not None and f"(sha256 ffffffffffff), {words}; rounded" in mark.reason
