import pytest

from tests.fabricate.records import record, top1
from transferbench.errors import ConfigError
from transferbench.reports.comparing.parts import parts_of


def test_runs_are_sorted_by_task_then_by_protocol() -> None:
    runs = [record("B", "segment", 0, {"miou": 0.5}), *top1("B", 0.5, protocol="b@1"), *top1("B", 0.5)]

    parts = parts_of(runs, "s")

    found = [(part.task, part.protocol) for part in parts]
    assert found == [("classify", "b@1"), ("classify", "miniature@1"), ("segment", "miniature@1")]


def test_a_recipe_that_saw_two_data_sets_parts_its_protocol_by_data() -> None:
    other = {"fingerprint": "b" * 64}
    runs = top1("B", 0.5) + top1("B", 0.6, data=other, identity="f" * 64) + top1("D", 0.7, data=other)

    parts = parts_of(runs, "s")

    assert [(part.protocol, list(part.runs)) for part in parts] == [
        ("miniature@1, data aaaaaaaaaaaa", ["B"]),
        ("miniature@1, data bbbbbbbbbbbb", ["B", "D"]),
    ]


def test_recipes_that_saw_one_data_set_each_stay_together() -> None:
    runs = top1("B", 0.5) + top1("D", 0.6, data={"fingerprint": "b" * 64})

    (part,) = parts_of(runs, "s")

    assert (part.protocol, list(part.runs)) == ("miniature@1", ["B", "D"])


def test_seeds_stand_in_order_whatever_the_order_of_runs() -> None:
    (part,) = parts_of(top1("B", 0.5, 0.6, 0.7)[::-1], "s")

    assert list(part.runs["B"]) == [0, 1, 2]


def test_two_different_runs_for_one_place_are_told() -> None:
    runs = top1("B", 0.5) + top1("B", 0.6, identity="f" * 64)

    with pytest.raises(ConfigError) as error:
        parts_of(runs, "mini")

    assert str(error.value) == (
        "mini: expected one run of classify by miniature@1 for recipe 'B' and seed 0, found two that differ "
        "(B-classify-0 and ffffffffffff); compare their folders apart, or give one recipe another name"
    )


def test_one_identity_with_other_scores_is_another_run() -> None:
    runs = top1("B", 0.5) + top1("B", 0.6)

    with pytest.raises(ConfigError, match="found two that differ"):
        parts_of(runs, "mini")
