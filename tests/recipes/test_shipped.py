"""Contracts over every file in configs/."""

from pathlib import Path

import pytest

from transferbench.backbones.catalog import BACKBONES
from transferbench.recipes.load import about, load_protocol, load_recipe, load_suite, shipped
from transferbench.recipes.suite import Suite

RECIPES, SUITES = shipped("recipes"), shipped("suites")


@pytest.mark.parametrize("name", RECIPES)
def test_a_shipped_recipe_loads_and_says_what_it_is(name: str) -> None:
    recipe = load_recipe(name)

    assert recipe.name == name
    assert recipe.about == about(RECIPES[name]) != ""


@pytest.mark.parametrize("name", RECIPES)
def test_a_shipped_recipe_names_a_backbone_and_a_protocol_that_there_are(name: str) -> None:
    recipe = load_recipe(name)

    assert (recipe.arch or str(recipe.weights).removeprefix("random:")) in BACKBONES
    assert load_protocol("classify", recipe.protocol)


@pytest.mark.parametrize("path", [*RECIPES.values(), *SUITES.values()], ids=lambda path: path.stem)
def test_a_shipped_file_opens_with_a_comment(path: Path) -> None:
    assert path.read_text().startswith("# ")


@pytest.mark.parametrize("name", SUITES)
def test_a_shipped_suite_loads_with_its_recipes_in_order(name: str) -> None:
    suite, recipes = load_suite(name)

    assert suite.name == name
    assert suite.recipes == tuple(recipe.name for recipe in recipes)
    assert suite.about and suite.cost


@pytest.mark.parametrize("name", SUITES)
def test_a_suite_is_the_same_after_a_round_trip(name: str) -> None:
    suite, _ = load_suite(name)

    assert Suite.model_validate_json(suite.model_dump_json()) == suite
