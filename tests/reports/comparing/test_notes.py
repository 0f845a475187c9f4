from collections.abc import Mapping
from typing import Any

from tests.fabricate.records import record, taught, top1
from transferbench.reports.comparing.comparison import compare
from transferbench.reports.comparing.notes import HELD
from transferbench.runs.record import Record

INTERVALS = "95 % intervals of the paired difference over seeds (Student's t), each by itself"
HOLM = "\u2020 p < 0.05 after Holm's correction within each table, for 1 difference"
UNEVEN = (
    "the difference weighs each seed alike, so it is not the difference of the means where runs are missing"
)
VARIED = "a seed sets the order of the data, the augmentation and the initial weights of what is new"


def _detect(recipe: str, *values: float, **other: Any) -> list[Record]:
    return [
        record(recipe, "detect", seed, {"map_voc07": value}, **other) for seed, value in enumerate(values)
    ]


def test_several_seeds_are_noted_with_what_a_seed_varies() -> None:
    records = top1("B", 0.5, 0.6) + top1("D", 0.6, 0.75)

    assert compare(records, suite="s", baseline="B").notes == (INTERVALS, HOLM, VARIED, HELD)


def test_one_seed_is_noted_to_have_no_interval() -> None:
    records = top1("B", 0.5) + top1("D", 0.6)

    comparison = compare(records, suite="s", baseline="B")

    assert comparison.notes == (
        "one seed: no spread, and no interval of the paired difference over seeds",
        HELD,
    )


def test_a_backbone_shared_by_all_seeds_is_told_from_one_for_every_seed() -> None:
    records = _detect("B", 0.5, 0.6) + _detect("D", 0.6, 0.75, weights={"sha256": "same"})

    comparison = compare(records, suite="s", baseline="B")

    assert comparison.notes[4:] == (
        "varied: pretraining and transfer, as every seed has a backbone of its own, for B",
        "varied: the transfer alone, as all seeds share one backbone, for D: its pretraining adds no spread",
    )


def test_backbones_that_were_fine_tuned_again_are_noted() -> None:
    runs = [
        record(name, "detect", seed, {"map_area": 0.5 + seed / 9}, pretraining_seed=seed % 2)
        for name in ("B", "D")
        for seed in range(4)
    ]
    runs = [run.model_copy(update={"weights": {"sha256": f"{run.recipe}{run.seed % 2}"}}) for run in runs]

    assert compare(runs, suite="s", baseline="B").notes[-1] == (
        "varied: pretraining and transfer, for B, D: each backbone was fine-tuned several times, and an "
        "interval is over backbones, after the mean of their transfers"
    )


def test_a_lone_common_seed_and_equal_differences_are_noted() -> None:
    records = top1("B", 0.5, 0.6) + top1("C", 0.6) + top1("D", 0.6, 0.7)

    comparison = compare(records, suite="s", baseline="B")

    assert comparison.notes == (
        INTERVALS,
        "where only one seed is common with the baseline: no interval",
        "where every seed gives the same difference, its spread is unknown: no interval",
        UNEVEN,
        VARIED,
        HELD,
        "C lacks seed 1 of classify",
    )


def test_recipes_of_the_suite_that_have_not_run_are_noted() -> None:
    comparison = compare(top1("B", 0.5), suite="s", baseline="B", order=("B", "C", "D"))

    assert comparison.notes == ("C has no finished run", "D has no finished run")


def test_what_teachers_cost_is_noted_last() -> None:
    records = [
        *top1("B", 0.5),
        *top1("C", 0.6, teacher=taught(40.2, 362)),
        *top1("D", 0.6, teacher=taught(9, None)),
    ]

    comparison = compare(records, suite="s", baseline="B")

    assert comparison.notes[2:] == (
        "cost of C: 40 s of it the teacher's forward passes; training the teacher took 6 min 02 s more",
        "cost of D: 9 s of it the teacher's forward passes; nothing tells what training the teacher took",
    )


def test_different_devices_are_noted() -> None:
    records = top1("B", 0.5) + top1("D", 0.6, machine={"device": "cuda"})

    comparison = compare(records, suite="s", baseline="B")

    assert comparison.notes[-1] == "the runs used different devices (cpu, cuda): their costs do not compare"


