"""The rate that follows from the batch."""

import pytest

from transferbench.engine.plan import AdamW, Plan
from transferbench.recipes.load import load_protocol
from transferbench.recipes.scaling import sets_with_rate

SGD_PLAN = Plan(epochs=1, batch_size=4, lr=0.001)


def test_four_times_the_batch_is_four_times_the_rate_with_sgd() -> None:
    assert sets_with_rate(SGD_PLAN, ["plan.batch_size=16"]) == ("plan.batch_size=16", "plan.lr=0.004")


def test_four_times_the_batch_is_twice_the_rate_with_adamw() -> None:
    plan = SGD_PLAN.model_copy(update={"optimizer": AdamW(name="adamw")})

    assert sets_with_rate(plan, ["plan.batch_size=16"])[-1] == "plan.lr=0.002"


@pytest.mark.parametrize(
    "sets",
    [
        [],
        ["plan.epochs=2"],
        ["plan.batch_size=4"],
        ["plan.batch_size=many"],
        ["plan.batch_size=0"],
        ["plan.batch_size = 8", "plan.lr = 1"],
    ],
)
def test_a_rate_that_is_named_wins_and_nothing_else_brings_one(sets: list[str]) -> None:
    assert sets_with_rate(SGD_PLAN, sets) == tuple(sets)


def test_a_protocol_obeys_the_rate_of_its_batch() -> None:
    plan = load_protocol("detect", "voc07-c4@1", sets=["plan.batch_size=16"]).plan

    assert plan is not None
    assert (plan.batch_size, plan.lr) == (16, 0.004)
