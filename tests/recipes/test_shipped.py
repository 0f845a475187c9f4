"""Contracts over every file in configs/."""

import re
from pathlib import Path

import pytest

from transferbench.backbones.catalog import BACKBONES
from transferbench.recipes.load import about, load_protocol, load_recipe, load_suite, load_teachers, shipped
from transferbench.recipes.suite import Suite
from transferbench.runs.record import SCORES

RECIPES, SUITES = shipped("recipes"), shipped("suites")
OF_THE_PAPER = [
    name
    for name in RECIPES
    if name.startswith(("resnet", "inception", "mobilenet")) and not name.startswith("mobilenet_small_")
]
TRAINED = [name for name in RECIPES if load_recipe(name).is_trained_here]


def header(path: Path) -> str:
    """Returns the comment that a file opens with, a space for every break of a line."""
    lines = path.read_text().splitlines()
    comment = lines[: next(i for i, line in enumerate(lines) if not line.startswith("#"))]
    return re.sub(r"\s+", " ", " ".join(line.lstrip("#") for line in comment))


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


@pytest.mark.parametrize("name", TRAINED)
def test_the_header_of_a_recipe_has_its_command(name: str) -> None:
    assert re.search(rf" transferbench pretrain {re.escape(name)}( |$)", header(RECIPES[name]))


@pytest.mark.parametrize(
    "name", [n for n in TRAINED if not n.startswith(("small_", "tiny_", "mobilenet_small_"))]
)
def test_the_header_of_a_recipe_has_cost_and_numbers_to_expect(name: str) -> None:
    words = header(RECIPES[name])

    assert re.search(r" Cost: (not measured|\d)", words)
    assert re.search(r" Expected: .*(top-1 \d\d\.\d|number was measured)", words)


@pytest.mark.parametrize("name", OF_THE_PAPER)
def test_the_header_of_a_row_says_where_it_stands_and_which_side_it_takes(name: str) -> None:
    words = header(RECIPES[name])

    assert " Row: " in words and "He et al. 2019" in words
    assert all(word in words.partition(" Sides: ")[2] for word in ("init", "colours", "crops"))


@pytest.mark.parametrize("name", OF_THE_PAPER)
def test_the_header_of_a_row_names_the_side_of_each_trick_that_has_two(name: str) -> None:
    sides, tricks = header(RECIPES[name]).partition(" Sides: ")[2], load_recipe(name).tricks

    for words in ("smoothing as", "mixup as", "distillation as"):
        trick = getattr(tricks, words.removesuffix(" as").replace("smoothing", "label_smoothing"))
        form = None if trick is None else trick.form
        assert (form is not None) == (words in sides)
        assert form is None or re.search(rf"{words} (in the )?{form}", sides)


@pytest.mark.parametrize("name", OF_THE_PAPER)
def test_the_header_of_a_row_quotes_the_numbers_that_are_printed_beside_ours(name: str) -> None:
    words = header(RECIPES[name])

    for score in load_recipe(name).paper.values():
        spread = "" if score.sd is None else f" +- {100 * score.sd:.2f}"
        assert f" {100 * score.mean:.2f}{spread}" in words


@pytest.mark.parametrize("name", SUITES)
def test_a_shipped_suite_loads_with_its_recipes_in_order(name: str) -> None:
    suite, recipes = load_suite(name)

    assert suite.name == name
    assert suite.recipes == tuple(recipe.name for recipe in recipes)
    assert suite.teachers == tuple(recipe.name for recipe in load_teachers(name))
    assert suite.about and suite.cost


@pytest.mark.parametrize("name", SUITES)
def test_a_suite_is_the_same_after_a_round_trip(name: str) -> None:
    suite, _ = load_suite(name)

    assert Suite.model_validate_json(suite.model_dump_json()) == suite


@pytest.mark.parametrize("name", SUITES)
def test_the_header_of_a_suite_of_a_table_has_its_command(name: str) -> None:
    command = {"demo": "demo", "demo_quick": "demo --quick"}.get(name, f"run {name}")

    assert f"transferbench {command}" in header(SUITES[name])


def test_numbers_of_the_paper_are_called_as_scores_are() -> None:
    papers = [load_recipe(name).paper for name in RECIPES]
    papers += [paper for name in SUITES for paper in load_suite(name)[0].paper.values()]

    assert {name for paper in papers for name in paper} <= set(SCORES)


def test_every_row_of_the_paper_is_in_a_suite() -> None:
    used = {
        name for suite in SUITES for name in (*load_suite(suite)[0].recipes, *load_suite(suite)[0].teachers)
    }

    assert set(OF_THE_PAPER) <= used
