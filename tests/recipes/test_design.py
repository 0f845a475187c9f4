"""Which recipes a design builds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.fabricate.toml import write_toml
from tests.recipes.files import recipe_file
from transferbench.errors import ConfigError
from transferbench.recipes.load import load_suite
from transferbench.recipes.recipe import Recipe
from transferbench.recipes.suite import Suite

MIXUP, COSINE, LONG = {"tricks.mixup": True}, {"tricks.cosine": True}, {"plan.epochs": 4, "plan.lr": 0.05}
FACTORS: dict[str, dict[str, Any]] = {"mixup": MIXUP, "cosine": COSINE}

SETTINGS: dict[str, Any] = {
    **{"epochs": 4, "lr": 0.3, "batch_size": 16, "channels_last": True, "clip_norm": 1.0, "accumulate": 2},
    "warmup_epochs": 1,
}


def designed(
    folder: Path, kind: str, factors: dict[str, Any], **suite: Any
) -> tuple[Suite, dict[str, Recipe]]:
    """Returns a suite with a design that starts from a plain recipe, and its recipes by name."""
    recipe_file(folder)
    design = {"kind": kind, "start": "mine.toml", "factors": quoted(factors)}
    path = write_toml(
        folder / "suite.toml", {"design": design, "protocols": {"detect": "miniature@1"}} | suite
    )
    resolved, recipes = load_suite(str(path))
    return resolved, {recipe.name: recipe for recipe in recipes}


def quoted(factors: dict[str, Any]) -> dict[str, Any]:
    """Returns factors whose dotted keys are quoted, as TOML wants them."""
    return {
        name: {f'"{key}"' if "." in key else key: value for key, value in sets.items()}
        for name, sets in factors.items()
    }


def message(folder: Path, kind: str, factors: dict[str, Any], **suite: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        designed(folder, kind, factors, **suite)
    return str(caught.value).replace(str(folder / "suite.toml"), "FILE")


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("cumulative", ["mine", "mine+mixup", "mine+mixup+cosine"]),
        ("leave_one_out", ["all", "all-mixup", "all-cosine"]),
        ("factorial", ["mine", "mine+mixup", "mine+cosine", "mine+mixup+cosine"]),
    ],
)
def test_a_design_builds_its_recipes_in_order_and_compares_with_the_first(
    tmp_path: Path, kind: str, names: list[str]
) -> None:
    suite, recipes = designed(tmp_path, kind, FACTORS)

    assert list(recipes) == list(suite.recipes) == list(suite.levels) == names
    assert suite.baseline == names[0]
    for name, levels in suite.levels.items():
        tricks = recipes[name].tricks
        assert levels == {"mixup": tricks.mixup is not None, "cosine": tricks.cosine is not None}


def test_a_factor_may_set_several_things(tmp_path: Path) -> None:
    _, recipes = designed(tmp_path, "cumulative", {"long": LONG})

    plans = [recipe.plan for recipe in recipes.values()]
    assert [(plan.epochs, plan.lr) for plan in plans if plan] == [(2, 0.1), (4, 0.05)]


def test_keys_may_be_written_without_quotes(tmp_path: Path) -> None:
    unquoted = {"mixup": {"tricks": {"mixup": True}}, "long": {"plan": {"epochs": 4}}}

    suite, recipes = designed(tmp_path, "cumulative", unquoted)

    assert recipes["mine+mixup"].tricks.mixup is not None
    assert suite.design is not None
    assert suite.design.factors == {"mixup": {"tricks.mixup": True}, "long": {"plan.epochs": 4}}


def test_six_factors_make_sixty_four_recipes_and_seven_are_too_many(tmp_path: Path) -> None:
    factors = {f"f{n}": {f"plan.{key}": value} for n, (key, value) in enumerate(SETTINGS.items())}

    _, recipes = designed(tmp_path, "factorial", dict(list(factors.items())[:6]))

    assert len(recipes) == 64
    assert "7 factors would make 128 recipes, 6 factors are the most" in message(
        tmp_path, "factorial", factors
    )


def test_the_recipes_of_a_design_stand_after_the_others(tmp_path: Path) -> None:
    suite, _ = designed(
        tmp_path, "cumulative", {"mixup": MIXUP}, recipes=["mini_random"], baseline="mini_random"
    )

    assert suite.recipes == ("mini_random", "mine", "mine+mixup")
    assert suite.baseline == "mini_random" and list(suite.levels) == ["mine", "mine+mixup"]


def test_a_design_may_start_from_a_recipe_of_the_same_file(tmp_path: Path) -> None:
    design = {"kind": "cumulative", "start": "plain", "factors": quoted({"mixup": MIXUP})}
    content = {"inline": {"plain": {"base": "mini_b", "plan": {"lr": 0.3}}}, "design": design}

    suite, _ = load_suite(str(write_toml(tmp_path / "suite.toml", content)))

    assert suite.recipes == ("plain", "plain+mixup")


def test_a_suite_with_a_design_is_the_same_after_a_round_trip(tmp_path: Path) -> None:
    suite, _ = designed(tmp_path, "factorial", FACTORS)

    assert Suite.model_validate_json(suite.model_dump_json()) == suite


def test_all_that_is_wrong_with_a_design_is_told(tmp_path: Path) -> None:
    factors = {"mixup": MIXUP, "also": {"tricks.mixup.alpha": 0.4}, "none": {}}

    assert message(tmp_path, "cumulative", factors) == (
        "FILE: expected a suite, found 1 fault:\n"
        "  design: factor 'none' sets nothing; factors 'mixup' and 'also' both set 'tricks.mixup'"
    )


def test_a_factor_that_changes_nothing_is_refused(tmp_path: Path) -> None:
    assert message(tmp_path, "cumulative", {"short": {"plan.epochs": 2}}) == (
        "FILE: design: expected factors that each change something, found 'mine+short' the same as 'mine'; "
        "take the factor out, or start from a recipe that is without it"
    )


@pytest.mark.parametrize(
    ("factors", "told"),
    [
        ({"mixup": {"tricks.mixpu": True}}, "design: mine+mixup: expected a recipe, found 1 fault:\n"),
        ({"mixup": {"arch.mixup": True}}, "factor 'mixup': arch.mixup: expected 'arch' to be a table"),
        ({"mix+up": MIXUP}, "design.factors.mix+up"),
    ],
)
def test_what_a_recipe_may_not_say_a_factor_may_not_set(
    tmp_path: Path, factors: dict[str, Any], told: str
) -> None:
    assert told in message(tmp_path, "cumulative", {f'"{name}"': sets for name, sets in factors.items()})


def test_leaving_one_out_of_one_is_refused(tmp_path: Path) -> None:
    assert "'leave_one_out' of a single factor" in message(tmp_path, "leave_one_out", {"mixup": MIXUP})


def test_all_factors_that_are_wrong_are_told_at_once_and_each_once(tmp_path: Path) -> None:
    told = message(tmp_path, "factorial", {"a": {"tricks.mixupp": True}, "b": {"plan.lrr": 3}, "c": MIXUP})

    assert told.startswith("FILE: expected sound recipes, found 2 that are not:\n")
    assert "design: mine+a: " in told and "design: mine+b: " in told
    assert told.count("tricks.mixupp: unknown key") == told.count("plan.lrr: unknown key") == 1


@pytest.mark.parametrize("key", ["name", "about", "paper.x"])
def test_a_factor_sets_nothing_that_each_recipe_has_of_its_own(tmp_path: Path, key: str) -> None:
    told = message(tmp_path, "cumulative", {"a": {key: "x", "tricks.mixup": True}})

    assert f"factor 'a' sets '{key}', which each recipe has of its own" in told
