import json

import pytest

from tests.fabricate.records import demo, record, taught, top1
from transferbench.errors import ConfigError, RunError
from transferbench.reports.comparison import compare, to_json
from transferbench.reports.statistics import paired_difference
from transferbench.runs.record import PaperScore, Record


def test_the_baseline_stands_first_and_the_others_in_the_order_given() -> None:
    records = top1("c", 0.1) + top1("a", 0.2) + top1("b", 0.3) + top1("x", 0.4)

    comparison = compare(records, suite="s", baseline="b", order=("a", "b", "c"))

    assert [row.recipe for row in comparison.rows] == ["b", "a", "c", "x"]


def test_columns_are_the_scores_that_occur_in_the_order_of_scores() -> None:
    records = [
        record("B", "segment", 0, {"miou": 0.3}),
        record("B", "classify", 0, {"top5": 0.9, "top1": 0.7}),
    ]

    comparison = compare(records, suite="s", baseline="B")

    assert comparison.columns == ("classify/top1", "classify/top5", "segment/miou")
    assert comparison.tasks == ("classify", "segment")


def test_a_cell_holds_mean_spread_and_paired_difference() -> None:
    records = top1("B", 0.5, 0.6, 0.55) + top1("D", 0.6, 0.72, 0.66)

    baseline, row = compare(records, suite="s", baseline="B").rows

    cell = row.cells["classify/top1"]
    assert cell.mean == pytest.approx(0.66)
    assert cell.sd == pytest.approx(0.06)
    assert cell.delta == paired_difference([0.6, 0.72, 0.66], [0.5, 0.6, 0.55])
    assert baseline.cells["classify/top1"].delta is None


def test_only_seeds_that_both_have_are_paired() -> None:
    shared = [record("D", "classify", seed, {"top1": 0.1 * seed}) for seed in (1, 2, 5)]

    comparison = compare([*top1("B", 0.0, 0.05, 0.12), *shared], suite="s", baseline="B")

    cell = comparison.rows[1].cells["classify/top1"]
    assert list(cell.values) == [1, 2, 5]
    assert cell.delta == paired_difference([0.1, 0.2], [0.05, 0.12])
    assert "B lacks seed 5 of classify" in comparison.notes
    assert "D lacks seed 0 of classify" in comparison.notes


def test_without_a_common_seed_there_is_no_difference() -> None:
    records = [*top1("B", 0.5), record("D", "classify", 3, {"top1": 0.6})]

    row = compare(records, suite="s", baseline="B").rows[1]

    assert row.cells["classify/top1"].delta is None


def test_a_recipe_without_a_task_has_no_cell_of_it() -> None:
    comparison = compare(demo(), suite="demo", baseline="B")

    control = next(row for row in comparison.rows if row.recipe == "random")
    assert "classify/top1" not in control.cells
    assert control.cells["detect/map_voc07"].delta is not None
    assert "random has no run of classify" in comparison.notes


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"protocol": "voc-small@1"}, "ran under voc-small@1, B under miniature@1"),
        ({"data": {"fingerprint": "b" * 64}}, "saw data bbbbbbbbbbbb, B saw aaaaaaaaaaaa"),
    ],
)
def test_another_protocol_or_other_data_are_noted_and_not_compared(
    other: dict[str, object], reason: str
) -> None:
    records = top1("B", 0.5, 0.6) + top1("D", 0.6, 0.7, **other)

    comparison = compare(records, suite="s", baseline="B")

    assert comparison.rows[1].cells["classify/top1"].delta is None
    assert f"* D, classify: {reason}; no difference is given" in comparison.notes


def test_a_changed_protocol_compares_only_with_the_same_change() -> None:
    records = [run for recipe, limit in (("B", 10), ("C", 10), ("D", 20)) for run in _limited(recipe, limit)]

    baseline, same, other = compare(records, suite="s", baseline="B").rows

    assert not baseline.departures and not same.departures
    reason = "ran miniature@1 (changed) with settings of its own, not those of B"
    assert other.departures == {"classify": reason}


