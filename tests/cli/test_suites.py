"""`run` of suites that pretrain: what data they ask for, and one with a teacher from start to table."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
import torch
from rich.console import Console

from tests.cli.command import error, told
from tests.fabricate.imagefolder import imagefolder
from tests.fabricate.records import top1
from tests.fabricate.toml import write_toml
from tests.runs.tiny import CLASSIFY
from transferbench.cli.live import _Tables, _view
from transferbench.cli.outlook import Outlook
from transferbench.cli.requests import job_count, run_count
from transferbench.cli.suite_flags import devices_of, places, seeds_of, suite_of
from transferbench.errors import ConfigError
from transferbench.recipes.suite import Suite
from transferbench.runs.forecast import Forecast
from transferbench.runs.queue import Progress
from transferbench.runs.record import find_records

PLAN = {"epochs": 1, "batch_size": 4, "lr": 0.05}


@pytest.mark.parametrize("command", ["run table6_mini", "demo"])
def test_a_suite_is_not_for_torchrun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    for name, value in {"WORLD_SIZE": "2", "RANK": "0", "LOCAL_RANK": "0"}.items():
        monkeypatch.setenv(name, value)

    assert error(*command.split(), "-o", tmp_path / "out") == (
        f"error: {command.split()[0]}: expected one process, found 2; start it without torchrun, with --jobs "
        "for several runs at a time (several processes share a run in `pretrain` alone)\n"
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("jobs", "device", "count"), [(5, None, 5), (None, None, 3), (None, "cuda:1", 1)])
def test_there_are_as_many_runs_at_a_time_as_accelerators(
    monkeypatch: pytest.MonkeyPatch, jobs: int | None, device: str | None, count: int
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)

    assert run_count(jobs, device) == count
    assert run_count(None, "cpu") == job_count(None)


@pytest.mark.parametrize("name", ["table2", "table6"])
def test_a_suite_of_several_protocols_asks_for_one_folder(tmp_path: Path, name: str) -> None:
    assert error("run", name, "-o", tmp_path / "out") == (
        "error: --data: expected the data folder for classify by imagenet@1, found none; give --data DIR\n"
    )
    assert not (tmp_path / "out").exists()


def test_one_protocol_that_cannot_be_drawn_is_enough_to_ask_for_data(tmp_path: Path) -> None:
    content = {"recipes": ["mini_b", "resnet50_baseline"], "baseline": "mini_b"}
    path = write_toml(tmp_path / "mixed.toml", content)

    assert "for classify by imagenet@1, found none" in error("run", path, "-o", tmp_path / "out")


def test_a_teacher_that_is_missing_is_told_before_anything_is_made(tmp_path: Path) -> None:
    content = {"recipes": ["mini6_smooth", "mini6_distill"], "baseline": "mini6_smooth"}
    path = write_toml(tmp_path / "half.toml", content)

    assert error("run", path, "-o", tmp_path / "out") == (
        f"error: {path}: teachers: expected the teacher of 'mini6_distill', 'recipe:mini6_teacher', among "
        "the suite's recipes or teachers, found it in neither; add 'mini6_teacher' to 'teachers'\n"
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("names", "tables"), [(["tall"], 0), (["tall", "plain"], 1)])
def test_a_terminal_shows_no_table_while_only_teachers_are_done(names: list[str], tables: int) -> None:
    suite = Suite(name="s", baseline="plain", recipes=("plain",), teachers=("tall",))
    runs = [run for name in names for run in top1(name, 0.5)]
    progress = Progress(waiting=[], records=runs, took=[1.0] * len(runs))

    with StringIO() as text:
        Console(file=text, width=80).print(_view(_Tables(suite), progress, 3, Outlook(Forecast(), 1)))
        shown = text.getvalue()

    assert f"{len(names)} of 3 runs done" in shown
    assert shown.count("percent") == tables


def suite_with_a_teacher(folder: Path) -> Path:
    """Writes a recipe by one protocol, a student and its teacher by another; returns the suite."""
    rules = CLASSIFY.model_dump(mode="json", exclude={"name"})
    small, large = (
        str(write_toml(folder / f"side{side}.toml", rules | {"input_size": side})) for side in (32, 48)
    )
    distilled = {"distillation": {"teacher": "recipe:tall"}}
    for name, protocol, tricks in (("plain", small, {}), ("student", large, distilled), ("tall", large, {})):
        content = {"arch": "mini_b", "plan": PLAN, "protocol": protocol, "tricks": tricks}
        write_toml(folder / f"{name}.toml", content)
    names = {"recipes": ["plain.toml", "student.toml"], "teachers": ["tall.toml"]}
    return write_toml(folder / "taught.toml", {**names, "baseline": "plain", "seeds": [3]})


@pytest.mark.slow
def test_a_suite_with_a_teacher_runs_from_start_to_table(tmp_path: Path) -> None:
    path, data = suite_with_a_teacher(tmp_path), imagefolder(tmp_path / "data")

    result = told("run", path, "--data", data, "-o", tmp_path / "out", "--jobs", "1", "--device", "cpu")

    assert result.exit_code == 0, result.stderr
    runs = {record.recipe: record for record in find_records(tmp_path / "out")}
    assert set(runs) == {"plain", "student", "tall"}
    assert runs["plain"].protocol == "side32@1" and runs["student"].protocol == "side48@1"
    assert "tall" not in result.stdout.partition("cost of student")[0]
    tables = json.loads((tmp_path / "out" / "compare.json").read_text())["tables"]
    assert {row["recipe"] for table in tables for row in table["rows"]} == {"plain", "student"}


@pytest.mark.slow
def test_a_student_whose_teacher_failed_is_not_trained(tmp_path: Path) -> None:
    path, data = suite_with_a_teacher(tmp_path), imagefolder(tmp_path / "data")
    write_toml(tmp_path / "tall.toml", {"arch": "mini_b", "plan": PLAN | {"batch_size": 4096}})

    result = told("run", path, "--data", data, "-o", tmp_path / "out", "--jobs", "1", "--device", "cpu")

    assert result.exit_code == 3
    assert "failed: student/classify/seed3: " in result.stderr
    assert "the run that this one needs did not finish" in result.stderr
    assert [record.recipe for record in find_records(tmp_path / "out")] == ["plain"]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--seeds", "two"], "--seeds: expected a count as 3, or a list as 0,2,5, found 'two'"),
        (["--seeds", "0"], "--seeds: expected a count as 3, or a list as 0,2,5, found '0'"),
        (["--seeds", ","], "--seeds: expected a count as 3, or a list as 0,2,5, found ','"),
        (["--seeds", "2,2"], "--seeds: expected seeds that differ, found 2 twice; leave one out"),
        (["--seeds", "1,2", "--first-seed", "3"], "--first-seed: expected a count as --seeds, found a list"),
        (["--weights", "mini_b"], "--weights 'mini_b': expected RECIPE=BACKBONE, once a recipe"),
        (
            ["--weights", "mini_b=a", "--weights", "mini_b=b"],
            "--weights 'mini_b=b': expected RECIPE=BACKBONE",
        ),
        (["--weights", "mini_a=x"], "--weights mini_a=...: expected one of the suite's recipes"),
        (["--weights", "mini_b=no.pth"], "weights of 'mini_b': no.pth: expected 'random:ARCH'"),
        (["--public"], "--public: expected a suite that names published weights, found 'demo'"),
        (["--only", "mini_c/*"], "--only 'mini_c/*': expected a pattern of runs"),
        (["--devices", "cpu", "--jobs", "2"], "--jobs: expected nothing beside --devices"),
        (["--devices", "cpu", "--device", "cpu"], "--device: expected nothing beside --devices"),
        (["--devices", "cpu,warp:9"], "--devices 'cpu,warp:9': expected devices of this machine"),
    ],
)
def test_a_flag_that_cannot_be_obeyed_is_told_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)

    assert f"error: {message}" in error("run", "demo", *flags)
    assert not (tmp_path / "runs").exists()


def test_published_weights_take_the_place_of_a_pretraining_and_other_flags_go_before_them() -> None:
    suite, recipes = suite_of("table8", is_public=True)
    given, _ = suite_of("table8", ["resnet50_d_mixup=own.pth"], is_public=True)

    assert suite.weights == {"resnet50_d_mixup": "resnet50d.gluon_in1k"}
    assert [recipe.weights for recipe in recipes if recipe.name == "resnet50_d_mixup"] == [
        "resnet50d.gluon_in1k"
    ]
    assert given.weights == {"resnet50_d_mixup": "own.pth"}


@pytest.mark.parametrize(
    ("text", "seeds"), [(None, (0, 1)), ("3", (0, 1, 2)), ("5,", (5,)), ("0, 2,5", (0, 2, 5))]
)
def test_seeds_are_a_count_or_a_list(text: str | None, seeds: tuple[int, ...]) -> None:
    assert seeds_of(suite_of("demo")[0], text) == seeds


def test_repeats_that_would_meet_other_seeds_are_refused() -> None:
    suite = suite_of("demo")[0].model_copy(update={"repeats": 2})

    with pytest.raises(ConfigError, match=r"found 1000 twice, once as a repeat of another \(repeats = 2\)"):
        seeds_of(suite, "0,1000")


def test_devices_that_are_named_do_a_run_each_and_one_that_is_named_twice_two() -> None:
    assert devices_of("cpu, cpu", device=None, jobs=None) == ("cpu", "cpu")
    assert places("0,1,2") == 3
