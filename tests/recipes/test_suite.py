"""What a suite may say."""

from pathlib import Path

import pytest

from tests.fabricate.toml import write_toml
from tests.recipes.files import recipe_file, suite_file
from transferbench.errors import ConfigError
from transferbench.recipes.load import load_protocol, load_suite
from transferbench.tasks.catalog import PROTOCOLS


def message(path: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_suite(path)
    return str(caught.value).replace(path, "FILE")


def test_a_suite_finds_recipes_beside_it_and_calls_them_by_name(tmp_path: Path) -> None:
    suite, recipes = load_suite(suite_file(tmp_path))

    assert [recipe.name for recipe in recipes] == ["mine", "mini_random"]
    assert suite.recipes == ("mine", "mini_random")
    assert (suite.name, suite.seeds) == ("suite", (0, 1, 2))


def test_a_suite_finds_protocols_beside_it(tmp_path: Path) -> None:
    content = PROTOCOLS["detect"]["miniature@1"].model_dump(mode="json", exclude={"name"})
    write_toml(tmp_path / "quick.toml", content)

    suite, _ = load_suite(suite_file(tmp_path, protocols={"detect": "quick.toml"}))

    assert load_protocol("detect", suite.protocols["detect"]).key == "quick@1"


def test_a_baseline_that_is_no_recipe_of_the_suite_is_told_with_the_nearest(tmp_path: Path) -> None:
    assert message(suite_file(tmp_path, baseline="mini")) == (
        "FILE: baseline: expected one of the suite's recipes ('mine', 'mini_random'), found 'mini'; "
        "the nearest is 'mine'"
    )


def test_a_recipe_or_a_seed_that_is_named_twice_is_refused(tmp_path: Path) -> None:
    assert message(suite_file(tmp_path, seeds=[0, 1, 0])) == (
        "FILE: expected a suite, found 1 fault:\n  'seeds' names something twice: 0, 1, 0"
    )


def test_two_recipes_of_one_name_are_refused(tmp_path: Path) -> None:
    recipe_file(tmp_path / "other")

    assert message(suite_file(tmp_path, recipes=["mine.toml", "other/mine.toml"])) == (
        "FILE: recipes: expected names that differ, found 'mine', 'mine'; give one of them another 'name'"
    )


def test_an_unknown_protocol_is_told_before_anything_runs(tmp_path: Path) -> None:
    path = suite_file(tmp_path, protocols={"segment": "camvid-smal@1"})

    assert message(path) == (
        "protocol 'camvid-smal@1': expected one for the task 'segment', found none; "
        "the nearest is 'camvid-small@1'"
    )


def test_a_task_that_is_no_transfer_is_refused(tmp_path: Path) -> None:
    assert "protocols.classify" in message(suite_file(tmp_path, protocols={"classify": "miniature@1"}))


def test_an_unknown_suite_is_told_with_the_nearest() -> None:
    assert message("demmo") == (
        "suite 'FILE': expected a shipped one's name or the path of a .toml file, found neither; "
        "the nearest is 'demo'"
    )
