"""What holds for every trick."""

import json
import subprocess
import sys
import tomllib
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from transferbench.backbones.catalog import create
from transferbench.tricks.bag import TRICKS, Bag
from transferbench.tricks.base import ParameterGroup, Progress, Trick

SETTINGS: dict[str, dict[str, Any]] = {"distillation": {"teacher": "runs/teacher"}}


@pytest.fixture(params=TRICKS)
def trick(request: pytest.FixtureRequest) -> Trick:
    made = TRICKS[request.param](**SETTINGS.get(request.param, {}))
    made.prepare(create("mini_b"), lambda name: _classifier())
    return made


def test_there_are_the_eight_of_the_paper_in_the_order_they_act() -> None:
    assert list(TRICKS) == [
        "linear_scaling",
        "zero_gamma",
        "no_bias_decay",
        "cosine",
        "warmup",
        "label_smoothing",
        "mixup",
        "distillation",
    ]


@pytest.mark.parametrize("name", TRICKS)
def test_a_trick_says_what_it_does_and_where_it_comes_from(name: str) -> None:
    trick = TRICKS[name]

    assert "He et al. 2019, section" in trick.source
    assert (trick.__doc__ or "").rstrip().endswith(".")
    assert trick.__doc__ != Trick.__doc__


def test_a_trick_acts_on_at_least_one_seam(trick: Trick) -> None:
    seams = [name for name in vars(Trick) if not name.startswith("_") and callable(getattr(Trick, name))]

    assert any(name in vars(type(trick)) for name in seams)


def test_groups_of_parameters_stay_groups(trick: Trick) -> None:
    groups = trick.group_parameters([ParameterGroup(list(create("mini_b").parameters()))])

    assert all(isinstance(group, ParameterGroup) for group in groups)


def test_the_share_of_the_peak_stays_between_none_and_all(trick: Trick) -> None:
    share = trick.reshape_schedule(lambda progress: 1.0)

    shares = [share(Progress(epoch / 4, 20)) for epoch in range(80)]

    assert all(0 <= share <= 1 for share in shares)
    assert trick.scale_lr(0.1, 256) > 0


def test_targets_stay_distributions(trick: Trick) -> None:
    targets_NK = nn.functional.one_hot(torch.tensor([0, 2, 2]), 5).double()

    softened_NK = trick.soften(targets_NK)

    torch.testing.assert_close(softened_NK.sum(dim=1), torch.ones(3, dtype=torch.float64))
    assert (softened_NK >= 0).all()


def test_a_batch_stays_a_batch(trick: Trick) -> None:
    images_NCHW, targets_NK = torch.rand(4, 3, 8, 8), torch.eye(4)

    mixed_NCHW, mixed_NK = trick.mix(images_NCHW, targets_NK, Random(0))

    assert (mixed_NCHW.shape, mixed_NCHW.dtype) == (images_NCHW.shape, images_NCHW.dtype)
    torch.testing.assert_close(mixed_NK.sum(dim=1), torch.ones(4))


def test_the_loss_stays_one_number(trick: Trick) -> None:
    logits_NK = torch.zeros(4, 5, requires_grad=True)

    loss = trick.reshape_loss(
        logits_NK.sum(), images_NCHW=torch.rand(4, 3, 8, 8), logits_NK=logits_NK, targets_NK=torch.eye(5)[:4]
    )

    assert loss.shape == ()
    assert loss.requires_grad


@pytest.mark.parametrize("write", [Bag.model_dump_json, lambda bag: json.dumps(bag.model_dump())])
@pytest.mark.parametrize("name", TRICKS)
def test_a_trick_comes_back_from_json(name: str, write: Callable[[Bag], str]) -> None:
    bag = Bag.model_validate({name: SETTINGS.get(name, True)})

    assert Bag.model_validate_json(write(bag)) == bag


@pytest.mark.parametrize("name", TRICKS)
def test_a_trick_takes_no_unknown_setting(name: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Bag.model_validate({name: SETTINGS.get(name, {}) | {"alfa": 1}})

    assert [fault["loc"] for fault in caught.value.errors()] == [(name, "alfa")]


def test_a_table_of_toml_says_which_are_on() -> None:
    table = tomllib.loads("mixup = { alpha = 0.4 }\ncosine = true\nwarmup = false\nlabel_smoothing = {}")

    bag = Bag.model_validate(table)

    assert [type(trick).__name__ for trick in bag.tricks()] == ["Cosine", "LabelSmoothing", "Mixup"]
    assert bag.mixup is not None
    assert bag.mixup.alpha == 0.4


def test_no_trick_imports_torch() -> None:
    code = "import sys, transferbench.tricks.bag; print('torch' in sys.modules)"

    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert result.stdout == "False\n"


def _classifier() -> nn.Module:
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 5))
