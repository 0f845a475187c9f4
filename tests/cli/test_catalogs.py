"""`list` and `show`."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import error, told
from tests.fabricate.records import record
from tests.recipes.files import recipe_file, suite_file
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


RATE = ("show", "resnet50_d_smooth", "--rate", "49", "--rate", "75309")


def test_rates_are_printed_by_step() -> None:
    content = json.loads(told(*RATE, "--steps-per-epoch", "1251", "--format", "json").stdout)

    assert set(content) == {"rate"}
    assert content["rate"] == pytest.approx({"49": 0.003133, "75309": 0.212563}, abs=5e-7)


def test_rates_are_a_small_table_for_people() -> None:
    assert told(*RATE).stdout == " step  rate\n   49  0.00313349\n75309  0.212563\n"


def test_a_change_moves_the_rate() -> None:
    content = json.loads(told(*RATE, "--set", "plan.lr=0.2", "--format", "json").stdout)

    assert content["rate"]["49"] == pytest.approx(2 * 0.4 * 49 / 6255)


def test_a_recipe_of_ones_own_has_rates(tmp_path: Path) -> None:
    path = recipe_file(tmp_path)

    assert told("show", path, "--rate", "0", "--steps-per-epoch", "3").stdout == "step  rate\n   0  0.1\n"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "show mini_d --rate 49",
            "--steps-per-epoch: expected a number, as nothing says how many pictures 'miniature@1' has, "
            "found none; give training pictures over batch, rounded down",
        ),
        (
            "show mini_d --steps-per-epoch 10",
            "--steps-per-epoch: expected --rate beside it, found none; add it or leave this out",
        ),
        (
            "show table6 --rate 1",
            "show 'table6': expected a recipe, as --rate has steps of one, found none of that name; "
            "see `transferbench list recipes`",
        ),
        (
            "show resnet50_d_smooth --rate 150120",
            "resnet50_d_smooth: --rate: expected steps from 0 to 150119, found 150120; give earlier ones",
        ),
        (
            "show mini_random --rate 0",
            "mini_random: expected a recipe with a plan, found one whose weights are 'random:mini_d'; "
            "nothing of it has a rate",
        ),
    ],
)
def test_a_rate_that_there_is_not_is_told(line: str, message: str) -> None:
    assert error(*line.split()) == f"error: {message}\n"


@pytest.mark.parametrize(
    "words", [["--rate", "-1"], ["--rate", "x"], ["--rate", "1", "--steps-per-epoch", "0"]]
)
def test_what_is_no_step_is_a_usage_error(words: list[str]) -> None:
    assert told("show", "mini_d", *words).exit_code == 2


def test_a_recipe_is_shown_with_a_change_of_its_protocol() -> None:
    changed = ["--set", "protocol.augment.colours=paper", "--set", "init=paper"]

    shown = json.loads(told("show", "resnet50_baseline", *changed, "--format", "json").stdout)

    assert shown["init"] == "paper"
    assert shown["protocol"]["augment"]["colours"] == "paper"


def test_a_protocol_s_file_is_shown_resolved(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('base = "voc07-c4@1"\nabout = "mine"\nflip = 0.0\n')

    content = json.loads(told("show", path, "--format", "json").stdout)

    assert (content["name"], content["flip"], content["short_side"]) == ("mine", 0.0, 600)


def test_a_suites_file_is_shown_as_one_wherever_it_lies(tmp_path: Path) -> None:
    content = json.loads(told("show", suite_file(tmp_path), "--format", "json").stdout)

    assert content["recipes"] == ["mine", "mini_random"]
