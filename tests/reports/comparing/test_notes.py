from typing import Any

from tests.fabricate.records import record, taught, top1
from transferbench.reports.comparing.comparison import compare
from transferbench.reports.comparing.notes import HELD
from transferbench.runs.record import Record

INTERVALS = "95 % intervals of the paired difference over seeds (Student's t), each by itself"
HOLM = "\u2020 p < 0.05 after Holm's correction within each table, for 1 difference"
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
        "varied: the transfer alone, as all seeds share one backbone, for D: it adds no spread",
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
