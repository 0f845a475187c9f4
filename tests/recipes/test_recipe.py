"""What a recipe may say, and how it is told what it may not."""

from pathlib import Path
from typing import Any

import pytest

from tests.fabricate.toml import write_toml
from tests.recipes.files import PLAN, recipe_file, student_file
from transferbench.errors import ConfigError
from transferbench.recipes.load import load_recipe


def message(path: str) -> str:
    """Returns what is said of a faulty recipe, its path left out."""
    with pytest.raises(ConfigError) as caught:
        load_recipe(path)
    return str(caught.value).replace(path, "FILE")


def test_a_recipe_is_named_after_its_file(tmp_path: Path) -> None:
    assert load_recipe(recipe_file(tmp_path, "my-own.toml")).name == "my-own"


def test_a_recipe_may_name_itself(tmp_path: Path) -> None:
    assert load_recipe(recipe_file(tmp_path, name="other")).name == "other"


def test_a_recipe_with_weights_is_not_trained(tmp_path: Path) -> None:
    path = write_toml(tmp_path / "r.toml", {"weights": "random:mini_b"})

    assert not load_recipe(str(path)).is_trained_here
    assert load_recipe(recipe_file(tmp_path)).is_trained_here


def test_a_misspelt_key_is_told_with_the_nearest(tmp_path: Path) -> None:
    path = recipe_file(tmp_path, tricks={"mixup": {"alpa": 0.2}})

    assert message(path) == (
        "FILE: expected a recipe, found 1 fault:\n"
        "  tricks.mixup.alpa: unknown key; the nearest is 'alpha'"
    )  # fmt: skip


def test_two_faults_are_both_told(tmp_path: Path) -> None:
    path = recipe_file(tmp_path, plan=PLAN | {"lr": -0.1}, tricks={"mixpu": True})

    assert message(path) == (
        "FILE: expected a recipe, found 2 faults:\n"
        "  plan.lr: expected a number above 0, found -0.1\n"
        "  tricks.mixpu: unknown key; the nearest is 'mixup'"
    )


def test_a_key_that_is_missing_and_one_too_many_are_both_told(tmp_path: Path) -> None:
    path = recipe_file(tmp_path, plan={"epoch": 2, "batch_size": 8, "lr": 0.1})

    assert message(path) == (
        "FILE: expected a recipe, found 2 faults:\n"
        "  plan.epochs: expected a value, found none; add the key\n"
        "  plan.epoch: unknown key; the nearest is 'epochs'"
    )


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"weights": "random:mini_b"},
            "'weights' says where the backbone comes from, so this would have no effect: 'arch', 'plan'; "
            "remove one or the other",
        ),
        (
            {"weights": "random:mini_b", "arch": None, "plan": None, "init": "released"},
            "'weights' says where the backbone comes from, so this would have no effect: 'init'; "
            "remove one or the other",
        ),
        ({"arch": None}, "either 'weights' or both 'arch' and 'plan' are needed; missing: 'arch'"),
        (
            {"plan": PLAN | {"optimizer": {"name": "adamw", "momentum": 0.9}}},
            "plan.optimizer.adamw.momentum: unknown key; there are 'betas', 'name', 'weight_decay'",
        ),
        (
            {"plan": PLAN | {"warmup_epochs": 1.0}, "tricks": {"warmup": True}},
            "'plan.warmup_epochs' and 'tricks.warmup' would both raise the rate from zero; "
            "remove one or the other",
        ),
    ],
)
def test_a_setting_without_effect_is_refused(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    path = recipe_file(tmp_path, **changes)

    assert message(path) == f"FILE: expected a recipe, found 1 fault:\n  {told}"


def test_fresh_weights_are_drawn_as_asked(tmp_path: Path) -> None:
    assert load_recipe(recipe_file(tmp_path)).init == "he"
    assert load_recipe(recipe_file(tmp_path, init="paper")).init == "paper"
    assert "init: expected 'he', 'paper' or 'released'" in message(recipe_file(tmp_path, init="xavier"))


def test_a_recipe_is_taught_by_another_by_weights_or_by_nobody(tmp_path: Path) -> None:
    weights = recipe_file(tmp_path, "weights.toml", tricks={"distillation": {"teacher": "runs/tall"}})

    taught = [student_file(tmp_path, "student.toml", "tall"), weights, recipe_file(tmp_path)]

    assert [load_recipe(path).teacher for path in taught] == ["tall", None, None]


LATE: dict[str, Any] = {"schedule": {"name": "step", "at_epochs": [1, 2, 7.5]}}


def test_a_drop_of_the_rate_after_the_end_is_refused(tmp_path: Path) -> None:
    assert message(recipe_file(tmp_path, plan=PLAN | LATE)) == (
        "FILE: plan.schedule.at_epochs: expected epochs before the end at 2, found 2, 7.5, which would have "
        "no effect; take it out, or train longer"
    )


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        ("plan.warmup_epochs", {"plan": PLAN | {"warmup_epochs": 2}}),
        ("tricks.warmup.epochs", {"tricks": {"warmup": {"epochs": 2.0}}}),
    ],
)
def test_a_warmup_that_never_ends_is_refused(tmp_path: Path, key: str, changes: dict[str, Any]) -> None:
    assert message(recipe_file(tmp_path, **changes)) == (
        f"FILE: {key}: expected epochs before the end at 2, found 2, which would have no effect; "
        "take it out, or train longer"
    )


def test_a_schedule_that_cosine_replaces_may_stand(tmp_path: Path) -> None:
    assert load_recipe(recipe_file(tmp_path, plan=PLAN | LATE, tricks={"cosine": True}))


def test_a_one_off_change_may_cut_a_training_short(tmp_path: Path) -> None:
    steps = {"schedule": {"name": "step", "at_epochs": [1]}}

    recipe = load_recipe(recipe_file(tmp_path, plan=PLAN | steps), sets=["plan.epochs=1"])

    assert recipe.plan is not None and recipe.plan.epochs == 1


def test_an_unknown_backbone_is_told_with_the_nearest(tmp_path: Path) -> None:
    assert message(recipe_file(tmp_path, arch="resnet50d")) == (
        "FILE: expected a recipe, found 1 fault:\n"
        "  arch: there is no backbone of that name, the nearest is 'resnet50_d'; found 'resnet50d'"
    )


def test_a_warmup_of_the_plan_alone_is_legal(tmp_path: Path) -> None:
    path = recipe_file(tmp_path, plan=PLAN | {"warmup_epochs": 1.0}, tricks={"warmup": False})

    assert load_recipe(path).tricks.warmup is None


def test_the_papers_numbers_are_fractions(tmp_path: Path) -> None:
    path = str(tmp_path / "r.toml")
    Path(path).write_text('weights = "random:mini_b"\n[paper]\n"classify/top1" = 76.2\n')

    assert "paper.classify/top1: expected 1 or less, found 76.2" in message(path)
