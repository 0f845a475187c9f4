"""`list` and `show`."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import error, told
from tests.fabricate.records import record
from transferbench.backbones.catalog import BACKBONES
from transferbench.cli.backbone_lines import lines
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
    printed = told("list", kind).stdout.splitlines()

    assert {line.split()[0] for line in printed} == NAMES[kind]
    assert all(len(line.split()) > 1 for line in printed)


def test_a_backbone_is_listed_in_a_pipe_with_what_it_costs_on_one_line() -> None:
    line = told("list", "backbones", "inception*").stdout

    assert line == (
        "inception_v3  23.83 M parameters  2.84 G MACs at 224 px  5.71 G @299 px  "
        "channels 192 288 768 2048  strides 4 8 16 32  Inception-V3 without the auxiliary head, "
        "for 299 pixels [Szegedy et al. 2016 (arXiv 1512.00567), table 1; torchvision]\n"
    )


def test_backbones_are_listed_on_a_terminal_under_a_header() -> None:
    text = [
        line for line, _style in lines([BACKBONES["mini_d"], BACKBONES["inception_v3"]], is_terminal=True)
    ]

    assert text[:2] == [
        "name           params  MACs @224     own size  channels          strides",
        "mini_d         0.83 M     0.13 G               16 32 64 128      4 8 16 32",
    ]
    assert text[2].startswith("    ResNet-18-D at a quarter of the width")
    assert text[3] == "inception_v3  23.83 M     2.84 G  5.71 G @299  192 288 768 2048  4 8 16 32"


def test_no_backbone_is_wider_than_a_terminal() -> None:
    widths = [
        len(line) for line, style in lines(list(BACKBONES.values()), is_terminal=True) if style != "dim"
    ]

    assert max(widths) <= 80


def test_a_backbone_is_shown_with_what_it_costs_and_its_maps() -> None:
    content = json.loads(told("show", "inception_v3", "--format", "json").stdout)

    assert (content["parameters_millions"], content["gmacs"]) == (23.83, {"224 px": 2.84, "299 px": 5.71})
    assert content["shapes"] == {
        "picture": [3, 299, 299],
        "stride 4": [192, 71, 71],
        "stride 8": [288, 35, 35],
        "stride 16": [768, 17, 17],
        "stride 32": [2048, 8, 8],
    }


def test_a_network_of_timms_is_shown_too() -> None:
    pytest.importorskip("timm", reason="needs the extra `timm`")

    content = json.loads(told("show", "timm:resnet18", "--format", "json").stdout)

    assert (content["parameters_millions"], content["gmacs"]) == (11.69, {"224 px": 1.81})


def test_the_list_of_everything_and_of_other_kinds_needs_no_torch() -> None:
    code = (
        "import sys; from tests.cli.command import told; "
        "told('list'); told('list', 'tricks'); print('torch' in sys.modules)"
    )

    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert result.stdout == "False\n"


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
