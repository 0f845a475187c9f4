"""Recipes that are written into a suite, and rows that take other rows' weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.recipes.files import RECIPE, recipe_file, suite_file
from tests.recipes.test_suite import message
from transferbench.recipes.load import load_suite, load_teachers
from transferbench.recipes.recipe import Recipe


def recipes(folder: Path, **changes: Any) -> dict[str, Recipe]:
    return {recipe.name: recipe for recipe in load_suite(suite_file(folder, **changes))[1]}


def test_one_file_is_enough_for_who_has_several_backbones(tmp_path: Path) -> None:
    inline = {name: {"weights": f"{name}.pth", "arch": "resnet50_d"} for name in ("a", "b")}

    found = recipes(tmp_path, recipes=None, baseline="a", inline=inline)

    assert [(name, recipe.weights, recipe.arch) for name, recipe in found.items()] == [
        ("a", "a.pth", "resnet50_d"),
        ("b", "b.pth", "resnet50_d"),
    ]


def test_a_file_of_weights_may_be_beside_the_suite(tmp_path: Path) -> None:
    (tmp_path / "a.pth").touch()

    found = recipes(tmp_path, recipes=None, baseline="a", inline={"a": {"weights": "a.pth"}})

    assert found["a"].weights == str(tmp_path / "a.pth")


def test_recipes_of_the_file_stand_where_they_are_listed(tmp_path: Path) -> None:
    inline = {name: RECIPE for name in ("last", "first", "teacher")}
    student = {**RECIPE, "tricks": {"distillation": {"teacher": "recipe:teacher"}}}
    listed = ["first", "mine.toml", "student", "last"]

    path = suite_file(tmp_path, recipes=listed, teachers=["teacher"], inline={**inline, "student": student})

    assert load_suite(path)[0].recipes == ("first", "mine", "student", "last")
    assert [recipe.name for recipe in load_teachers(path)] == ["teacher"]


def test_a_recipe_of_the_file_that_is_not_listed_is_refused_where_others_are(tmp_path: Path) -> None:
    told = message(suite_file(tmp_path, recipes=["mine.toml"], inline={"other": RECIPE}))

    assert told == (
        "FILE: inline.other: expected a recipe that 'recipes' lists, as the suite has that key, found "
        "inline 'other' not among them; add it or remove the table"
    )


def test_a_recipe_of_the_file_may_have_a_base_that_has_one(tmp_path: Path) -> None:
    recipe_file(tmp_path, "below.toml", tricks={"mixup": True})
    (tmp_path / "middle.toml").write_text('base = "below.toml"\nabout = "its own"\n[plan]\nlr = 0.3\n')

    found = recipes(tmp_path, inline={"top": {"base": "middle.toml", "plan": {"epochs": 7}}})["top"]

    assert found.plan is not None and (found.plan.epochs, found.plan.lr) == (7, 0.3)
    assert found.tricks.mixup is not None and found.about == ""


def test_a_name_of_a_shipped_recipe_is_refused(tmp_path: Path) -> None:
    assert message(suite_file(tmp_path, inline={"mini_b": RECIPE})) == (
        "FILE: inline.mini_b: expected a name that no shipped recipe has, found 'mini_b', whose numbers it "
        "would pass for; give it another name"
    )


def test_all_recipes_that_are_wrong_are_told_at_once(tmp_path: Path) -> None:
    told = message(suite_file(tmp_path, recipes=["x", "gone.toml"], inline={"x": {"arch": "mini"}}))

    assert told.startswith("FILE: expected sound recipes, found 2 that are not:\n")
    assert "\n  recipe 'gone.toml': expected a shipped one's name" in told
    assert "\n  FILE: inline.x: expected a recipe, found 1 fault:\n    arch: there is no backbone" in told


@pytest.mark.parametrize("base", [3, "no such"])
def test_a_base_that_is_no_recipe_is_refused(tmp_path: Path, base: object) -> None:
    assert "expected" in message(suite_file(tmp_path, inline={"x": {"base": base}}))


def test_a_row_may_take_the_weights_of_another_rows_run(tmp_path: Path) -> None:
    found = recipes(tmp_path, inline={"control": {"weights": "shuffled:recipe:mine"}, "plain": RECIPE})

    assert {name: recipe.given_by for name, recipe in found.items()} == {
        **{"mine": None, "mini_random": None, "plain": None},
        "control": "mine",
    }


def test_weights_of_a_run_that_the_suite_does_not_do_are_refused(tmp_path: Path) -> None:
    told = message(suite_file(tmp_path, inline={"control": {"weights": "recipe:mini_random"}}))

    assert told == (
        "FILE: expected 'recipe:mini_random', the weights of 'control', to be of a recipe that the suite "
        "trains or loads, found none of that name; there are 'mine'"
    )


def test_where_no_recipe_has_weights_the_message_says_so(tmp_path: Path) -> None:
    content = {"recipes": ["mini_random", "control"], "baseline": "mini_random"}

    told = message(suite_file(tmp_path, inline={"control": {"weights": "recipe:control"}}, **content))

    assert told.endswith("found none of that name; the suite has none")


def test_a_setting_that_stands_outside_of_its_table_is_told_where_to_go(tmp_path: Path) -> None:
    own = {"weights": "a.pth", "arch": "mini_b", "padding": "same"}

    assert message(suite_file(tmp_path, inline={"own": own})).endswith(
        "\n  padding: unknown key; settings of the weights go into settings = { padding = ... }"
    )


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"recipes": None}, "'recipes' names no recipe, nor is there one 'inline' or of a 'design'; add one"),
        ({"baseline": None}, "'baseline' names no recipe that the others are compared with; add the key"),
        ({"repeats": 2, "seeds": [0, 1000]}, "'repeats' would give a transfer of seed 1000 twice"),
    ],
)
def test_a_suite_that_lacks_something_is_refused(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    assert told in message(suite_file(tmp_path, **changes))


@pytest.mark.parametrize("key", ["public", "weights"])
def test_weights_for_a_recipe_that_the_suite_has_not_are_refused(tmp_path: Path, key: str) -> None:
    assert f"FILE: {key}: expected one of the suite's recipes" in message(
        suite_file(tmp_path, **{key: {"mini": "x"}})
    )
