"""`compare`: what it tests and tells beyond the table."""

import json
from pathlib import Path

import pytest

from tests.cli.command import error, told
from tests.cli.test_compare import SUITE, written
from tests.fabricate.records import demo, record, top1


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """The folder of a suite that is done."""
    return written(tmp_path / "demo", SUITE, demo())


def test_a_gate_that_holds_says_nothing_and_exits_with_0(runs: Path) -> None:
    result = told("compare", runs, "--format", "csv", "--fail-if", "D: detect/map_voc07 < baseline + 1")

    assert (result.exit_code, result.stderr) == (0, "")


def test_a_condition_that_is_met_exits_with_4_and_says_by_whom(runs: Path) -> None:
    result = told("compare", runs, "--format", "json", "--fail-if", "detect/map_voc07 < baseline - 0.5")

    assert result.exit_code == 4
    assert result.stderr == ("met: random, miniature@1: detect/map_voc07 is -54.65 points to B, below -0.5\n")
    assert not json.loads(result.stdout)["gates"][0]["holds"]


def test_a_gate_that_cannot_be_read_is_told_before_anything_else(tmp_path: Path) -> None:
    message = error("compare", tmp_path / "missing", "--fail-if", "nonsense")

    assert message.startswith("error: --fail-if 'nonsense': expected ")


def test_a_recipe_of_the_suite_that_has_not_finished_breaks_a_gate(tmp_path: Path) -> None:
    folder = written(tmp_path / "demo", SUITE, top1("B", 0.5) + top1("D", 0.6))

    result = told("compare", folder, "--fail-if", "classify/top1 < 10")

    assert result.exit_code == 4
    assert "random: no finished run has classify/top1" in result.stderr


@pytest.mark.parametrize("flag", ["--power", "--equivalent"])
def test_points_that_are_none_are_refused(runs: Path, flag: str) -> None:
    assert error("compare", runs, flag, "0") == (
        f"error: {flag}: expected percentage points above 0 and up to 100, found 0; 0.5 is half a point\n"
    )


def test_power_and_equivalence_stand_in_table_and_json(runs: Path) -> None:
    words = ("compare", runs, "--power", "5", "--equivalent", "0.3")

    text, content = told(*words).stdout, json.loads(told(*words, "--format", "json").stdout)

    assert "seeds that a difference needs" in text and "within 0.3 points of B?" in text
    detect = content["tables"][1]
    assert detect["powers"]["detect/map_voc07"]["seeds"] == 2
    assert detect["rows"][1]["scores"]["detect/map_voc07"]["equivalence"]["verdict"] == "different"


def test_costs_beside_gains_are_shown_where_they_are_asked_for(runs: Path) -> None:
    text = told("compare", runs, "--cost").stdout

    assert "detect, miniature@1: cost of a seed" in text
    assert "cost of a run: mean time" not in text


def test_rows_of_another_tool_are_marked(runs: Path, tmp_path: Path) -> None:
    table = tmp_path / "theirs.csv"
    table.write_text("recipe,score,percent\nrival,detect/map_voc07,80.5\n")

    text = told("compare", runs, "--foreign", str(table)).stdout

    assert "rival (foreign) *" in text
    assert "* rival, detect: measured elsewhere: " in text


def test_the_top1_of_published_weights_is_the_one_that_is_claimed(tmp_path: Path) -> None:
    names = ("resnet18.gluon_in1k", "resnet34.gluon_in1k", "resnet50.gluon_in1k")
    runs = [
        record(name, "detect", 0, {"map_voc07": 0.5 + place / 10}, weights={"source": name, "sha256": "a"})
        for place, name in enumerate(names)
    ]

    content = json.loads(
        told(
            "compare", written(tmp_path / "x", SUITE, runs), "--format", "json", "--baseline", names[0]
        ).stdout
    )

    (claim,) = content["claims"]
    assert [(point["top1"], point["is_claimed"]) for point in claim["points"]] == [
        *(({"0": 0.70838}, True), ({"0": 0.74578}, True), ({"0": 0.7758}, True)),
    ]
    assert len(claim["paper_points"]) == 7


@pytest.mark.parametrize("words", [(), ("--cost",), ("--cost", "--format", "latex"), ("--all",)])
def test_a_table_of_another_tools_details_alone_is_shown(
    runs: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    table = tmp_path / "theirs.csv"
    table.write_text("recipe,score,percent,protocol\nrival,detect/coco_ap_small,31.5,strange@1\n")

    text = told("compare", runs, "--foreign", str(table), *words).stdout

    assert "strange@1: percent" in text and "31.5" in text
