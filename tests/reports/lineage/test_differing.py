"""What two runs differ in is told key by key, with what it may do to their scores."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fabricate.records import record
from transferbench.errors import RunError
from transferbench.reports.lineage.differing import Differences, differences
from transferbench.runs.record import Record

SGD = {"batch_size": 8, "lr": 0.1, "optimizer": {"name": "sgd"}, "precision": "fp32"}


def run(*, plan: dict[str, Any] | None = None, tricks: dict[str, Any] | None = None, **other: Any) -> Record:
    recipe = {"name": "a", "arch": "mini_d", "tricks": tricks or {"mixup": None}, "plan": plan or SGD}
    resolved = {"recipe": recipe, "protocol": {"name": "x", "about": "?"}, "plan": plan or SGD}
    fields = {"resolved": resolved, "weights": {"source": "a", "sha256": "1"}, "machine": {"torch": "2"}}
    return record("a", "detect", 0, {"map_voc07": 0.5}, **fields).model_copy(update=other)


def told(found: Differences, kind: Any = "inputs") -> dict[str, tuple[Any, Any, str]]:
    return {each.key: (each.one, each.other, each.follows) for each in found.of(kind)}


def test_a_run_is_equal_to_itself() -> None:
    found = differences(run(), run())

    assert found.found == ()
    assert found.are_equal
    assert found.have_equal_scores


def test_names_places_and_cost_leave_runs_equal() -> None:
    found = differences(
        run(), run(suite="other", wall_seconds=1.0, data={"root": "b", "fingerprint": "a" * 64})
    )

    assert found.are_equal
    assert list(told(found, "names")) == ["suite", "data.root", "wall_seconds"]


def test_a_trick_that_is_off_and_one_that_an_older_record_lacks_are_the_same() -> None:
    found = differences(run(tricks={"mixup": None}), run(tricks={"cosine": {}, "zero_gamma": None}))

    assert told(found) == {"tricks.cosine": (None, "on", "")}


@pytest.mark.parametrize(
    ("optimizer", "lr", "follows"),
    [("sgd", 0.2, "plan.batch_size"), ("adamw", 0.141421, "plan.batch_size"), ("sgd", 0.3, "")],
)
def test_a_rate_that_follows_the_batch_is_told_as_derived(optimizer: str, lr: float, follows: str) -> None:
    plan = SGD | {"optimizer": {"name": optimizer}}

    found = told(differences(run(plan=plan), run(plan=plan | {"batch_size": 16, "lr": lr})))

    assert found["plan.batch_size"] == (8, 16, "")
    assert found["plan.lr"] == (0.1, lr, follows)


def test_numbers_of_pictures_follow_the_data() -> None:
    data = {"root": "data", "fingerprint": "b" * 64}

    found = told(differences(run(), run(data=data, pictures={"train": 41, "val": 20})))

    assert found["data.pictures.train"] == (40, 41, "data.fingerprint")
    assert found["data.fingerprint"][2] == ""


def test_software_and_precision_stand_apart_from_settings() -> None:
    other = run(plan=SGD | {"precision": "bf16"}, machine={"torch": "3"})

    found = differences(run(), other)

    assert told(found, "machine") == {
        "machine.torch": ("2", "3", ""),
        "plan.precision": ("fp32", "bf16", ""),
    }
    assert not found.are_equal


@pytest.mark.parametrize(
    ("field", "other", "key"),
    [
        ("seed", 3, "seed"),
        ("pretraining_seed", 1, "pretraining_seed"),
        ("weights", {"source": "a", "sha256": "2"}, "weights.sha256"),
        ("weights", {"source": "a", "sha256": "1", "shuffled_from": "3"}, "weights.shuffled_from"),
        ("protocol", "miniature@2", "protocol"),
        ("classes", ("ring", "moon"), "data.classes"),
    ],
)
def test_what_goes_into_a_run_may_change_its_scores(field: str, other: Any, key: str) -> None:
    found = differences(run(), run(**{field: other}))

    assert key in told(found)


def test_settings_of_weights_count_and_not_who_told_them() -> None:
    mean = {"value": [0.5], "told_by": "you"}
    one, other = (
        run(weights={"sha256": "1", "settings": {"mean": mean | change}})
        for change in ({}, {"told_by": "a card"})
    )

    assert differences(one, other).are_equal
    assert "weights.settings.mean" in told(differences(one, run(weights={"sha256": "1"})))


def test_scores_that_both_have_stand_side_by_side() -> None:
    found = differences(run(), run(scores={"detect/map_voc07": 0.25, "detect/map_area": 0.5}))

    assert found.scores == {"detect/map_voc07": (0.5, 0.25)}
    assert not found.have_equal_scores


def test_runs_of_two_tasks_are_not_compared() -> None:
    with pytest.raises(RunError, match="expected two runs of one task, found detect and segment"):
        differences(run(), record("b", "segment", 0, {"miou": 0.5}))
