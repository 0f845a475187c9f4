"""`run` of a small suite: some of its runs, those that fail, and those that another suite has done."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import told
from tests.miniature.tiny import TINY
from tests.runs.test_killed import ROOT, RUNS, suite
from transferbench.miniature.make import make
from transferbench.runs.record import find_records

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a folder with data, and a suite of a pretraining, a control and two transfers of both."""
    folder = tmp_path_factory.mktemp("suites")
    make(folder / "world", size=TINY, seed=0, processes=1)
    suite(folder)
    return folder


def flags(world: Path, out: Path) -> list[str | Path]:
    return ["--data", world / "world", "-o", out, "--jobs", "1", "--device", "cpu"]


def test_some_runs_are_done_with_what_they_need_and_a_twin_of_the_suite_takes_them(
    world: Path, tmp_path: Path
) -> None:
    first = told("run", world / "tiny.toml", "--only", "mine/detect/*", *flags(world, tmp_path / "first"))
    twin = told("run", world / "tiny.toml", *flags(world, tmp_path / "twin"))

    assert first.exit_code == twin.exit_code == 0, twin.stderr
    assert "also needed: mine/classify/seed0" in first.stderr
    assert {record.task for record in find_records(tmp_path / "first")} == {"classify", "detect"}
    assert f"taken from {tmp_path / 'first' / 'mine' / 'classify' / 'seed0'}" in twin.stderr
    assert twin.stderr.count("taken from") == 2
    assert len(find_records(tmp_path / "twin")) == RUNS


@pytest.fixture(scope="module")
def clumsy(world: Path) -> tuple[subprocess.CompletedProcess[str], Path]:
    """Returns the suite done by a program with a bug and processes that die, and its folder."""
    words = ["run", world / "tiny.toml", *flags(world, world / "clumsy")]
    command = [sys.executable, "-m", "tests.runs.clumsy", *map(str, words)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done, world / "clumsy"


def test_a_bug_and_a_dead_process_are_told_and_recorded_and_stop_nothing_else(
    clumsy: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    done, out = clumsy

    assert done.returncode == 3
    assert "failed: mini_random/detect/seed0: ZeroDivisionError: by nothing; this is a bug" in done.stderr
    assert "failed: mini_random/segment/seed0: the process at work on it ended with status -9" in done.stderr
    notes = {json.loads(path.read_text())["kind"]: path for path in out.rglob("failure.json")}
    assert set(notes) == {"bug", "ended"} and "_clumsy" in notes["bug"].read_text()
    assert len(find_records(out)) == RUNS - 2


def test_what_failed_is_left_out_until_it_is_asked_for(
    world: Path, clumsy: tuple[subprocess.CompletedProcess[str], Path], tmp_path: Path
) -> None:
    out = shutil.copytree(clumsy[1], tmp_path / "out")

    plan = told("run", world / "tiny.toml", "-o", out, "--dry-run")
    without = told("run", world / "tiny.toml", *flags(world, out))
    retried = told("run", world / "tiny.toml", "--retry-failed", *flags(world, out))

    assert "5 runs: 3 finished, 2 failed before (--retry-failed does it again)\nnothing to do" in plan.stdout
    assert without.exit_code == 3 and without.stderr.count("--retry-failed tries again") == 2
    assert retried.exit_code == 0, retried.stderr
    assert len(find_records(out)) == RUNS and not list(out.rglob("failure.json"))


def test_the_quick_demo_tells_the_story_and_marks_it_as_no_result(tmp_path: Path) -> None:
    result = told("demo", "--quick", "-o", tmp_path, "--jobs", "2", "--device", "cpu")

    assert result.exit_code == 0, result.stderr
    assert "quick: no result." in result.stdout and "quick: no result." in result.stderr
    assert (tmp_path / "compare.json").read_text().count("quick: no result.") >= 1
    assert {record.recipe for record in find_records(tmp_path)} == {"quick_random", "quick_b", "quick_d"}
    assert len(find_records(tmp_path)) == 8
