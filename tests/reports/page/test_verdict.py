from dataclasses import replace

from tests.fabricate.records import record
from tests.reports.page.stories import story
from transferbench.reports.comparing.comparison import compare
from transferbench.reports.comparing.foreign import ForeignRow
from transferbench.reports.page.verdict import headline, rivals, verdicts
from transferbench.reports.rows import Comparison, Interval


def _detections(**values: tuple[float, ...]) -> Comparison:
    """Returns a comparison of detections with B, by seed."""
    runs = [
        record(recipe, "detect", seed, {"map_voc07": value})
        for recipe, by_seed in values.items()
        for seed, value in enumerate(by_seed)
    ]
    return compare(runs, suite="s", baseline="B")


def _sentence(comparison: Comparison) -> str:
    return verdicts(comparison)[0].sentence


def test_a_clear_winner_is_named_without_reserve() -> None:
    comparison = _detections(B=(0.5, 0.51, 0.49), D=(0.6, 0.605, 0.592))

    assert headline(comparison) == "D transfers best"
    assert _sentence(comparison) == (
        "D reaches 59.9 % mAP 11-point, +9.9 points [9.0, 10.8] over B, which 3 seeds tell from zero "
        "(p = 0.00044 after Holm)."
    )


def test_a_lead_within_the_seeds_noise_is_no_victory() -> None:
    comparison = _detections(B=(0.5, 0.6), D=(0.55, 0.59))

    assert headline(comparison) == "D is ahead, but within what the seeds leave open"
    assert "which 2 seeds cannot tell from zero" in _sentence(comparison)


def test_one_seed_is_said_to_tell_nothing() -> None:
    comparison = _detections(B=(0.5,), D=(0.6,))

    assert _sentence(comparison) == (
        "D reaches 60.0 % mAP 11-point, +10.0 points over B, from one seed, which cannot tell it from chance."
    )
    assert headline(comparison) == "D scores highest; one seed cannot tell"


def test_a_baseline_that_nobody_beats_is_the_answer() -> None:
    comparison = _detections(B=(0.6, 0.61, 0.6), D=(0.5, 0.5, 0.52))

    assert headline(comparison) == "B transfers best"
    assert _sentence(comparison).startswith(
        "B reaches 60.3 % mAP 11-point; it is the baseline, and the next, D, is at \u22129.7 points ["
    )


def test_the_best_is_held_against_the_next_too() -> None:
    comparison = _detections(B=(0.5, 0.51, 0.5), D=(0.6, 0.61, 0.59), E=(0.58, 0.62, 0.59))

    assert "Its lead over the next, E, is +0.3 points [" in _sentence(comparison)
    assert headline(comparison).endswith("within what the seeds leave open")


def test_tasks_that_disagree_have_no_common_winner() -> None:
    runs = [
        record(recipe, task, 0, {name: value})
        for recipe, task, name, value in (
            ("B", "detect", "map_voc07", 0.5),
            ("D", "detect", "map_voc07", 0.6),
            ("B", "segment", "miou", 0.5),
            ("D", "segment", "miou", 0.4),
        )
    ]

    answer = headline(compare(runs, suite="s", baseline="B"))

    assert answer == "No one backbone transfers best: it depends on the task"


def test_a_difference_that_many_comparisons_could_give_by_chance_is_said_to_be_one() -> None:
    comparison = _detections(B=(0.5, 0.51, 0.5), D=(0.6, 0.61, 0.59))
    table = comparison.tables[0]
    row = table.rows[1]
    cell = row.cells["detect/map_voc07"]
    assert cell.delta
    weak = replace(cell, delta=replace(cell.delta, p_holm=0.2), delta_over_pictures=Interval(0.08, 0.12))
    rows = (table.rows[0], replace(row, cells={"detect/map_voc07": weak}))

    changed = replace(comparison, tables=(replace(table, rows=rows),))

    sentence = _sentence(changed)
    assert headline(changed).endswith("within what the seeds leave open")
    assert "tell from zero alone, but not among all differences of the table (p = 0.2 after Holm)" in sentence
    assert "over pictures its 95 % interval is [8.0, 12.0]" in sentence


def test_pretraining_alone_is_answered_by_its_own_score() -> None:
    runs = [record(recipe, "classify", 0, {"top1": value}) for recipe, value in (("B", 0.5), ("D", 0.7))]

    comparison = compare(runs, suite="s", baseline="B")

    assert "D reaches 70.0 % top-1" in _sentence(comparison)


def test_a_lone_row_has_no_answer() -> None:
    comparison = _detections(B=(0.5,))

    assert verdicts(comparison) == []
    assert headline(comparison) == "s: nothing to compare yet"


def test_rivals_are_the_best_and_the_baseline() -> None:
    tables = story().comparison.tables

    pairs = [rivals(table) for table in tables]

    assert [pair and (pair[0].recipe, pair[1].recipe) for pair in pairs] == [("mixup & friends", "plain")] * 3


def test_transfers_of_one_backbone_are_one_witness() -> None:
    runs = [
        record(recipe, "detect", seed, {"map_voc07": value}, pretraining_seed=seed % 2)
        for recipe, values in (
            ("B", (0.5, 0.5, 0.5, 0.5)),
            ("D", (0.60, 0.62, 0.61, 0.63)),
            ("E", (0.58, 0.61, 0.57, 0.6)),
        )
        for seed, value in enumerate(values)
    ]

    sentence = _sentence(compare(runs, suite="s", baseline="B"))

    assert sentence.endswith("], which 2 seeds cannot tell from zero.")


def test_of_errors_the_least_is_best() -> None:
    runs = [record(name, "detect", 0, {"lost_missed": lost}) for name, lost in (("B", 0.2), ("D", 0.1))]
    (table,) = compare(runs, suite="s", baseline="B").tables

    pair = rivals(table)

    assert pair is not None and [row.recipe for row in pair] == ["D", "B"]


def test_a_warning_of_no_result_is_the_headline() -> None:
    comparison = _detections(B=(0.5,), D=(0.6,))

    answers = [
        headline(comparison, warning) for warning in ("q: no result. A step or two.", "no result", "odd")
    ]

    assert answers == ["No result: a step or two", "No result", "D scores highest; one seed cannot tell"]


def test_a_better_score_from_elsewhere_is_not_passed_over() -> None:
    runs = [record(name, "detect", 0, {"map_voc07": value}) for name, value in (("B", 0.05), ("D", 0.04))]
    rival = ForeignRow("theirs", "detect", "", {"detect/map_voc07": {0: 0.053}}, "x.json", "f" * 64)

    comparison = compare(runs, suite="s", baseline="B", foreign=[rival])

    assert _sentence(comparison).endswith(
        "It is the best of the backbones measured here; theirs (foreign) states 5.3 %, which is not compared."
    )
    assert headline(comparison) == "B scores highest of the backbones measured here; one seed cannot tell"


def test_transfers_of_two_files_are_as_many_witnesses_of_a_lead() -> None:
    runs = [
        record(
            name, "detect", seed, {"map_voc07": value}, pretraining_seed=seed % 2, weights={"sha256": name}
        )
        for name, values in (
            ("B", (0.5, 0.5, 0.5, 0.5)),
            ("D", (0.60, 0.62, 0.61, 0.63)),
            ("E", (0.58, 0.61, 0.57, 0.6)),
        )
        for seed, value in enumerate(values)
    ]

    assert "which 4 seeds " in _sentence(compare(runs, suite="s", baseline="B")).partition("Its lead")[2]
