"""What a suite may say."""

from pathlib import Path
from typing import Any

import pytest

from tests.fabricate.toml import write_toml
from tests.recipes.files import SUITE, recipe_file, student_file, suite_file
from transferbench.errors import ConfigError
from transferbench.recipes.load import load_protocol, load_suite, load_teachers
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


def test_a_suite_may_only_pretrain(tmp_path: Path) -> None:
    suite, _ = load_suite(suite_file(tmp_path, recipes=["mine.toml"], protocols=None))

    assert suite.protocols == {}


def test_a_suite_that_only_pretrains_has_nothing_to_do_with_loaded_weights(tmp_path: Path) -> None:
    assert message(suite_file(tmp_path, protocols=None)) == (
        "FILE: protocols: expected one at least, as 'mini_random' is loaded and not trained, found none; "
        "add the protocol of a transfer, or take the recipe out"
    )


@pytest.mark.parametrize(
    ("changes", "key"),
    [({"further_baselines": ["mini"]}, "further_baselines"), ({"paper": {"mini": {}}}, "paper")],
)
def test_what_is_said_of_a_recipe_that_the_suite_has_not_is_refused(
    tmp_path: Path, changes: dict[str, object], key: str
) -> None:
    assert message(suite_file(tmp_path, **changes)) == (
        f"FILE: {key}: expected one of the suite's recipes ('mine', 'mini_random'), found 'mini'; "
        "the nearest is 'mine'"
    )


def test_a_suite_has_recipes_that_only_teach(tmp_path: Path) -> None:
    student_file(tmp_path, "student.toml", "tall")
    recipe_file(tmp_path, "tall.toml")
    path = suite_file(tmp_path, recipes=["mine.toml", "student.toml"], teachers=["tall.toml"])

    suite, recipes = load_suite(path)

    assert suite.teachers == tuple(recipe.name for recipe in load_teachers(path)) == ("tall",)
    assert [recipe.name for recipe in recipes if suite.is_row(recipe.name)] == ["mine", "student"]
    assert not suite.is_row("tall") and [recipe.teacher for recipe in recipes] == [None, "tall"]


def test_a_recipe_of_the_suite_may_teach(tmp_path: Path) -> None:
    student_file(tmp_path, "student.toml", "mine")
    path = suite_file(tmp_path, recipes=["mine.toml", "student.toml"])

    assert (load_suite(path)[0].recipes, load_teachers(path)) == (("mine", "student"), ())


def test_a_teacher_that_the_suite_has_not_is_told(tmp_path: Path) -> None:
    student_file(tmp_path, "student.toml", "tall")

    assert message(suite_file(tmp_path, recipes=["mine.toml", "student.toml"])) == (
        "FILE: teachers: expected the teacher of 'student', 'recipe:tall', among the suite's recipes or "
        "teachers, found it in neither; add 'tall' to 'teachers'"
    )


def test_a_teacher_that_teaches_nobody_is_refused(tmp_path: Path) -> None:
    recipe_file(tmp_path, "tall.toml")

    assert message(suite_file(tmp_path, teachers=["tall.toml"])) == (
        "FILE: teachers: expected recipes that teach one of the suite's, found 'tall', which teaches none; "
        "take it out"
    )


def test_a_recipe_is_a_row_or_a_teacher_and_not_both(tmp_path: Path) -> None:
    assert message(suite_file(tmp_path, teachers=["mine.toml"])) == (
        "FILE: recipes: expected names that differ, found 'mine', 'mini_random', 'mine'; "
        "give one of them another 'name'"
    )


def test_recipes_that_teach_each_other_are_refused(tmp_path: Path) -> None:
    student_file(tmp_path, "a.toml", "b")
    student_file(tmp_path, "b.toml", "a")

    assert message(suite_file(tmp_path, recipes=["mine.toml", "a.toml"], teachers=["b.toml"])) == (
        "FILE: expected teachers that are trained before their students, found a circle: 'a' is taught by "
        "'b' is taught by 'a'; give one of them another teacher"
    )


def test_a_teacher_may_have_weights_of_its_own(tmp_path: Path) -> None:
    student_file(tmp_path, "student.toml", "mini_random")

    assert load_suite(suite_file(tmp_path, recipes=["mine.toml", "student.toml", "mini_random"]))


def test_an_unknown_suite_is_told_with_the_nearest() -> None:
    assert message("demmo") == (
        "suite 'FILE': expected a shipped one's name or the path of a .toml file, found neither; "
        "the nearest is 'demo'"
    )


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"protocols": {"segmnt": "x"}}, "protocols.segmnt: expected 'detect' or 'segment', found 'segmnt'"),
        ({"seeds": 3}, "seeds: expected a list in brackets, found 3"),
        ({"seeds": [0, -1]}, "seeds.1: expected 0 or more, found -1"),
        ({"limit": 0}, "limit: expected a number above 0, found 0"),
        ({"repeats": "x"}, "repeats: expected a whole number, found 'x'"),
        ({"about": True}, "about: expected text in quotes, found true"),
        ({"inline": 3}, "inline: expected a table, as { key = ... }, found 3"),
        ({"paper": {"mine": 3}}, "paper.mine: expected a table, as { key = ... }, found 3"),
        (
            {"name": "a b"},
            "name: expected a name of letters, digits and _ . -, a letter or digit first, found 'a b'",
        ),
    ],
)
def test_a_wrong_value_is_told_in_words(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    path = str(write_toml(tmp_path / "suite.toml", SUITE | changes))

    assert message(path) == f"FILE: expected a suite, found 1 fault:\n  {told}"


def test_a_protocols_file_that_is_missing_is_told(tmp_path: Path) -> None:
    told = message(suite_file(tmp_path, protocols={"detect": "gone.toml"}))

    assert told == f"{tmp_path / 'gone.toml'}: expected a TOML file, found no such file; check the path"


def test_an_unknown_recipe_is_told_with_those_of_the_file(tmp_path: Path) -> None:
    inline = {"published": {"weights": "random:mini_b"}}

    told, other = (
        message(suite_file(tmp_path, recipes=["published", "mine.toml", name], inline=inline))
        for name in ("publishd", "zzz")
    )

    assert told == (
        "recipe 'publishd': expected a shipped one's name, one of the suite's own ('published') or the path "
        "of a .toml file, found none of them; the nearest is 'published'"
    )
    assert other.endswith("found none of them; see `transferbench list recipes`")
