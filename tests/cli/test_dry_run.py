"""`run --dry-run`: what would be done, and what it would take."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import error, told
from tests.fabricate.records import record
from tests.fabricate.voc import write_voc
from tests.recipes.files import PLAN, recipe_file, suite_file
from transferbench.cli.suite_flags import suite_of
from transferbench.cli.suites import tell_stale
from transferbench.errors import RunError
from transferbench.runs.cell import Cell, cells_of
from transferbench.runs.failure import failure_of, remember_failure
from transferbench.runs.queue import Progress
from transferbench.runs.record import write_record
from transferbench.runs.selection import Selection
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
    again = plan(suite, tmp_path / "out", "--retry-failed")
    assert lines[-2] == (
        "6 runs: 1 failed before (--retry-failed does it again), 1 need one that failed, 4 new"
    )
    assert again[-2] == "6 runs: 1 failed before, to be done again, 5 new"
    assert "6 to do" in again[-1]


def test_what_another_suite_has_done_is_told(suite: str, tmp_path: Path) -> None:
    remember_suite(tmp_path / "runs" / "first", suite_of(suite)[0])
    done = cells(suite, tmp_path / "runs" / "first")["mine/classify/seed0"]
    finish(done, 60)

    lines = plan(suite, tmp_path / "runs" / "second")

    assert lines[0] == f"mine/classify/seed0       elsewhere        {done.folder}"
    assert lines[-2] == ("6 runs: 1 to be taken from another suite, if data and weights are the same, 5 new")


def test_where_all_is_taken_from_another_suite_nothing_is_to_train(suite: str, tmp_path: Path) -> None:
    remember_suite(tmp_path / "runs" / "first", suite_of(suite)[0])
    for cell in cells(suite, tmp_path / "runs" / "first").values():
        finish(cell, 60)

    assert plan(suite, tmp_path / "runs" / "second")[-1] == "nothing to train"


def test_some_runs_may_be_asked_for(suite: str, tmp_path: Path) -> None:
    lines = plan(suite, tmp_path / "out", "--only", "mine/detect/*", "--seeds", "7,")

    assert [line.split()[0] for line in lines[:2]] == ["mine/classify/seed7", "mine/detect/seed7"]


def test_nothing_is_left_to_do_of_a_finished_suite(suite: str, tmp_path: Path) -> None:
    for cell in cells(suite, tmp_path / "out").values():
        finish(cell, 1)

    assert plan(suite, tmp_path / "out") == ["6 runs: 6 finished", "nothing to do"]
    assert plan(suite, tmp_path / "out", "--only", "mine/classify/seed0")[0] == "1 run: 1 finished"


def test_nothing_heavy_is_imported_for_it(suite: str) -> None:
    code = (
        "import sys; from tests.cli.command import told; "
        f"result = told('run', {suite!r}, '--dry-run'); assert result.exit_code == 0; "
        "print(*{'torch', 'numpy', 'scipy'} & set(sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "\n"


def test_a_finished_run_of_other_settings_is_not_told_as_finished(suite: str, tmp_path: Path) -> None:
    finish(cells(suite, tmp_path / "out")["mine/classify/seed0"], 60)
    recipe_file(tmp_path, protocol="miniature@1", plan=PLAN | {"lr": 0.2})

    lines = plan(suite, tmp_path / "out")

    assert lines[0].startswith("mine/classify/seed0       other            finished by other settings, or ")
    assert lines[2].startswith("mine/detect/seed0         lost             needs ")
    assert lines[-2].startswith(
        "6 runs: 1 finished by other settings (in the table under the same name, until moved away)"
    )


FAULTY: list[tuple[list[str], dict[str, Any], str]] = [
    (["--data", "detect=nowhere"], {}, "--data 'nowhere': expected a folder, found none; check the path"),
    (["--data", "detect=masks"], {}, "masks: the image set 'VOC2007/trainval' needs the folder VOCdevkit/"),
    (["--data", "classify=masks"], {}, "masks/imagenet: expected a folder of labelled pictures, found none"),
    (["--device", "warp"], {}, "--device 'warp': expected a device of this machine, found none"),
    (["--devices", "cpu,warp"], {}, "--devices 'cpu,warp': expected devices of this machine, 'warp' is none"),
    (["--devices", "0,"], {}, "--devices: expected a list as 0,1 or cuda:0,cuda:1, found '0,'"),
    (["--weights", "mine=foo.pth"], {}, "weights of 'mine': foo.pth: expected 'random:ARCH', "),
    ([], {"weights": "gone.pth", "arch": "resnet50"}, "weights of 'own': gone.pth: expected 'random:ARCH', "),
    ([], {"weights": "there.pth"}, 'found neither; say arch = "..." in the recipe'),
    (
        [],
        {"weights": "there.pth", "arch": "mobilenet_v1_100", "settings": {"padding": "sme"}},
        "weights of 'own': settings of the weights: padding: ",
    ),
    (
        [],
        {"weights": "there.pth", "arch": "mobilenet_v1_100", "settings": {"paddin": "same"}},
        "weights of 'own': setting 'paddin': expected one of the weights'; the nearest is 'padding'",
    ),
    (
        [],
        {"weights": "there.pth", "arch": "resnet50_d", "settings": {"activation": "relu6"}},
        "weights of 'own': resnet50_d: activation: expected 'relu', found 'relu6'",
    ),
    (
        [],
        {"arch": "mini_b", "plan": PLAN, "tricks": {"distillation": {"teacher": "gone.pth"}}},
        "teacher of 'own': gone.pth: expected ",
    ),
]


@pytest.mark.parametrize(("flags", "own", "message"), FAULTY)
@pytest.mark.parametrize("is_dry", [True, False])
def test_what_would_fail_each_run_is_told_before_the_plan_and_before_the_first(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    flags: list[str],
    own: dict[str, Any],
    message: str,
    is_dry: bool,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "masks" / "images").mkdir(parents=True)
    (tmp_path / "there.pth").write_bytes(b"weights")
    inline = {"recipes": ["mine.toml", "mini_random", "own"], "inline": {"own": own}} if own else {}
    path = suite_file(tmp_path, **inline)
    recipe_file(tmp_path, protocol="miniature@1")

    told_ = error("run", path, "-o", "out", *flags, *(["--dry-run"] if is_dry else []))

    assert message in told_
    assert not (tmp_path / "out").exists() and not (tmp_path / "data").exists()


def test_all_that_would_fail_is_told_at_once(suite: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    lines = error(
        "run", suite, "-o", tmp_path / "out", "--data", tmp_path / "empty", "--dry-run"
    ).splitlines()

    assert lines[0] == "error: expected runs that can start, found 2 faults:"
    assert sum(f"{tmp_path / 'empty'}" in line for line in lines) == 2


def test_data_that_nobody_gave_and_cannot_be_drawn_are_not_checked(tmp_path: Path) -> None:
    result = told("run", "table6", "-o", tmp_path / "out", "--dry-run")

    assert (result.exit_code, result.stderr) == (0, "data not checked of classify: no --data\n")


def test_the_weights_of_a_finished_pretraining_must_be_there_for_what_needs_them(
    suite: str, tmp_path: Path
) -> None:
    done = cells(suite, tmp_path / "out")["mine/classify/seed0"]
    finish(done, 60)
    (done.folder / "backbone.safetensors").unlink()

    assert error("run", suite, "-o", tmp_path / "out", "--dry-run") == (
        f"error: {done.folder}: expected backbone.safetensors of the finished pretraining, which other runs "
        "need, found no such file; put it back, or move the folder away to pretrain again\n"
    )


def test_data_of_a_task_that_is_not_asked_for_may_be_given(tmp_path: Path) -> None:
    devkit = write_voc(tmp_path / "A") / "VOCdevkit"
    shutil.copytree(devkit / "VOC2007", devkit / "VOC2012")
    (tmp_path / "B").mkdir()
    path = suite_file(tmp_path, protocols={"detect": "miniature@1", "segment": "miniature@1"})
    flags = ("--data", f"detect={tmp_path / 'A'}", "--data", f"segment={tmp_path / 'B'}", "--only")

    lines = plan(path, tmp_path / "out", *flags, "mini_random/detect/*", "--seeds", "1")
    begun = error("run", path, "-o", tmp_path / "out", *flags, "*/detect/*", "--weights", "mine=random:no")

    assert lines[-2] == "1 run: 1 new"
    assert begun.startswith("error: weights of 'mine': backbone: expected a name of the catalog, found 'no'")


def test_rows_of_a_run_by_other_settings_are_told_beside_the_table(
    suite: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = cells(suite, tmp_path / "out")
    finish(found["mine/classify/seed0"], 60)
    failures = dict.fromkeys(("mine/classify/seed0", "mine/classify/seed1"), "of other settings")

    tell_stale(Selection(tuple(found.values())), Progress([], failures=failures))

    assert capsys.readouterr().err.startswith(
        "the table has scores by other settings than the suite's: mine/classify/seed0; move"
    )
