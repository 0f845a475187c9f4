import pytest

from tests.fabricate.records import top1
from transferbench.reports.comparing.comparison import compare
from transferbench.reports.findings.equivalences import with_equivalence
from transferbench.reports.findings.powers import with_power
from transferbench.reports.statistics.power import seeds_needed, smallest_difference
from transferbench.reports.words.sheets import sheets_of

RUNS = top1("B", 0.5, 0.5, 0.5) + top1("C", 0.6, 0.61, 0.62) + top1("D", 0.5, 0.53)


def test_the_spreads_of_a_column_are_pooled() -> None:
    power = with_power(compare(RUNS, suite="s", baseline="B"), 0.005).tables[0].powers["classify/top1"]

    pooled = ((2 * 0.01**2 + 0.03**2 / 2) / 3) ** 0.5
    assert power.spread == pytest.approx(pooled)
    assert power.seeds == 2
    assert power.seeds_needed == seeds_needed(0.005, pooled)
    assert power.smallest == pytest.approx(smallest_difference(pooled, 2))


def test_without_a_spread_there_is_nothing_to_plan_from() -> None:
    comparison = compare(top1("B", 0.5) + top1("D", 0.6), suite="s", baseline="B")

    assert with_power(comparison, 0.005).tables[0].powers == {}


def test_seeds_are_printed_by_column() -> None:
    sheets = sheets_of(with_power(compare(RUNS, suite="s", baseline="B"), 0.05))

    (sheet,) = [sheet for sheet in sheets if "power" in sheet.title]
    assert sheet.rows == (("top-1 \u2191", "1.47", "3", "17.00 with 2"),)


def test_every_difference_with_an_interval_is_tested_for_equivalence() -> None:
    comparison = with_equivalence(compare(RUNS, suite="s", baseline="B"), 0.003)

    baseline, c, d = (row.cells["classify/top1"].equivalence for row in comparison.tables[0].rows)
    assert baseline is None
    assert c is not None and d is not None
    assert (c.verdict, c.margin, d.verdict) == ("different", 0.003, "open")


def test_verdicts_are_printed_by_row() -> None:
    comparison = with_equivalence(compare(RUNS, suite="s", baseline="B"), 0.003)

    (sheet,) = [sheet for sheet in sheets_of(comparison) if "within" in sheet.title]

    assert "within 0.3 points of B?" in sheet.title
    assert [row[0] for row in sheet.rows] == ["C", "D"]
    assert sheet.rows[1][1] == "open, p 0.715 [-8.0, 11.0]"


def test_what_was_asked_for_in_vain_is_told() -> None:
    comparison = compare(top1("B", 0.5) + top1("D", 0.6), suite="s", baseline="B")

    notes = with_equivalence(with_power(comparison, 0.005), 0.003).notes

    assert notes[-2:] == (
        "classify: no seeds to plan from, as no difference there has an interval",
        "classify: nothing to test for equivalence, as no difference there has an interval",
    )
