"""`run --dry-run`: what would be done, and what it would take."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import told
from tests.fabricate.records import record
from tests.recipes.files import recipe_file, suite_file
from transferbench.cli.suite_flags import suite_of
from transferbench.errors import RunError
from transferbench.runs.cell import Cell, cells_of
from transferbench.runs.failure import failure_of, remember_failure
from transferbench.runs.record import write_record
from transferbench.runs.suite_folder import remember_suite


@pytest.fixture
def suite(tmp_path: Path) -> str:
    """Returns a suite of a pretraining, a control and one transfer of both, for two seeds."""
    path = suite_file(tmp_path, seeds=[0, 1])
    recipe_file(tmp_path, protocol="miniature@1")
    return path


def cells(suite: str, out: Path) -> dict[str, Cell]:
    resolved, recipes = suite_of(suite)
    data: dict[Any, Path] = dict.fromkeys(("classify", "detect"), Path("data"))
    return {c.label: c for c in cells_of(resolved, recipes, seeds=resolved.seeds, data=data, out=out)}


def finish(cell: Cell, seconds: float) -> None:
    """Writes the record of a run that took so long, and a file of 5 MB."""
    cell.folder.mkdir(parents=True)
    with (cell.folder / "backbone.safetensors").open("wb") as file:
        file.truncate(5_000_000)
    resolved: dict[str, Any] = {
        "recipe": cell.recipe.model_dump(mode="json"),
        "protocol": cell.protocol.model_dump(mode="json"),
        "departures": [],
        "limit": None,
    }
    name = "top1" if cell.task == "classify" else "map_voc07"
    other = {"wall_seconds": seconds, "resolved": resolved}
    write_record(cell.folder, record(cell.recipe.name, cell.task, cell.seed, {name: 0.5}, **other))


def plan(suite: str, out: Path, *flags: str) -> list[str]:
    result = told("run", suite, "-o", out, "--dry-run", "--jobs", "2", *flags)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout.splitlines()


def test_nothing_is_known_of_a_suite_that_was_never_begun(suite: str, tmp_path: Path) -> None:
    lines = plan(suite, tmp_path / "out")

    assert lines[0] == "mine/classify/seed0       new              unknown"
    assert lines[-2:] == [
        "6 runs: 6 new",
        "6 to do, of unknown length: no run of their task is finished by the same protocol",
    ]
    assert not (tmp_path / "out").exists()


def test_what_would_be_done_takes_what_its_like_took(suite: str, tmp_path: Path) -> None:
    found = cells(suite, tmp_path / "out")
    finish(found["mine/classify/seed0"], 60)
    finish(found["mini_random/detect/seed0"], 100)

    lines = plan(suite, tmp_path / "out")

    assert lines[:2] == [
        "mine/classify/seed1       new              about 1 min 00 s, 5.0 MB (from the same recipe)",
        "mine/detect/seed0         new              about 1 min 40 s, 5.0 MB (from other recipes)",
    ]
    assert lines[-2] == "6 runs: 2 finished, 4 new"
    assert lines[-1] == "4 to do: about 3 min 20 s with 2 runs at a time (6 min 00 s of work), 20.0 MB"


def test_a_run_that_was_interrupted_takes_the_rest(suite: str, tmp_path: Path) -> None:
    found = cells(suite, tmp_path / "out")
    finish(found["mine/classify/seed0"], 60)
    begun = found["mine/classify/seed1"].folder
    begun.mkdir(parents=True)
    (begun / "last.ckpt").touch()
    (begun / "metrics.jsonl").write_text('{"step": 0, "steps": 4}\n{"step": 2, "steps": 4}\n{"st')

    line = plan(suite, tmp_path / "out")[0]

    assert line.startswith("mine/classify/seed1       interrupted at 75%  about 15 s, ")


def test_what_failed_is_left_out_with_all_that_needs_it(suite: str, tmp_path: Path) -> None:
    failed = cells(suite, tmp_path / "out")["mine/classify/seed0"]
    remember_failure(failed, failure_of(failed, RunError("step 3: the loss is nan")))

    lines = plan(suite, tmp_path / "out")

    assert lines[0] == "mine/classify/seed0       failed           step 3: the loss is nan"
    assert lines[2] == f"mine/detect/seed0         lost             needs {failed.folder}"
    assert lines[-2] == "6 runs: 1 failed before, 1 need one that failed, 4 new"
    assert "6 to do" in plan(suite, tmp_path / "out", "--retry-failed")[-1]


def test_what_another_suite_has_done_is_told(suite: str, tmp_path: Path) -> None:
    remember_suite(tmp_path / "runs" / "first", suite_of(suite)[0])
    done = cells(suite, tmp_path / "runs" / "first")["mine/classify/seed0"]
    finish(done, 60)

    lines = plan(suite, tmp_path / "runs" / "second")

    assert lines[0] == f"mine/classify/seed0       elsewhere        {done.folder}"
    assert lines[-2] == ("6 runs: 1 to be taken from another suite, if data and weights are the same, 5 new")


def test_some_runs_may_be_asked_for(suite: str, tmp_path: Path) -> None:
    lines = plan(suite, tmp_path / "out", "--only", "mine/detect/*", "--seeds", "7,")

    assert [line.split()[0] for line in lines[:2]] == ["mine/classify/seed7", "mine/detect/seed7"]


def test_nothing_is_left_to_do_of_a_finished_suite(suite: str, tmp_path: Path) -> None:
    for cell in cells(suite, tmp_path / "out").values():
        finish(cell, 1)

    assert plan(suite, tmp_path / "out") == ["6 runs: 6 finished", "nothing to do"]


def test_nothing_heavy_is_imported_for_it(suite: str) -> None:
    code = (
        "import sys; from tests.cli.command import told; "
        f"result = told('run', {suite!r}, '--dry-run'); assert result.exit_code == 0; "
        "print(*{'torch', 'numpy', 'scipy'} & set(sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "\n"
