"""`list` and `show`."""

import json
from pathlib import Path

import pytest

from tests.cli.command import error, told
from tests.fabricate.records import record
from transferbench.backbones.catalog import BACKBONES
from transferbench.recipes.load import shipped
from transferbench.runs.record import Record, write_record
from transferbench.tasks.catalog import PROTOCOLS
from transferbench.tricks.bag import TRICKS

NAMES = {
    "backbones": set(BACKBONES),
    "protocols": {key for known in PROTOCOLS.values() for key in known},
    "recipes": set(shipped("recipes")),
    "suites": set(shipped("suites")),
    "tricks": set(TRICKS),
}


@pytest.mark.parametrize("kind", NAMES)
def test_everything_of_a_kind_is_listed_a_line_each(kind: str) -> None:
    lines = told("list", kind).stdout.splitlines()

    assert {line.split()[0] for line in lines} == NAMES[kind]
    assert all(len(line.split()) > 1 for line in lines)


def test_everything_is_listed_under_its_kind() -> None:
    words = told("list").stdout.split()

    assert set(NAMES) | set.union(*NAMES.values()) <= set(words)


def test_a_pattern_narrows_a_list() -> None:
    names = [line.split()[0] for line in told("list", "backbones", "resnet50*").stdout.splitlines()]

    assert names == [name for name in BACKBONES if name.startswith("resnet50")] != []


def test_a_pattern_that_fits_nothing_lists_nothing() -> None:
    result = told("list", "recipes", "zzz*")

    assert (result.exit_code, result.stdout) == (0, "")


def test_an_unknown_kind_is_refused() -> None:
    assert error("list", "tasks") == (
        "error: list: expected one of backbones, protocols, recipes, suites, tricks, found 'tasks'\n"
    )


@pytest.mark.parametrize("name", sorted(set.union(*NAMES.values())))
def test_whatever_is_listed_is_shown(name: str) -> None:
    assert told("show", name).stdout
    assert json.loads(told("show", name, "--format", "json").stdout)


def test_a_recipe_is_shown_with_its_base_merged_and_its_defaults_filled_in() -> None:
    base = json.loads(told("show", "mini_b", "--format", "json").stdout)

    content = json.loads(told("show", "mini_d", "--format", "json", "--set", "plan.lr=0.5").stdout)

    assert content["plan"] == base["plan"] | {"lr": 0.5}
    assert content["plan"]["precision"] == "fp32"
    assert content["tricks"]["warmup"]["epochs"] > 0


def test_the_folder_of_a_run_is_shown_as_its_record(tmp_path: Path) -> None:
    run = record("B", "detect", 0, {"map_voc07": 0.5})
    write_record(tmp_path, run)

    assert Record.model_validate_json(told("show", tmp_path, "--format", "json").stdout) == run


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    assert error("show", "resnet5_d") == (
        "error: show 'resnet5_d': expected something that `list` names, or a run folder; "
        "the nearest is 'resnet50_d'\n"
    )


def test_an_unknown_format_is_refused() -> None:
    assert error("show", "mini_d", "--format", "yaml") == (
        "error: --format: expected text or json, found 'yaml'\n"
    )
