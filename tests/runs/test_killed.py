"""A suite that is killed and started again ends as one that was left alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fabricate.toml import write_toml
from tests.miniature.tiny import TINY
from transferbench.miniature.make import make
from transferbench.miniature.shapes import SHAPES
from transferbench.runs.index import finished_in
from transferbench.runs.metrics import read_metrics
from transferbench.tasks.catalog import PROTOCOLS, TaskName

ROOT = Path(__file__).parents[2]
PLAN = {"epochs": 2, "batch_size": 8, "lr": 0.05}
RUNS = 5


def suite(folder: Path) -> Path:
    """Writes a suite of one pretraining, a control and two short transfers of both; returns it."""
    write_toml(folder / "mine.toml", {"arch": "mini_b", "protocol": "miniature@1", "plan": PLAN})
    tasks: tuple[TaskName, ...] = ("detect", "segment")
    for task in tasks:
        content = PROTOCOLS[task]["miniature@1"].model_dump(mode="json", exclude={"name", "plan"})
        if task == "detect":
            content["data"]["classes"] = list(SHAPES)  # so few scenes do not show them all
        write_toml(folder / f"{task}.toml", content | {"plan": {"epochs": 1, "batch_size": 2, "lr": 0.005}})
    content = {
        "baseline": "mine",
        "recipes": ["mini_random", "mine.toml"],
        "protocols": {"detect": "detect.toml", "segment": "segment.toml"},
        "seeds": [0],
    }
    return write_toml(folder / "tiny.toml", content)


def started(module: str, folder: Path, out: str) -> subprocess.Popen[bytes]:
    """Returns the suite at work, with its processes in a group of their own."""
    words = ["run", str(folder / "tiny.toml"), "--data", str(folder / "world"), "-o", str(folder / out)]
    return subprocess.Popen(
        [sys.executable, "-m", module, *words, "--jobs", "2", "--device", "cpu"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )


def killed_when(process: subprocess.Popen[bytes], folder: Path, pattern: str, *, is_group: bool) -> int:
    """Kills the suite as soon as a file of that pattern is there; returns its exit status."""
    while process.poll() is None and not list(folder.glob(pattern)):
        _wait(process, 0.02)
    if is_group:
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    return process.wait()


def told(out: Path) -> dict[str, Any]:
    """Returns the scores and the losses of each run."""
    return {
        str(path.parent.relative_to(out)): (
            json.loads(path.read_text())["scores"],
            [line["loss"] for line in read_metrics(path.parent / "metrics.jsonl")],
        )
        for path in out.rglob("record.json")
    }


@pytest.mark.slow
def test_a_suite_that_is_killed_three_times_ends_as_one_left_alone(tmp_path: Path) -> None:
    make(tmp_path / "world", size=TINY, seed=0, processes=1)
    suite(tmp_path)
    out, moments = tmp_path / "killed", ("mine/classify", "*/detect", "mine/segment")

    for moment, is_group in zip(moments, (True, False, True), strict=True):
        process = started("tests.runs.impatient", tmp_path, "killed")
        status = killed_when(process, out, f"{moment}/seed0/last.ckpt", is_group=is_group)
        assert status == -signal.SIGKILL and len(told(out)) < RUNS
    assert started("tests.runs.impatient", tmp_path, "killed").wait() == 0
    assert started("transferbench", tmp_path, "alone").wait() == 0

    assert told(out) == told(tmp_path / "alone")
    assert len(told(out)) == len(finished_in(out, is_kept=False)) == RUNS
    assert not list(out.rglob("failure.json")) and not list(out.rglob("*.part"))


def _wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return
