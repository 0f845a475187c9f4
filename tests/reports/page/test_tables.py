from dataclasses import replace

import pytest

from tests.fabricate.records import demo, record, top1
from tests.reports.page.stories import RECIPES, story
from transferbench.reports.comparing.comparison import compare
from transferbench.reports.comparing.foreign import ForeignRow
from transferbench.reports.page.story import label_of
from transferbench.reports.page.tables import Datum, Sheet, cost_sheets, score_sheets, word_sheets
from transferbench.reports.rows import Comparison, Mark
from transferbench.reports.statistics.effects import Effect
from transferbench.reports.statistics.paired import Difference


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


def test_a_row_that_a_note_tells_more_of_is_marked(comparison: Comparison) -> None:
    table = comparison.tables[0]
    marked = replace(table.rows[1], mark=Mark("other data", is_comparable=False), is_foreign=True)
    changed = replace(comparison, tables=(replace(table, rows=(table.rows[0], marked)),))

    sheet = score_sheets(changed, details=False)[0]

    assert [line.name for line in sheet.lines] == ["plain", "warmup (foreign) *"]


def test_costs_are_sorted_by_seconds_not_by_words() -> None:
    runs = [record(name, "classify", 0, {"top1": 0.5}, wall_seconds=s) for name, s in (("B", 45), ("D", 200))]

    sheet = cost_sheets(compare(runs, suite="s", baseline="B"))[0]

    assert [(c.text, c.value) for c in _column(sheet, "pretraining")] == [("45 s", 45), ("3 min 20 s", 200)]


def test_what_no_run_tells_has_no_column() -> None:
    runs = [record(name, "classify", 0, {"top1": 0.5}) for name in ("B", "D")]

    sheet = cost_sheets(compare(runs, suite="s", baseline="B"))[0]

    assert "GMACs" not in [head.title for head in sheet.heads]
    assert "GMACs" in [head.title for head in cost_sheets(story().comparison)[0].heads]


def test_who_was_never_pretrained_spent_nothing_on_it() -> None:
    drawn = {"weights": {"was_random": True}}
    runs = [record("B", "detect", 0, {"map_area": 0.5}, **drawn), *top1("D", 0.5)]
    runs += [record("D", "detect", 0, {"map_area": 0.6})]

    sheet = cost_sheets(compare(runs, suite="s", baseline="B"))[1]

    assert [(c.text, c.value) for c in _column(sheet, "pretraining")] == [("none", 0.0), ("1 min 20 s", 80.0)]


def test_a_table_by_another_protocol_does_not_make_the_baseline_part_of_a_label() -> None:
    row = ForeignRow("rival", "detect", "strange@1", {"detect/map_area": {0: 0.5}}, "theirs.csv", "f" * 64)
    comparison = compare(demo(), suite="s", baseline="B", foreign=[row])

    labels = [label_of(table, comparison) for table in comparison.tables if table.task == "detect"]

    assert labels == ["detection by miniature@1", "detection by strange@1"]


def test_a_table_is_called_as_the_answer_calls_its_task(comparison: Comparison) -> None:
    captions = [sheet.caption.partition(",")[0] for sheet in score_sheets(comparison, details=False)]

    assert captions == ["Classification", "Detection", "Segmentation"]


def _nested() -> Comparison:
    runs = [
        record(
            name,
            "detect",
            seed,
            {"map_voc07": 0.5 + gain - seed / 9000, "lost_missed": 0.1 - seed / 9000},
            pretraining_seed=seed % 1000,
            weights={"was_random": True},
        )
        for name, gain in (("B", 0.0), ("D", 0.1))
        for seed in (0, 1, 1000, 1001)
    ]
    return compare(runs, suite="s", baseline="B")


def test_words_on_details_stand_among_the_details() -> None:
    shown, others = (word_sheets(_nested(), details=details) for details in (False, True))

    assert [[row[0] for row in sheet.rows] for sheet in shown] == [["mAP 11-point \u2191"]]
    assert [[row[0] for row in sheet.rows] for sheet in others] == [["AP lost: missed \u2193"]]


def test_numbers_in_words_have_true_minus_signs(comparison: Comparison) -> None:
    effect = Effect("top-1", "main", Difference(-0.012, -0.04, 0.028, 0.1, 3))
    table = replace(comparison.tables[1], effects={"detect/map_voc07": (effect,)})

    (sheet,) = word_sheets(replace(comparison, tables=(table,), claims=()), details=False)

    assert sheet.rows == (("top-1 (main)", "\u22121.2 [\u22124.0, 2.8]"),)
