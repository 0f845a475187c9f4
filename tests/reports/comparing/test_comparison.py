from dataclasses import replace
from typing import Any

import pytest

from tests.fabricate.records import demo, record, top1
from transferbench.errors import ConfigError, RunError
from transferbench.reports.comparing.comparison import compare
from transferbench.reports.rows import Row
from transferbench.reports.statistics.paired import paired_difference
from transferbench.runs.record import PaperScore, Record


def _rows(records: list[Record], baseline: str = "B", **wishes: Any) -> tuple[Row, ...]:
    """Returns the rows of the only table."""
    (table,) = compare(records, suite="s", baseline=baseline, **wishes).tables
    return table.rows


def test_the_baseline_stands_first_and_the_others_in_the_order_given() -> None:
    records = top1("c", 0.1) + top1("a", 0.2) + top1("b", 0.3) + top1("x", 0.4)

    rows = _rows(records, "b", order=("a", "b", "c"))

    assert [row.recipe for row in rows] == ["b", "a", "c", "x"]


def test_columns_are_the_scores_that_occur_in_the_order_of_scores() -> None:
    records = [record("B", "segment", 0, {"miou": 0.3})]
    records += [record("B", "classify", 0, {"top5": 0.9, "top1": 0.7})]

    classify, segment = compare(records, suite="s", baseline="B").tables

    assert (classify.task, classify.columns) == ("classify", ("classify/top1", "classify/top5"))
    assert (segment.task, segment.columns) == ("segment", ("segment/miou",))


def test_a_cell_holds_mean_spread_and_paired_difference() -> None:
    records = top1("B", 0.5, 0.6, 0.55) + top1("D", 0.6, 0.72, 0.66)

    baseline, row = _rows(records)

    cell = row.cells["classify/top1"]
    assert cell.mean == pytest.approx(0.66) and cell.sd == pytest.approx(0.06)
    expected = paired_difference([0.6, 0.72, 0.66], [0.5, 0.6, 0.55])
    assert cell.delta == replace(expected, p_holm=expected.p)
    assert baseline.cells["classify/top1"].delta is None


def test_transfers_of_one_backbone_count_once_in_an_interval() -> None:
    values = {
        ("B", 0): 0.5,
        ("B", 1000): 0.52,
        ("B", 1): 0.6,
        ("D", 0): 0.6,
        ("D", 1000): 0.64,
        ("D", 1): 0.75,
    }
    records = [
        record(name, "detect", seed, {"map_area": value}, pretraining_seed=seed % 1000)
        for (name, seed), value in values.items()
    ]

    delta = _rows(records)[1].cells["detect/map_area"].delta

    assert delta is not None and delta.n == 2
    assert delta.mean == pytest.approx((0.11 + 0.15) / 2)


def test_every_seed_keeps_the_identity_of_its_run_and_the_seed_of_its_backbone() -> None:
    runs = [record("B", "detect", 1003, {"map_area": 0.5}, pretraining_seed=3), *top1("B", 0.5)]

    classify, detect = compare(runs, suite="s", baseline="B").tables

    assert classify.rows[0].pretraining_seeds == {0: 0}
    assert detect.rows[0].pretraining_seeds == {1003: 3}
    assert detect.rows[0].identities == {1003: "B-detect-1003"}


def test_only_seeds_that_both_have_are_paired() -> None:
    shared = [record("D", "classify", seed, {"top1": 0.1 * seed}) for seed in (1, 2, 5)]

    comparison = compare([*top1("B", 0.0, 0.05, 0.12), *shared], suite="s", baseline="B")

    cell = comparison.tables[0].rows[1].cells["classify/top1"]
    assert (list(cell.values), cell.unpaired) == ([1, 2, 5], 2)
    assert cell.delta is not None and cell.delta.n == 2
    assert cell.delta.mean == pytest.approx((0.05 + 0.08) / 2)
    assert "B lacks seed 5 of classify" in comparison.notes
    assert "D lacks seed 0 of classify" in comparison.notes


def test_without_a_common_seed_there_is_no_difference() -> None:
    records = [*top1("B", 0.5), record("D", "classify", 3, {"top1": 0.6})]

    row = _rows(records)[1]

    assert row.cells["classify/top1"].delta is None


def test_the_number_of_the_paper_is_taken_from_whichever_run_has_it() -> None:
    records = [
        record("B", "detect", 0, {"map_voc07": 0.7}),
        *top1("B", 0.7, paper={"detect/map_voc07": 0.7754}),
    ]

    classify, detect = compare(records, suite="s", baseline="B").tables

    assert detect.rows[0].cells["detect/map_voc07"].paper == 0.7754
    assert classify.rows[0].cells["classify/top1"].paper is None


def test_an_unknown_baseline_is_told_with_the_nearest_name() -> None:
    records = top1("resnet18_b", 0.5) + top1("vgg", 0.5)

    with pytest.raises(ConfigError) as error:
        compare(records, suite="mini", baseline="resnet18_d")

    assert str(error.value) == (
        "mini: expected the baseline to be one of the recipes 'resnet18_b', 'vgg'; found 'resnet18_d'; "
        "did you mean 'resnet18_b'?"
    )


def test_a_baseline_that_has_not_finished_yet_leaves_a_table_without_differences() -> None:
    comparison = compare(top1("D", 0.6), suite="s", baseline="B", order=("B", "D"))

    assert comparison.recipes == ("D",)
    assert comparison.tables[0].row("B") is None
    assert comparison.notes == ("B has no finished run",)


