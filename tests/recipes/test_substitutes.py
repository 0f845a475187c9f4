"""Weights that are there in place of a pretraining."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.recipes.files import recipe_file, student_file, suite_file
from transferbench.errors import ConfigError
from transferbench.recipes.load import load_suite, load_teachers
from transferbench.recipes.recipe import Recipe
from transferbench.recipes.substitutes import with_weights
from transferbench.recipes.suite import Suite


def substituted(folder: Path, *, weights: dict[str, str], **changes: Any) -> tuple[Suite, dict[str, Recipe]]:
    """Returns a suite of a plain recipe, a student, and its teacher's student, with other weights."""
    student_file(folder, "student.toml", "tall")
    student_file(folder, "tall.toml", "taller")
    recipe_file(folder, "taller.toml")
    listed = ["mine.toml", "student.toml", *changes.get("inline", {})]
    content = {"recipes": listed, "teachers": ["tall.toml", "taller.toml"]}
    path = suite_file(folder, **content | changes)
    suite, recipes = with_weights(load_suite(path)[0], (*load_suite(path)[1], *load_teachers(path)), weights)
    return suite, {recipe.name: recipe for recipe in recipes}


def test_a_row_keeps_its_name_and_network_and_is_not_trained(tmp_path: Path) -> None:
    suite, recipes = substituted(tmp_path, weights={"mine": "timm:resnet18"})

    assert not recipes["mine"].is_trained_here
    assert (recipes["mine"].weights, recipes["mine"].arch) == ("timm:resnet18", "mini_b")
    assert suite.weights == {"mine": "timm:resnet18"} and suite.recipes == ("mine", "student")


def test_who_taught_the_row_is_no_longer_needed(tmp_path: Path) -> None:
    suite, recipes = substituted(tmp_path, weights={"student": "student.pth"})

    assert list(recipes) == ["mine", "student"] and suite.teachers == ()


def test_a_teacher_may_be_given_too(tmp_path: Path) -> None:
    suite, recipes = substituted(tmp_path, weights={"tall": "tall.pth"})

    assert recipes["tall"].weights == "tall.pth" and suite.teachers == ("tall",)


def test_random_weights_say_themselves_of_which_network_they_are(tmp_path: Path) -> None:
    _, recipes = substituted(tmp_path, weights={"mine": "random:mini_d"})

    assert (recipes["mine"].weights, recipes["mine"].arch) == ("random:mini_d", None)


def test_a_row_with_weights_takes_others_and_keeps_the_rest(tmp_path: Path) -> None:
    inline = {"own": {"weights": "a.pth", "arch": "mini_b", "settings": {"padding": "same"}}}

    _, recipes = substituted(tmp_path, weights={"own": "b.pth"}, inline=inline)

    assert (recipes["own"].weights, recipes["own"].settings) == ("b.pth", {"padding": "same"})


def test_what_a_flag_says_goes_before_what_the_suite_says(tmp_path: Path) -> None:
    path = suite_file(tmp_path, weights={"mine": "a.pth", "mini_random": "random:mini_b"})

    suite, (mine, control) = with_weights(*load_suite(path), {"mine": "b.pth"})

    assert (mine.weights, control.weights) == ("b.pth", "random:mini_b")
    assert suite.weights == {"mine": "b.pth", "mini_random": "random:mini_b"}


def test_an_unknown_row_is_told_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        substituted(tmp_path, weights={"mien": "x"})

    assert str(caught.value) == (
        "--weights mien=...: expected one of the suite's recipes, found 'mien'; the nearest is 'mine'"
    )


def test_a_suite_that_only_pretrains_takes_no_weights(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--weights mine=\.\.\.: expected a suite with a transfer"):
        substituted(tmp_path, weights={"mine": "x"}, protocols=None)


def test_a_control_of_a_row_with_weights_is_of_the_same_network(tmp_path: Path) -> None:
    inline = {"control": {"weights": "shuffled:recipe:mine"}}

    _, recipes = substituted(tmp_path, weights={"mine": "mine.pth"}, inline=inline)

    assert (recipes["control"].given_by, recipes["control"].arch) == ("mine", "mini_b")


def test_a_control_of_a_row_that_has_weights_takes_their_settings_from_a_flag_too(tmp_path: Path) -> None:
    inline = {
        "own": {"weights": "a.pth", "arch": "mini_b", "settings": {"padding": "same"}},
        "control": {"weights": "shuffled:recipe:own"},
    }

    _, recipes = substituted(tmp_path, weights={"own": "b.pth"}, inline=inline)

    control = recipes["control"]
    assert (control.given_by, control.arch, control.settings) == ("own", "mini_b", {"padding": "same"})
