"""`report`: from folders of runs to a page."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.command import error, told
from tests.fabricate.records import demo, record, top1
from transferbench.cli.report import write_report
from transferbench.recipes.suite import Suite
from transferbench.runs.record import Record, write_record
from transferbench.runs.suite_folder import remember_suite


def _folder(root: Path, runs: list[Record]) -> Path:
    for run in runs:
        folder = root / run.recipe / run.task / f"seed{run.seed}"
        folder.mkdir(parents=True)
        write_record(folder, run)
    return root


def _text(page: Path) -> str:
    return re.sub(r"\s+", " ", page.read_text(encoding="utf-8"))


@pytest.mark.slow
def test_a_suite_becomes_a_page_with_plots(tmp_path: Path) -> None:
    remember_suite(
        tmp_path / "runs", Suite(name="demo", about="Tells a story.", baseline="B", recipes=("B", "D"))
    )
    runs = _folder(tmp_path / "runs", demo())

    result = told("report", runs, "-o", tmp_path / "out")

    page = tmp_path / "out" / "index.html"
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.replace("\n", "").startswith(str(page))
    assert "Tells a story." in _text(page)
    assert 'download="suite.json"' in _text(page)
    assert (tmp_path / "out" / "plots" / "difference-detect-map-voc07.pdf").is_file()


def test_runs_without_pictures_make_a_page_that_says_so(tmp_path: Path) -> None:
    page = write_report([_folder(tmp_path / "runs", top1("B", 0.5) + top1("D", 0.6))], tmp_path / "out")

    assert 'id="pictures"' not in _text(page)
    assert "no pictures of classify, miniature@1: " in _text(page)
    assert "found a run of an older version." in _text(page)


def test_learning_curves_are_those_of_the_runs(tmp_path: Path) -> None:
    runs = _folder(tmp_path / "runs", top1("B", 0.5) + top1("D", 0.6))
    lines = [{"step": step, "epoch": step / 2, "loss": 4.0 - step} for step in range(4)]
    (runs / "D" / "classify" / "seed0" / "metrics.jsonl").write_text("\n".join(map(json.dumps, lines)))

    page = write_report([runs], tmp_path / "out")

    assert "in the band of all seeds: D from 4 to 1." in _text(page)


def test_another_baseline_can_be_asked_for(tmp_path: Path) -> None:
    runs = _folder(tmp_path / "runs", top1("B", 0.5) + top1("D", 0.6))

    told("report", runs, "-o", tmp_path / "out", "--baseline", "D")

    assert "vs D" in _text(tmp_path / "out" / "index.html")


def test_commands_and_hashes_of_the_runs_are_told_once(tmp_path: Path) -> None:
    machine = {"device": "cpu", "command": "transferbench run <fable>"}
    runs = [record(name, "detect", 0, {"map_voc07": 0.5}, machine=machine) for name in ("B", "D")]

    text = _text(write_report([_folder(tmp_path / "runs", runs)], tmp_path / "out"))

    assert text.count("transferbench run &lt;fable&gt;") == 1
    assert f"transferbench report {tmp_path / 'runs'}" in text
    assert "<code>B0</code>" in text


def test_a_folder_without_runs_is_told(tmp_path: Path) -> None:
    assert error("report", tmp_path, "-o", tmp_path / "out") == (
        f"error: {tmp_path}: expected finished runs, found none; start them with `transferbench run`\n"
    )
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    runs = _folder(tmp_path / "runs", top1("B", 0.5))
    (tmp_path / "file").write_text("")

    assert error("report", runs, "-o", tmp_path / "file") == (
        f"error: {tmp_path / 'file'}: expected a folder that can be written, found Not a directory; give "
        "another --out\n"
    )


def test_a_row_of_another_tools_details_alone_has_no_costs(tmp_path: Path) -> None:
    folder, table = _folder(tmp_path, demo()), tmp_path / "theirs.csv"
    table.write_text("recipe,score,percent,protocol\nrival,detect/coco_ap_small,31.5,strange@1\n")

    result = told("report", folder, "--foreign", str(table), "--out", tmp_path / "page")

    text = _text(tmp_path / "page" / "index.html")
    assert result.exit_code == 0 and "rival" in text
    assert text.count(": cost of a seed") == 3


def test_the_baseline_that_was_asked_for_is_part_of_the_commands(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "a b", demo())

    told("report", folder, "--baseline", "D", "--out", tmp_path / "page")

    assert f"transferbench report '{folder}' --baseline D".replace("'", "&#39;") in _text(
        tmp_path / "page" / "index.html"
    )
