from typing import Any

import pytest

from tests.fabricate.records import record, top1
from transferbench.reports.comparing.marks import mark_of
from transferbench.reports.rows import Mark


def _mark(ours: dict[str, Any], theirs: dict[str, Any] | None = None, task: str = "detect") -> Mark | None:
    """Returns the mark of one run beside one of the recipe B."""
    own, other = (record(name, task, 0, {}, **(more or {})) for name, more in (("D", ours), ("B", theirs)))
    return mark_of({0: own}, {0: other}, "B")


def _with_plan(**plan: Any) -> dict[str, Any]:
    return {
        "resolved": {"protocol": {"crop": 1, "plan": {"lr": 1}}, "plan": {"lr": 1, "batch_size": 8} | plan}
    }


def test_runs_of_the_same_settings_data_and_software_have_no_mark() -> None:
    assert _mark({}) is None
    assert _mark(_with_plan(), _with_plan()) is None


def test_settings_of_ones_own_are_named_and_do_not_compare() -> None:
    mark = _mark(_with_plan(epochs=3), _with_plan())

    assert mark == Mark("ran with settings of its own, not those of B: plan.epochs", is_comparable=False)


def test_of_many_settings_the_first_are_named() -> None:
    ours = {"resolved": {"protocol": dict.fromkeys("abcde", 1)}}

    mark = _mark(ours, {"resolved": {"protocol": {}}})

    assert mark is not None
    assert mark.reason.endswith(": protocol.a, protocol.b, protocol.c and 2 more")


def test_a_rate_that_follows_the_batch_is_no_departure_of_its_own() -> None:
    mark = _mark(_with_plan(batch_size=16, lr=2), _with_plan())

    assert mark == Mark("ran with settings of its own, not those of B: plan.batch_size", is_comparable=False)


@pytest.mark.parametrize("setting", [{"accumulate": 4}, {"compile": True}, {"channels_last": True}])
def test_how_steps_are_worked_off_is_no_departure(setting: dict[str, Any]) -> None:
    assert _mark(_with_plan(**setting), _with_plan()) is None


def test_the_plan_of_a_pretraining_is_its_recipes_own() -> None:
    assert _mark(_with_plan(epochs=3), _with_plan(), "classify") is None


def test_other_data_do_not_compare() -> None:
    mark = _mark({"data": {"fingerprint": "b" * 64}})

    assert mark == Mark("saw data bbbbbbbbbbbb, B saw aaaaaaaaaaaa", is_comparable=False)


@pytest.mark.parametrize("key", ["torch", "torchvision", "transferbench"])
def test_other_versions_compare_with_a_reason(key: str) -> None:
    mark = _mark({"machine": {key: "2"}}, {"machine": {key: "1"}})

    assert mark == Mark(f"ran under {key} 2, B under {key} 1", is_comparable=True)


def test_another_device_and_another_precision_compare_with_a_reason() -> None:
    ours = {"machine": {"device": "H100", "precision": "bf16"}}

    mark = _mark(ours, {"machine": {"device": "cpu", "precision": "fp32"}})

    assert mark == Mark("ran on H100, B on cpu; ran in bf16, B in fp32", is_comparable=True)


def test_the_precision_of_a_recipe_is_no_departure() -> None:
    ours, theirs = (
        {"resolved": {"recipe": {"plan": {"precision": one}}, "plan": {"precision": one}}}
        for one in ("fp16", "fp32")
    )

    assert _mark(ours, theirs, "classify") is None


def test_runs_of_a_baseline_that_differ_among_themselves_mark_it() -> None:
    first, second = top1("B", 0.5, 0.6)
    mixed = {0: first, 1: second.model_copy(update={"data": {"fingerprint": "b" * 64}})}

    mark = mark_of(mixed, mixed, "B")

    assert mark is not None and not mark.is_comparable
