"""`compare`: results on stdout, and nothing else."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import error, told
from tests.fabricate.records import demo, record, taught, top1
from transferbench.cli.comparing import compared_folders, write_comparison
from transferbench.recipes.load import load_suite
from transferbench.recipes.suite import Suite
from transferbench.runs.record import Record, write_record
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
    return written(tmp_path / "demo", SUITE, demo())


@pytest.fixture
def table6(tmp_path: Path) -> Path:
    """Some runs of a suite with several baselines and with teachers."""
    names = ("resnet50_d_efficient", "resnet50_d_distill", "mobilenet_efficient", "mobilenet_cosine")
    runs = [run for place, name in enumerate(names) for run in top1(name, 0.7 + place / 100)]
    runs[1] = runs[1].model_copy(update={"teacher": taught(40, 360)})
    return written(tmp_path / "table6", load_suite("table6")[0], [*runs, *top1("resnet152_d_smooth", 0.8)])


def written(folder: Path, suite: Suite, runs: Sequence[Record]) -> Path:
    """Writes the folder of a suite and returns it."""
    remember_suite(folder, suite)
    for run in runs:
        home = folder / run.recipe / run.task / f"seed{run.seed}"
        home.mkdir(parents=True)
        write_record(home, run)
    return folder


def test_details_are_shown_where_they_are_asked_for(tmp_path: Path) -> None:
    scores = {"map_area": 0.5, "lost_missed": 0.1}
    runs = [record(name, "detect", seed, scores) for name in ("B", "D") for seed in (0, 1)]
    folder = written(tmp_path / "demo", SUITE, runs)

    assert "AP lost" not in told("compare", folder).stdout
    assert "AP lost: missed" in told("compare", folder, "--all").stdout
    assert "detect/lost_missed" in told("compare", folder, "--format", "json").stdout


def test_json_has_the_promised_shape_and_is_alone_on_stdout(runs: Path) -> None:
    result = told("compare", runs, "--format", "json")
    content = json.loads(result.stdout)

    assert (result.exit_code, result.stderr) == (0, "")
    assert (content["suite"], content["baseline"]) == ("demo", "B")
    rows = [row for table in content["tables"] for row in table["rows"]]
    assert {row["recipe"] for row in rows} == {"random", "B", "D"}
    assert {name for row in rows for name in row["scores"]} == SCORES


def _cells(folder: Path, *words: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Returns what JSON says, by recipe and score."""
    content = json.loads(told("compare", folder, "--format", "json", *words).stdout)
    rows = [row for table in content["tables"] for row in table["rows"]]
    return {(row["recipe"], name): cell for row in rows for name, cell in row["scores"].items()}


def test_a_cell_of_json_holds_fractions_and_a_paired_difference(runs: Path) -> None:
    cell = _cells(runs)["D", "classify/top1"]

    assert (cell["values"], cell["seeds"], cell["n"]) == ([0.887, 0.884], [0, 1], 2)
    assert cell["mean"] == pytest.approx(0.8855) and cell["paper"] == 0.7929
    assert set(cell["delta"]) == {"mean", "low", "high", "p", "p_holm", "n"}
    assert cell["delta"]["mean"] == pytest.approx((0.887 - 0.852 + 0.884 - 0.861) / 2)


def test_the_baseline_has_no_difference_to_itself(runs: Path) -> None:
    cells = _cells(runs)

    assert all(cell["delta"] is None for (recipe, _), cell in cells.items() if recipe == "B")
    assert cells["random", "detect/map_voc07"]["paper"] is None


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


def test_a_suite_of_several_networks_compares_each_with_its_own(table6: Path) -> None:
    deltas = {recipe: cell["delta"] for (recipe, _), cell in _cells(table6).items()}

    assert list(deltas) == [
        *("resnet50_d_efficient", "resnet50_d_distill", "mobilenet_efficient", "mobilenet_cosine"),
    ]
    assert deltas["mobilenet_efficient"] is None
    assert deltas["mobilenet_cosine"]["mean"] == pytest.approx(0.01)


def test_a_baseline_that_is_asked_for_is_that_of_all(table6: Path) -> None:
    words = ("compare", table6, "--format", "json", "--baseline", "mobilenet_efficient")

    (table,) = json.loads(told(*words).stdout)["tables"]

    assert table["baseline"] == "mobilenet_efficient"
    cells = {row["recipe"]: row["scores"]["classify/top1"] for row in table["rows"]}
    assert cells["resnet50_d_efficient"]["delta"]["mean"] == pytest.approx(-0.02)


def test_a_teacher_has_no_row_and_its_cost_is_told_apart(table6: Path) -> None:
    result = told("compare", table6)

    assert "resnet152_d_smooth" not in result.stdout
    assert "cost of resnet50_d_distill: 40 s of it the teacher's forward passes;" in result.stdout


def test_the_papers_number_has_its_spread_beside_ours(tmp_path: Path) -> None:
    suite, recipes = load_suite("table6")
    runs = top1("resnet50_d_smooth", 0.784, paper=recipes[2].paper)

    text = told("compare", written(tmp_path / "runs", suite, runs), "--format", "markdown").stdout

    assert "| resnet50_d_smooth | 78.4 | 78.37 \u00b1 0.09 |" in text


def test_numbers_of_the_suite_are_printed_in_place_of_the_recipes(tmp_path: Path) -> None:
    suite, recipes = load_suite("table5")
    runs = top1("resnet50_d_efficient", 0.77, paper=recipes[3].paper)

    cell = _cells(written(tmp_path / "x", suite, runs))["resnet50_d_efficient", "classify/top1"]

    assert (cell["paper"], cell["paper_sd"]) == (0.7716, None)


def test_the_comparison_that_a_suite_writes_is_the_one_that_is_printed(table6: Path) -> None:
    write_comparison(compared_folders([table6]), table6)

    assert json.loads((table6 / "compare.json").read_text()) == json.loads(
        told("compare", table6, "--format", "json").stdout
    )


def test_a_title_is_one_line_in_a_pipe_however_long_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    protocol = f"miniature@1 ({', '.join(f'plan.setting_{i}={i}' for i in range(12))})"
    folder = written(tmp_path / "demo", SUITE, top1("B", 0.5, protocol=protocol))

    text = told("compare", folder).stdout

    assert f"classify, {protocol}: percent, 1 seed\n" in text


def test_the_protocols_of_one_folder_stand_in_tables_of_their_own(tmp_path: Path) -> None:
    frozen = [
        run.model_copy(update={"seed": 7, "protocol": "miniature@1 (frozen-backbone)"})
        for run in top1("B", 0.4)
    ]
    folder = written(tmp_path / "demo", SUITE, [*top1("B", 0.5), *frozen])

    tables = json.loads(told("compare", folder, "--format", "json").stdout)["tables"]

    assert [table["protocol"] for table in tables] == ["miniature@1", "miniature@1 (frozen-backbone)"]


def test_the_note_of_a_suite_stands_first(tmp_path: Path) -> None:
    suite = SUITE.model_copy(update={"note": "quick: no result"})

    text = told("compare", written(tmp_path / "demo", suite, demo()), "--format", "markdown").stdout

    assert text.split("\n\n")[-1].startswith("- quick: no result\n")