def _limited(recipe: str, limit: int) -> list[Record]:
    resolved = {"recipe": recipe, "protocol": {"limit": limit}}
    return top1(recipe, 0.5, protocol="miniature@1 (changed)", resolved=resolved)


def test_a_baseline_whose_seeds_differ_in_protocol_compares_with_nothing() -> None:
    mixed = [*top1("B", 0.5), record("B", "classify", 1, {"top1": 0.6}, protocol="other@1")]

    comparison = compare(mixed + top1("D", 0.6, 0.7), suite="s", baseline="B")

    assert all(row.departures for row in comparison.rows)
    assert comparison.rows[1].cells["classify/top1"].delta is None


def test_the_number_of_the_paper_is_taken_from_whichever_run_has_it() -> None:
    records = [
        record("B", "detect", 0, {"map_voc07": 0.7}),
        *top1("B", 0.7, paper={"detect/map_voc07": 0.7754}),
    ]

    (row,) = compare(records, suite="s", baseline="B").rows

    assert row.cells["detect/map_voc07"].paper == 0.7754
    assert row.cells["classify/top1"].paper is None


def test_costs_are_the_mean_time_and_the_greatest_memory() -> None:
    records = [
        record("B", "classify", 0, {"top1": 0.5}, wall_seconds=10.0, peak_memory_bytes=5),
        record("B", "classify", 1, {"top1": 0.5}, wall_seconds=30.0, peak_memory_bytes=3),
    ]

    (row,) = compare(records, suite="s", baseline="B").rows

    assert (row.costs["classify"].wall_seconds, row.costs["classify"].peak_memory_bytes) == (20.0, 5)


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

    assert [row.recipe for row in comparison.rows] == ["D"]
    assert comparison.notes == ("B has no finished run",)


def test_no_record_at_all_is_told() -> None:
    with pytest.raises(RunError) as error:
        compare([], suite="mini", baseline="B")

    assert str(error.value) == (
        "mini: expected finished runs to compare, found none; start them with `transferbench run`"
    )


def test_two_different_runs_for_one_place_are_told() -> None:
    records = top1("B", 0.5) + top1("B", 0.6, identity="f" * 64)

    with pytest.raises(ConfigError) as error:
        compare(records, suite="mini", baseline="B")

    assert str(error.value) == (
        "mini: expected one run of classify for recipe 'B' and seed 0, found two that differ "
        "(miniature@1, B-classify-0 and miniature@1, ffffffffffff); compare them apart"
    )


def test_the_same_run_found_twice_counts_once() -> None:
    (row,) = compare(top1("B", 0.5) * 2, suite="s", baseline="B").rows

    assert row.cells["classify/top1"].values == {0: 0.5}


def test_json_has_the_shape_that_scripts_rely_on() -> None:
    records = top1("B", 0.25, 0.25, paper={"classify/top1": 0.7616}) + top1("D", 0.5)

    text = json.dumps(to_json(compare(records, suite="mini", baseline="B")), allow_nan=False)

    delta = {"mean": 0.25, "low": None, "high": None, "p": None}
    baseline = {"mean": 0.25, "sd": 0.0, "n": 2, "values": [0.25, 0.25], "delta": None, "paper": 0.7616}
    other = {"mean": 0.5, "sd": None, "n": 1, "values": [0.5], "delta": delta, "paper": None}
    scores = {"B": {"classify/top1": baseline}, "D": {"classify/top1": other}}
    rows = [{"recipe": recipe, "scores": scores[recipe]} for recipe in scores]
    notes = json.loads(text)["notes"]
    assert json.loads(text) == {"suite": "mini", "baseline": "B", "rows": rows, "notes": notes}