def test_no_record_at_all_is_told() -> None:
    with pytest.raises(RunError) as error:
        compare([], suite="mini", baseline="B")

    assert str(error.value) == (
        "mini: expected finished runs to compare, found none; start them with `transferbench run`"
    )


def test_the_same_run_found_twice_counts_once() -> None:
    (row,) = _rows(top1("B", 0.5) * 2)

    assert row.cells["classify/top1"].values == {0: 0.5}


def test_who_only_teaches_has_no_row() -> None:
    rows = _rows(top1("B", 0.5) + top1("tall", 0.9), teachers=("tall",))

    assert [row.recipe for row in rows] == ["B"]
    with pytest.raises(RunError, match="expected finished runs to compare, found none"):
        compare(top1("tall", 0.9), suite="s", baseline="B", teachers=("tall",))


def test_numbers_of_the_suite_stand_in_for_all_that_a_recipe_has() -> None:
    papers = {"classify/top1": 0.7616, "classify/top5": 0.93}
    records = [record("B", "classify", 0, {"top1": 0.5, "top5": 0.6}, paper=papers), *top1("D", 0.6)]
    paper = {"B": {"classify/top1": PaperScore(mean=0.7834, sd=0.001)}}

    cells = _rows(records, paper=paper)[0].cells

    assert (cells["classify/top1"].paper, cells["classify/top1"].paper_sd) == (0.7834, 0.001)
    assert (cells["classify/top5"].paper, cells["classify/top5"].paper_sd) == (None, None)


def test_each_protocol_has_a_table_of_its_own_the_plain_one_first() -> None:
    frozen = [run for name in ("B", "D") for run in top1(name, 0.4, protocol="miniature@1 (frozen-backbone)")]

    comparison = compare(frozen + top1("B", 0.5) + top1("D", 0.6), suite="s", baseline="B")

    assert [table.protocol for table in comparison.tables] == ["miniature@1", "miniature@1 (frozen-backbone)"]
    deltas = [table.rows[1].cells["classify/top1"].delta for table in comparison.tables]
    assert [delta and delta.mean for delta in deltas] == pytest.approx([0.1, 0.0])


def test_recipes_after_a_further_baseline_stand_in_a_table_with_it() -> None:
    records = top1("B", 0.5, 0.6) + top1("D", 0.6, 0.75) + top1("b", 0.1, 0.2) + top1("d", 0.2, 0.4)

    comparison = compare(
        records, suite="s", baseline="B", order=("B", "D", "b", "d"), further_baselines=("b",)
    )

    names = [(table.baseline, [row.recipe for row in table.rows]) for table in comparison.tables]
    assert names == [("B", ["B", "D"]), ("b", ["b", "d"])]
    delta = comparison.tables[1].rows[1].cells["classify/top1"].delta
    assert delta is not None and delta.mean == pytest.approx(0.15)


def test_a_recipe_that_has_no_place_in_the_order_is_compared_with_the_first_baseline() -> None:
    records = top1("B", 0.5) + top1("b", 0.1) + top1("x", 0.2)

    tables = compare(records, suite="s", baseline="B", order=("B", "b"), further_baselines=("b",)).tables

    assert [[row.recipe for row in table.rows] for table in tables] == [["B", "x"], ["b"]]


def test_a_recipe_without_a_task_has_no_row_in_its_table() -> None:
    comparison = compare(demo(), suite="demo", baseline="B")

    classify, detect, _ = comparison.tables
    control = detect.row("random")
    assert classify.row("random") is None
    assert control is not None and control.cells["detect/map_voc07"].delta is not None
    assert "random has no run of classify" in comparison.notes


def test_the_order_of_records_does_not_matter() -> None:
    forth, back = (
        compare(records, suite="s", baseline="B", order=("random", "D")) for records in (demo(), demo()[::-1])
    )

    assert forth.tables == back.tables


def test_a_row_that_does_not_compare_has_a_mark_and_no_difference() -> None:
    other = top1("D", 0.6, 0.7, data={"fingerprint": "b" * 64})

    row = _rows(top1("B", 0.5, 0.6) + other)[1]

    assert row.mark is not None and not row.is_compared
    assert row.cells["classify/top1"].delta is None


def test_a_row_of_other_software_has_a_mark_and_a_difference() -> None:
    other = top1("D", 0.6, 0.7, machine={"device": "cpu", "torch": "2.12"})

    row = _rows(top1("B", 0.5, 0.6) + other)[1]

    assert row.mark is not None and row.is_compared
    assert row.cells["classify/top1"].delta is not None


def test_transfers_of_two_files_of_weights_are_all_witnesses() -> None:
    values = {0: 0.5, 1: 0.6, 1000: 0.52, 1001: 0.61}
    runs = [
        record(
            name, "detect", s, {"map_area": v + gain * (1 + s / 2000)}, pretraining_seed=s % 1000, weights=own
        )
        for name, gain, own in (("B", 0.0, {"sha256": "b"}), ("D", 0.1, {"sha256": "d"}))
        for s, v in values.items()
    ]
    random = [run.model_copy(update={"weights": {"was_random": True}}) for run in runs if run.recipe == "D"]

    both, one = (compare(some, suite="s", baseline="B").tables[0] for some in (runs, runs[:4] + random))

    deltas = [table.rows[1].cells["detect/map_area"].delta for table in (both, one)]
    assert [delta and delta.n for delta in deltas] == [4, 2]
    assert both.components == {}
