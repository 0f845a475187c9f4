"""What holds for every trick."""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import nn
from torch.optim.swa_utils import AveragedModel

from transferbench.backbones.catalog import create
from transferbench.tricks.bag import TRICKS, Bag
from transferbench.tricks.base import ParameterGroup, Progress, Trick

PAPER = (
    "linear_scaling",
    "zero_gamma",
    "no_bias_decay",
    "cosine",
    "warmup",
    "label_smoothing",
    "mixup",
    "distillation",
)
SETTINGS: dict[str, dict[str, Any]] = {
    "distillation": {"teacher": "runs/teacher"},
    "progressive_size": {"epochs": 8},
}


@pytest.fixture(params=TRICKS)
def trick(request: pytest.FixtureRequest) -> Trick:
    made = TRICKS[request.param](**SETTINGS.get(request.param, {}))
    made.prepare(create("mini_b"), lambda name: _classifier())
    return made


def test_they_act_in_this_order() -> None:
    assert list(TRICKS) == [
        *("linear_scaling", "zero_gamma", "no_bias_decay", "cosine", "warmup"),
        *("progressive_size", "rand_augment", "random_erasing"),
        *("label_smoothing", "mixup", "cutmix", "binary_cross_entropy", "distillation", "ema"),
    ]


@pytest.mark.parametrize("name", TRICKS)
def test_a_trick_says_what_it_does_and_where_it_comes_from(name: str) -> None:
    trick = TRICKS[name]

    assert re.match(r"[A-Z][a-z]+ (et al\.|& [A-Z][a-z]+|)? ?\d{4}", trick.source)
    assert ("He et al. 2019, section" in trick.source) == (name in PAPER)
    assert trick.source.endswith("not in He et al. 2019") == (name not in PAPER)
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


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_a_batch_stays_a_batch(trick: Trick, layout: torch.memory_format) -> None:
    images_NCHW = torch.rand(4, 3, 8, 8).contiguous(memory_format=layout)

    mixed_NCHW, mixed_NK = trick.mix(images_NCHW, torch.eye(4), Random(0))

    assert (mixed_NCHW.shape, mixed_NCHW.dtype) == (images_NCHW.shape, images_NCHW.dtype)
    assert mixed_NCHW.is_contiguous(memory_format=layout)
    assert mixed_NCHW.min() >= 0 and mixed_NCHW.max() <= 1
    torch.testing.assert_close(mixed_NK.sum(dim=1), torch.ones(4))


def test_the_batch_that_is_mixed_and_the_global_generator_stay_as_they_are(trick: Trick) -> None:
    images_NCHW, targets_NK = torch.rand(4, 3, 8, 8), torch.eye(4)
    before, state = images_NCHW.clone(), torch.get_rng_state()

    trick.mix(images_NCHW, targets_NK, Random(0))

    assert torch.equal(images_NCHW, before)
    assert torch.equal(targets_NK, torch.eye(4))
    assert torch.equal(torch.get_rng_state(), state)


def test_a_picture_stays_a_picture_of_bytes_and_its_source_is_not_written(trick: Trick) -> None:
    picture_HW3 = np.random.default_rng(0).integers(256, size=(24, 40, 3), dtype=np.uint8)
    picture_HW3.flags.writeable = False
    before = picture_HW3.copy()

    distorted = [trick.distort(picture_HW3, np.random.default_rng(seed)) for seed in range(16)]

    assert {(found.shape, found.dtype) for found in distorted} == {((24, 40, 3), np.dtype("uint8"))}
    assert np.array_equal(picture_HW3, before)


@pytest.mark.parametrize("side", [1, 31, 32, 64, 224, 299])
def test_the_side_grows_to_the_full_one_and_no_further(trick: Trick, side: int) -> None:
    sides = [trick.input_side(side, epoch) for epoch in range(12)]

    assert sides == sorted(sides)
    assert min(sides) > 0
    assert sides[-1] == side


def test_an_average_has_the_models_tensors_and_leaves_them_alone(trick: Trick) -> None:
    model = create("mini_b")
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}

    average = trick.average(model)

    if average is not None:
        assert isinstance(average, AveragedModel)
        average.update_parameters(model)
        torch.testing.assert_close(average.module.state_dict(), before, rtol=0, atol=0)
    torch.testing.assert_close(model.state_dict(), before, rtol=0, atol=0)


def test_no_step_reads_a_value_back_from_the_device(trick: Trick) -> None:
    images_NCHW = torch.rand(4, 3, 8, 8, device="meta")  # without values: reading one raises
    logits_NK = torch.rand(4, 5, device="meta")

    targets_NK = trick.soften(torch.rand(4, 5, device="meta"))
    mixed_NCHW, mixed_NK = trick.mix(images_NCHW, targets_NK, Random(0))
    loss = trick.reshape_loss(
        logits_NK.sum(), images_NCHW=mixed_NCHW, logits_NK=logits_NK, targets_NK=mixed_NK
    )

    assert (mixed_NCHW.shape, mixed_NK.shape, loss.shape) == ((4, 3, 8, 8), (4, 5), ())


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
