import math

import pytest
from pydantic import ValidationError
from torch import nn

from transferbench.engine.plan import AdamW, Plan, Poly, Sgd, Step
from transferbench.tricks.base import ParameterGroup, Progress


def test_steps_multiply_at_their_epochs() -> None:
    share = Step(name="step", at_epochs=(30, 60), factor=0.1).share

    assert [share(Progress(e, 90)) for e in (0, 29.99, 30, 60)] == pytest.approx([1, 1, 0.1, 0.01])


def test_poly_falls_from_one_to_zero_by_its_power() -> None:
    share = Poly(name="poly", power=0.9).share

    assert [share(Progress(e, 10)) for e in (0, 5, 10)] == pytest.approx([1, 0.5**0.9, 0])


def test_a_warmup_of_the_plan_rises_to_the_peak() -> None:
    rate = Plan(epochs=10, batch_size=1, lr=1, warmup_epochs=2).rate()

    assert [rate(Progress(e, 10)) for e in (0, 1, 2, 6, 10)] == pytest.approx(
        [0, 0.5, 1, (1 + math.cos(math.pi / 2)) / 2, 0], abs=1e-12
    )


def test_the_optimizer_keeps_what_a_group_says() -> None:
    groups = [
        ParameterGroup([nn.Parameter()], lr_scale=10),
        ParameterGroup([nn.Parameter()], decays=False),
    ]

    for optimizer in (Sgd(weight_decay=0.1).over(groups, 1.0), AdamW(name="adamw").over(groups, 1.0)):
        heads, norms = optimizer.param_groups
        assert (heads["lr_scale"], norms["lr_scale"]) == (10, 1)
        assert norms["weight_decay"] == 0 < heads["weight_decay"]


def test_a_setting_of_another_optimizer_is_refused() -> None:
    with pytest.raises(ValidationError, match="momentum"):
        Plan.model_validate(
            {"epochs": 1, "batch_size": 1, "lr": 1, "optimizer": {"name": "adamw", "momentum": 0.9}}
        )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"accumulate": 3}, "'batch_size' must be a multiple of 'accumulate', 4 is none of 3"),
        (
            {"optimizer": {"name": "sgd", "nesterov": True, "momentum": 0}},
            "'nesterov' needs a 'momentum' above 0",
        ),
    ],
)
def test_settings_that_cannot_work_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Plan.model_validate({"epochs": 1, "batch_size": 4, "lr": 1, **change})