def test_recipes_after_a_further_baseline_are_compared_with_it() -> None:
    records = top1("B", 0.5, 0.6) + top1("D", 0.6, 0.75) + top1("b", 0.1, 0.2) + top1("d", 0.2, 0.4)

    comparison = compare(
        records, suite="s", baseline="B", order=("B", "D", "b", "d"), further_baselines=("b",)
    )

    assert {row.recipe: row.baseline for row in comparison.rows} == {"B": "B", "D": "B", "b": "b", "d": "b"}
    deltas = [row.cells["classify/top1"].delta for row in comparison.rows]
    assert deltas[0] is deltas[2] is None
    assert deltas[3] == paired_difference([0.2, 0.4], [0.1, 0.2])


def test_a_recipe_that_has_no_place_in_the_order_is_compared_with_the_first_baseline() -> None:
    records = top1("B", 0.5) + top1("b", 0.1) + top1("x", 0.2)

    comparison = compare(records, suite="s", baseline="B", order=("B", "b"), further_baselines=("b",))

    assert [[row.recipe for row in rows] for rows in comparison.groups_of("classify")] == [["B", "x"], ["b"]]


def test_a_part_of_a_table_has_a_protocol_of_its_own() -> None:
    wide = [run for name in ("b", "d") for run in top1(name, 0.5, protocol="wide@1")]

    comparison = compare(
        top1("B", 0.5) + wide, suite="s", baseline="B", order=("B", "b", "d"), further_baselines=("b",)
    )

    assert not any(row.departures for row in comparison.rows)
    assert comparison.rows[2].cells["classify/top1"].delta is not None


def test_who_only_teaches_has_no_row() -> None:
    comparison = compare(top1("B", 0.5) + top1("tall", 0.9), suite="s", baseline="B", teachers=("tall",))

    assert [row.recipe for row in comparison.rows] == ["B"]
    with pytest.raises(RunError, match="expected finished runs to compare, found none"):
        compare(top1("tall", 0.9), suite="s", baseline="B", teachers=("tall",))


def test_numbers_of_the_suite_stand_in_for_all_that_a_recipe_has() -> None:
    papers = {"classify/top1": 0.7616, "classify/top5": 0.93}
    records = [record("B", "classify", 0, {"top1": 0.5, "top5": 0.6}, paper=papers), *top1("D", 0.6)]
    paper = {"B": {"classify/top1": PaperScore(mean=0.7834, sd=0.001)}}

    cells = compare(records, suite="s", baseline="B", paper=paper).rows[0].cells

    assert (cells["classify/top1"].paper, cells["classify/top1"].paper_sd) == (0.7834, 0.001)
    assert (cells["classify/top5"].paper, cells["classify/top5"].paper_sd) == (None, None)


def test_what_a_teacher_cost_is_kept_apart() -> None:
    run = record("B", "classify", 0, {"top1": 0.5}, wall_seconds=100.0, teacher=taught(40, 300))
    other = record("B", "classify", 1, {"top1": 0.5}, wall_seconds=120.0, teacher=taught(60, 500))

    cost = compare([run, other], suite="s", baseline="B").rows[0].costs["classify"]

    assert (cost.wall_seconds, cost.teaching_seconds, cost.teacher_seconds) == (110, 50, 400)


def test_json_has_the_papers_spread_the_baseline_of_a_part_and_the_teacher_where_there_are_any() -> None:
    paper = {"classify/top1": {"mean": 0.7837, "sd": 0.0009}}
    records = top1("B", 0.5) + top1("b", 0.25, paper=paper, teacher=taught(40, None))

    content = to_json(compare(records, suite="s", baseline="B", order=("B", "b"), further_baselines=("b",)))

    plain, row = content["rows"]
    assert set(plain) == {"recipe", "scores"} and "paper_sd" not in plain["scores"]["classify/top1"]
    assert row["baseline"] == "b"
    assert (row["scores"]["classify/top1"]["paper"], row["scores"]["classify/top1"]["paper_sd"]) == (
        0.7837,
        0.0009,
    )
    assert row["teacher"] == {"forward_seconds": 40.0, "pretraining_seconds": None}


def test_the_order_of_records_does_not_matter() -> None:
    forth, back = (
        to_json(compare(records, suite="s", baseline="B", order=("random", "D")))
        for records in (demo(), demo()[::-1])
    )

    assert forth["rows"] == back["rows"]
