"""The rate of a step, against the released log and against the loop."""

from pathlib import Path

import pytest

from tests.recipes.files import PLAN, recipe_file
from transferbench.engine.plan import Plan
from transferbench.errors import ConfigError
from transferbench.recipes.load import load_recipe
from transferbench.recipes.rate import rates
from transferbench.recipes.recipe import Recipe

SMOOTH = load_recipe("resnet50_d_smooth")
STEPS = 1251


def message(recipe: Recipe, *steps: int, steps_per_epoch: int | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        rates(recipe, steps, steps_per_epoch=steps_per_epoch)
    return str(caught.value)


def test_rates_are_those_of_the_released_log() -> None:
    found = rates(SMOOTH, [49, 60 * STEPS + 249], steps_per_epoch=STEPS)

    assert [f"{rate:.6f}" for rate in found.values()] == ["0.003133", "0.212563"]


def test_rates_are_the_formula_written_out() -> None:
    from math import cos, pi

    found = rates(SMOOTH, [0, 49, 6255, 75309, 150119], steps_per_epoch=STEPS)

    decayed = [0.4 * (1 + cos(pi * (step - 6255) / (115 * STEPS))) / 2 for step in (6255, 75309, 150119)]
    assert list(found.values()) == pytest.approx([0, 0.4 * 49 / 6255, *decayed], abs=1e-15)


def test_the_published_count_of_pictures_gives_the_steps_of_an_epoch() -> None:
    assert rates(SMOOTH, [49]) == rates(SMOOTH, [49], steps_per_epoch=STEPS)
    inception = load_recipe("inception_v3_baseline")
    assert rates(inception, [30 * 5004 - 1, 30 * 5004]) == pytest.approx({150119: 0.1, 150120: 0.01})


def test_rates_are_those_that_the_loop_takes(tmp_path: Path) -> None:
    from tests.engine.linear import job
    from transferbench.engine.loop import fit

    plan = Plan(epochs=8, batch_size=8, lr=0.1)  # 5 of them warmup
    recipe = Recipe(name="r", arch="mini_b", plan=plan, tricks=SMOOTH.tricks)
    taken: dict[int, float] = {}

    training = job(tmp_path, plan=plan, bag=SMOOTH.tricks.model_copy(update={"zero_gamma": None}))
    fit(training, lambda step: taken.update({step.step: step.lr}))

    assert taken == rates(recipe, list(taken), steps_per_epoch=len(training.batches))


def test_a_step_beyond_the_end_is_told() -> None:
    end = 120 * STEPS

    assert message(SMOOTH, 0, end, end + 7) == (
        "resnet50_d_smooth: --rate: expected steps from 0 to 150119, found 150120, 150127; give earlier ones"
    )
    assert rates(SMOOTH, [end - 1])


def test_a_batch_of_more_pictures_than_there_are_is_told() -> None:
    recipe = load_recipe("resnet50_d_smooth", sets=["plan.batch_size=2000000"])

    assert message(recipe, 0) == (
        "plan.batch_size: expected at most the 1281167 training pictures of 'imagenet@1', found 2000000, "
        "of which there is no step; take a smaller batch"
    )


def test_data_without_a_published_count_need_the_steps_of_an_epoch(tmp_path: Path) -> None:
    recipe = load_recipe(recipe_file(tmp_path, protocol="small-pictures@1", plan=PLAN))

    assert message(recipe, 0) == (
        "--steps-per-epoch: expected a number, as nothing says how many pictures 'small-pictures@1' has, "
        "found none; give training pictures over batch, rounded down"
    )
    assert rates(recipe, [0], steps_per_epoch=4) == {0: 0.1}


def test_what_is_not_trained_has_no_rate() -> None:
    assert message(load_recipe("mini_random"), 0, steps_per_epoch=4) == (
        "mini_random: expected a recipe with a plan, found one whose weights are 'random:mini_d'; "
        "nothing of it has a rate"
    )
