from dataclasses import replace

import pytest

from tests.fabricate.records import demo, record
from tests.reports.page.stories import RECIPES, story
from transferbench.reports.comparing.comparison import compare
from transferbench.reports.page.tables import Datum, Sheet, cost_sheets, score_sheets
from transferbench.reports.rows import Comparison, Mark


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return story().comparison


def _column(sheet: Sheet, title: str) -> list[Datum]:
    place = [head.title for head in sheet.heads].index(title)
    return [line.cells[place] for line in sheet.lines]


def test_there_is_a_table_for_each_task_and_details_stand_apart(comparison: Comparison) -> None:
    main, details = (score_sheets(comparison, details=details) for details in (False, True))

    assert [sheet.key for sheet in main] == ["classify", "detect", "segment"]
    assert [sheet.key for sheet in details] == ["detect-details"]
    assert [head.title for head in details[0].heads] == ["AP lost: missed \u2193", "vs plain"]


def test_a_cell_is_sorted_by_the_number_that_it_shows(comparison: Comparison) -> None:
    sheet = score_sheets(comparison, details=False)[1]

    cells = _column(sheet, "mAP 11-point \u2191")

    assert [line.name for line in sheet.lines] == list(RECIPES)
    assert [cell.text for cell in cells] == [f"{100 * (cell.value or 0):.1f}" for cell in cells]


def test_a_difference_has_its_interval_and_its_sign(comparison: Comparison) -> None:
    plain, _, mixup, tall = _column(score_sheets(comparison, details=False)[1], "vs plain")

    assert plain == Datum()
    assert (mixup.text, mixup.aside, mixup.tone) == ("+9.5", "[6.7, 12.4] \u2020", "better")
    assert (tall.text, tall.tone) == ("\u22124.5", "worse")


def test_less_of_an_error_is_better(comparison: Comparison) -> None:
    sheet = score_sheets(comparison, details=True)[0]

    tones = [cell.tone for cell in _column(sheet, "vs plain")]

    assert sheet.heads[0].is_best_first is False
    assert tones[2] == "better"


def test_the_paper_stands_beside_ours_where_it_has_numbers() -> None:
    sheets = score_sheets(compare(demo(), suite="demo", baseline="B"), details=False)

    assert [cell.text for cell in _column(sheets[0], "paper")] == ["76.16", "79.29"]
    assert "paper" not in [head.title for head in sheets[1].heads]


def test_a_row_says_why_it_does_not_compare(comparison: Comparison) -> None:
    table = comparison.tables[0]
    marked = replace(table.rows[1], mark=Mark("other data", is_comparable=False), is_foreign=True)
    changed = replace(comparison, tables=(replace(table, rows=(table.rows[0], marked)),))

    sheet = score_sheets(changed, details=False)[0]

    assert [line.remark for line in sheet.lines] == ["", "measured by another tool; other data"]


def test_costs_are_sorted_by_seconds_not_by_words() -> None:
    runs = [record(name, "classify", 0, {"top1": 0.5}, wall_seconds=s) for name, s in (("B", 45), ("D", 200))]

    sheet = cost_sheets(compare(runs, suite="s", baseline="B"))[0]

    assert [(c.text, c.value) for c in _column(sheet, "pretraining")] == [("45 s", 45), ("3 min 20 s", 200)]


def test_what_no_run_tells_has_no_column() -> None:
    runs = [record(name, "classify", 0, {"top1": 0.5}) for name in ("B", "D")]

    sheet = cost_sheets(compare(runs, suite="s", baseline="B"))[0]

    assert "GMACs" not in [head.title for head in sheet.heads]
    assert "GMACs" in [head.title for head in cost_sheets(story().comparison)[0].heads]
