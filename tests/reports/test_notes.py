from typing import Any

from tests.fabricate.records import record, taught, top1
from transferbench.reports.comparison import compare
from transferbench.runs.record import Record

INTERVALS = (
    "95 % intervals of the paired difference over seeds (Student's t), not corrected for many comparisons"
)
VARIED = "a seed sets the order of the data, the augmentation and the initial weights of what is new"


def _detect(recipe: str, *values: float, **other: Any) -> list[Record]:
    return [
        record(recipe, "detect", seed, {"map_voc07": value}, **other) for seed, value in enumerate(values)
    ]


def test_several_seeds_are_noted_with_what_a_seed_varies() -> None:
    records = top1("B", 0.5, 0.6) + top1("D", 0.6, 0.75)

    assert compare(records, suite="s", baseline="B").notes == (INTERVALS, VARIED)


def test_one_seed_is_noted_to_have_no_interval() -> None:
    records = top1("B", 0.5) + top1("D", 0.6)

    comparison = compare(records, suite="s", baseline="B")

    assert comparison.notes == ("one seed: no spread, and no interval of the paired difference",)


def test_a_backbone_shared_by_all_seeds_is_told_from_one_for_every_seed() -> None:
    records = _detect("B", 0.5, 0.6) + _detect("D", 0.6, 0.75, weights={"sha256": "same"})

    comparison = compare(records, suite="s", baseline="B")

    assert comparison.notes[2:] == (
        "every seed has a backbone of its own for B",
        "all seeds share one backbone for D: pretraining adds no spread",
    )


def test_a_lone_common_seed_and_equal_differences_are_noted() -> None:
    records = top1("B", 0.5, 0.6) + top1("C", 0.6) + top1("D", 0.6, 0.7)

    comparison = compare(records, suite="s", baseline="B")

    assert comparison.notes == (
        INTERVALS,
        "where only one seed is common with the baseline: no interval",
        "where every seed gives the same difference, its spread is unknown: no interval",
        VARIED,
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

    assert comparison.notes[1:] == (
        "cost of C: 40 s of it the teacher's forward passes; training the teacher took 6 min 02 s more",
        "cost of D: 9 s of it the teacher's forward passes; nothing tells what training the teacher took",
    )


def test_different_devices_are_noted() -> None:
    records = top1("B", 0.5) + top1("D", 0.6, machine={"device": "cuda"})

    comparison = compare(records, suite="s", baseline="B")

    assert comparison.notes[-1] == "the runs used different devices (cpu, cuda): their costs do not compare"
