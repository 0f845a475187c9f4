"""Two processes that train together see and do what one does."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.fabricate.imagefolder import imagefolder
from tests.fabricate.toml import write_toml
from tests.fabricate.voc import write_voc
from tests.tasks.detect.tiny import protocol
from transferbench.runs.metrics import read_metrics

ROOT = Path(__file__).parents[2]
PLAN = {"epochs": 2, "batch_size": 8, "lr": 0.02}
TRICKS = {"mixup": True, "label_smoothing": True, "warmup": {"epochs": 1}, "ema": {"decay": 0.9}}


def started(
    folder: Path,
    out: str,
    *flags: str,
    processes: int = 2,
    stderr: int = subprocess.DEVNULL,
    words: Sequence[str] = (),
) -> subprocess.Popen[bytes]:
    """Returns a pretraining, or what other `words` ask for, at work in one process or in several."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    shared = ["-m", "torch.distributed.run", "--nproc-per-node", str(processes), "--master-port", str(port)]
    asked = words or ("pretrain", str(folder / "recipe.toml"))
    command = ["-m", "transferbench", *asked, "-o", str(folder / out)]
    where = ["--data", str(folder / "data"), "--threads", "1", "--device", "cpu"]
    return subprocess.Popen(
        [sys.executable, *(shared if processes > 1 else []), *command, *where, *flags],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=stderr,
    )


def prepared(folder: Path, arch: str) -> None:
    imagefolder(folder / "data")
    content = {"arch": arch, "protocol": "small-pictures@1", "plan": PLAN, "tricks": TRICKS}
    write_toml(folder / "recipe.toml", content)


def losses(run: Path) -> list[float]:
    return [line["loss"] for line in read_metrics(run / "metrics.jsonl")]


def scores(run: Path) -> dict[str, float]:
    return dict(json.loads((run / "record.json").read_text())["scores"])


@pytest.mark.slow
def test_two_processes_give_the_losses_weights_and_scores_of_one(tmp_path: Path) -> None:
    pytest.importorskip("timm")
    prepared(tmp_path, "timm:test_convnext")  # without batch norm, where arithmetic allows it

    assert started(tmp_path, "two").wait() == 0
    assert started(tmp_path, "one", "--set", "plan.accumulate=2", processes=1).wait() == 0

    one, two = tmp_path / "one", tmp_path / "two"
    assert losses(two) == pytest.approx(losses(one), rel=1e-6)
    assert scores(two) == pytest.approx(scores(one), abs=1e-6)
    ours, theirs = (load_file(run / "backbone.safetensors") for run in (one, two))
    torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=1e-6)


@pytest.mark.slow
def test_two_processes_detect_what_one_detects_each_picture_once(tmp_path: Path) -> None:
    pytest.importorskip("timm")
    write_voc(tmp_path / "data", train=8, score=5)
    rules = {**protocol(norm="trained").model_dump(exclude={"name"}, exclude_none=True), "score_batch": 2}
    words = [
        "detect",
        "random:timm:test_convnext",
        "--protocol",
        str(write_toml(tmp_path / "tiny.toml", rules)),
    ]

    assert started(tmp_path, "two", words=words).wait() == 0
    assert started(tmp_path, "one", "--set", "plan.accumulate=2", processes=1, words=words).wait() == 0

    one, two = tmp_path / "one", tmp_path / "two"
    assert losses(two) == pytest.approx(losses(one), rel=1e-6)
    assert scores(two) == pytest.approx(scores(one), abs=1e-6)
    ours, theirs = (np.load(run / "predictions.npz") for run in (one, two))
    assert ours["picture"].tolist() == theirs["picture"].tolist()
    np.testing.assert_allclose(ours["boxes"], theirs["boxes"], atol=1e-3)


@pytest.mark.slow
def test_a_training_of_two_that_is_ended_goes_on_in_one(tmp_path: Path) -> None:
    prepared(tmp_path, "mini_d")
    process = started(tmp_path, "ended", "--set", "plan.epochs=400")
    _wait_for(tmp_path / "ended" / "metrics.jsonl", process)
    process.send_signal(signal.SIGTERM)
    assert process.wait() != 0
    done = len(losses(tmp_path / "ended"))

    resumed = ("--set", "plan.epochs=400", "--set", "plan.accumulate=2", "--resume")
    ended = started(tmp_path, "ended", *resumed, processes=1)
    _wait_for_lines(tmp_path / "ended" / "metrics.jsonl", done + 10, ended)
    ended.terminate()
    assert ended.wait() == 128 + signal.SIGTERM
    whole = started(tmp_path, "whole", "--set", "plan.epochs=400")
    _wait_for_lines(tmp_path / "whole" / "metrics.jsonl", done + 10, whole)
    whole.terminate()
    whole.wait()

    count = done + 10
    assert losses(tmp_path / "ended")[:count] == pytest.approx(losses(tmp_path / "whole")[:count], rel=1e-6)


def _wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None and not path.exists():
        _pause(process)


def _wait_for_lines(path: Path, count: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None and (not path.exists() or path.read_text().count("\n") < count):
        _pause(process)


def _pause(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(0.05)
    except subprocess.TimeoutExpired:
        return


@pytest.mark.slow
def test_what_the_first_of_two_refuses_ends_the_other_without_a_traceback(tmp_path: Path) -> None:
    prepared(tmp_path, "mini_d")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").touch()

    process = started(tmp_path, "full", stderr=subprocess.PIPE)
    told = process.communicate()[1].decode()

    assert process.returncode != 0
    assert told.count("full: expected an empty folder, found 'notes.txt'") == 1
    assert "[rank1]: Traceback" not in told


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--set", "plan.batch_size=9"], "expected a batch that 2 processes share evenly, found 9 pictures"),
        (["--set", "plan.batch_norm=synchronised"], "plan.batch_norm 'synchronised': expected accelerators"),
    ],
)
def test_what_two_processes_cannot_share_is_told_before_they_meet(
    tmp_path: Path, flags: Sequence[str], words: str
) -> None:
    prepared(tmp_path, "mini_d")
    command = [sys.executable, "-m", "transferbench", "pretrain", str(tmp_path / "recipe.toml"), *flags]

    ended = subprocess.run(
        [*command, "--data", str(tmp_path / "data"), "-o", str(tmp_path / "run"), "--device", "cpu"],
        cwd=ROOT,
        env=os.environ | {"WORLD_SIZE": "2", "RANK": "0", "LOCAL_RANK": "0"},
        capture_output=True,
        text=True,
    )

    assert (ended.returncode, ended.stdout) == (1, "")
    assert words in ended.stderr
    assert not (tmp_path / "run").exists()