def test_a_mark_is_noted_with_what_follows_from_it() -> None:
    records = top1("B", 0.5) + top1("C", 0.6, data={"fingerprint": "b" * 64})
    records += top1("D", 0.6, machine={"device": "cpu", "torch": "9"})

    notes = compare(records, suite="s", baseline="B").notes

    assert notes[2:] == (
        "* C, classify: saw data bbbbbbbbbbbb, B saw aaaaaaaaaaaa; no difference is given",
        "* D, classify: ran under torch 9, B under torch unknown; the difference may hold that too",
    )


def test_a_protocol_that_the_baseline_lacks_is_noted() -> None:
    records = top1("B", 0.5) + top1("D", 0.6, protocol="other@1")

    notes = compare(records, suite="s", baseline="B").notes

    assert notes == ("classify by other@1: B has no run of it, so no difference is given",)


def test_seeds_that_are_missing_by_one_protocol_of_two_name_it() -> None:
    records = top1("B", 0.5, 0.6) + top1("D", 0.6, 0.7)
    records += top1("B", 0.5, 0.6, protocol="x@1") + top1("D", 0.6, protocol="x@1")

    notes = compare(records, suite="s", baseline="B").notes

    assert notes[-1] == "D lacks seed 1 of classify by x@1"


def test_where_only_details_have_intervals_the_correction_has_no_number() -> None:
    runs = [
        record(name, "detect", seed, {"map_area": gain, "lost_missed": 0.1 + gain * seed})
        for name, gain in (("B", 0.5), ("D", 0.6))
        for seed in (0, 1)
    ]

    notes = compare(runs, suite="s", baseline="B").notes

    assert "\u2020 p < 0.05 after Holm's correction within each table" in notes


def _again(recipe: str, values: Mapping[int, float], weights: Mapping[str, Any]) -> list[Record]:
    """Returns transfers of two backbones; those of seed 1000 on are the second of seed 0 on."""
    return [
        record(recipe, "detect", s, {"map_area": v}, pretraining_seed=s % 1000, weights=dict(weights))
        for s, v in values.items()
    ]


def test_one_initialisation_that_was_fine_tuned_again_is_no_backbone_of_its_own() -> None:
    values = {0: 0.5, 1: 0.6, 1000: 0.52, 1001: 0.61}
    runs = _again("B", values, {"was_random": True}) + _again("D", values, {"was_random": True})

    notes = compare(runs, suite="s", baseline="B").notes

    assert not [note for note in notes if "a backbone of its own" in note]
    assert notes[-1].startswith("varied: pretraining and transfer, for B, D: each backbone was fine-tuned ")


def test_what_a_difference_pairs_and_what_an_sd_mixes_are_said() -> None:
    values = {0: 0.5, 1: 0.6, 1000: 0.52, 1001: 0.61}
    runs = _again("B", values, {"was_random": True})
    runs += _again("D", {s: v + s / 5000 for s, v in values.items()}, {"was_random": True})

    whole, lacking = (compare(some, suite="s", baseline="B").notes for some in (runs, runs[:-1]))

    pairs = (
        "differences pair the 2 seeds, after the mean of their transfers; an sd is over runs and mixes seeds "
        "and transfers"
    )
    assert pairs in whole and pairs in lacking
    assert UNEVEN in lacking and UNEVEN not in whole


def test_which_table_has_which_seeds_of_pretraining_is_said() -> None:
    runs = _detect("B", 0.5, 0.6)
    runs += [record("B", "segment", seed, {"miou": 0.5}, weights={"sha256": "one"}) for seed in (0, 1)]
    runs += [record("D", "segment", seed, {"miou": 0.6}) for seed in (0, 1)]

    notes = compare(runs, suite="s", baseline="B").notes

    assert (
        "varied for B: in detect pretraining and transfer, a backbone a seed; in segment the transfer alone"
    ) in notes


def test_many_recipes_that_lack_the_same_are_one_note() -> None:
    order = ("B", *(f"R{i}" for i in range(100)))

    notes = compare(top1("B", 0.5), suite="s", baseline="B", order=order).notes

    assert notes == ("R0, R1, R2 and 97 more have no finished run",)
