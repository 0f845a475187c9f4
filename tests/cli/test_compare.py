"""`compare`: results on stdout, and nothing else."""

import csv
import json
from pathlib import Path

import pytest

from tests.cli.command import error, told
from tests.fabricate.records import demo
from transferbench.recipes.suite import Suite
from transferbench.runs.record import write_record
from transferbench.runs.suite_folder import remember_suite

SCORES = {
    *("classify/top1", "classify/top5", "segment/pix_acc", "segment/miou"),
    *("detect/map_voc07", "detect/map_area", "detect/coco_ap", "detect/coco_ap50"),
}
SUITE = Suite(
    name="demo",
    baseline="B",
    recipes=("random", "B", "D"),
    protocols={"detect": "miniature@1", "segment": "miniature@1"},
)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """The folder of a suite that is done."""
    folder = tmp_path / "demo"
    remember_suite(folder, SUITE)
    for run in demo():
        home = folder / run.recipe / run.task / f"seed{run.seed}"
        home.mkdir(parents=True)
        write_record(home, run)
    return folder


def test_json_has_the_promised_shape_and_is_alone_on_stdout(runs: Path) -> None:
    result = told("compare", runs, "--format", "json")
    content = json.loads(result.stdout)

    assert (result.exit_code, result.stderr) == (0, "")
    assert (content["suite"], content["baseline"]) == ("demo", "B")
    assert {row["recipe"] for row in content["rows"]} == {"random", "B", "D"}
    assert {name for row in content["rows"] for name in row["scores"]} == SCORES


def test_a_cell_of_json_holds_fractions_and_a_paired_difference(runs: Path) -> None:
    rows = {
        row["recipe"]: row["scores"]
        for row in json.loads(told("compare", runs, "--format", "json").stdout)["rows"]
    }

    cell = rows["D"]["classify/top1"]

    assert set(cell) == {"mean", "sd", "n", "values", "delta", "paper"}
    assert cell["values"] == [0.887, 0.884] and cell["n"] == 2
    assert cell["mean"] == pytest.approx(0.8855) and cell["paper"] == 0.7929
    assert set(cell["delta"]) == {"mean", "low", "high", "p"}
    assert cell["delta"]["mean"] == pytest.approx((0.887 - 0.852 + 0.884 - 0.861) / 2)


def test_the_baseline_has_no_difference_to_itself(runs: Path) -> None:
    rows = {
        row["recipe"]: row["scores"]
        for row in json.loads(told("compare", runs, "--format", "json").stdout)["rows"]
    }

    assert all(cell["delta"] is None for cell in rows["B"].values())
    assert rows["random"]["detect/map_voc07"]["paper"] is None


def test_another_baseline_may_be_asked_for(runs: Path) -> None:
    content = json.loads(told("compare", runs, "--format", "json", "--baseline", "random").stdout)

    assert content["baseline"] == "random"


def test_an_unknown_baseline_is_told(runs: Path) -> None:
    assert error("compare", runs, "--baseline", "Z").startswith("error: ")


def test_csv_can_be_read_back(runs: Path) -> None:
    rows = list(csv.reader(told("compare", runs, "--format", "csv").stdout.splitlines()))

    assert len(rows) > 3
    assert len({len(row) for row in rows}) == 1


@pytest.mark.parametrize(("form", "mark"), [("markdown", "|"), ("latex", "&"), ("table", "mAP")])
def test_a_table_names_every_recipe(runs: Path, form: str, mark: str) -> None:
    result = told("compare", runs, "--format", form)

    assert (result.exit_code, result.stderr) == (0, "")
    assert all(recipe in result.stdout for recipe in ("random", "B", "D"))
    assert mark in result.stdout


def test_a_missing_folder_is_told_with_what_to_do(tmp_path: Path) -> None:
    assert error("compare", tmp_path / "missing") == (
        f"error: {tmp_path / 'missing'}: expected a folder of finished runs, found none there or in runs/; "
        "start them with `transferbench run`\n"
    )


def test_a_folder_without_runs_is_told_with_what_to_do(tmp_path: Path) -> None:
    assert error("compare", tmp_path, "--format", "json") == (
        f"error: {tmp_path}: expected finished runs, found none; start them with `transferbench run`\n"
    )


def test_a_spoilt_record_is_named(runs: Path) -> None:
    path = runs / "B" / "detect" / "seed0" / "record.json"
    path.write_text("{")

    assert str(path) in error("compare", runs, "--format", "json")


def test_an_unknown_format_is_refused(runs: Path) -> None:
    assert error("compare", runs, "--format", "xml") == (
        "error: --format: expected one of table, json, csv, markdown, latex, found 'xml'\n"
    )
