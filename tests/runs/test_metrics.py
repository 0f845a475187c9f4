"""The line-by-line log of a run."""

import os
from pathlib import Path

import pytest

from transferbench.runs.metrics import FILE_NAME, MetricsFile, read_metrics


def log(folder: Path, *steps: int, loss: float = 1.0) -> None:
    metrics = MetricsFile(folder)
    for step in steps:
        metrics.add({"step": step, "loss": loss})


def test_lines_are_read_as_they_were_added(tmp_path: Path) -> None:
    log(tmp_path, 0, 1, loss=0.1 + 0.2)

    assert read_metrics(tmp_path / FILE_NAME) == [
        {"step": 0, "loss": 0.1 + 0.2},
        {"step": 1, "loss": 0.1 + 0.2},
    ]


def test_a_resumed_run_takes_back_the_steps_that_it_does_again(tmp_path: Path) -> None:
    log(tmp_path, 0, 1, 2, 3, loss=1.0)
    log(tmp_path, 2, 3, 4, loss=2.0)

    lines = read_metrics(tmp_path / FILE_NAME)

    assert [(line["step"], line["loss"]) for line in lines] == [
        (0, 1.0),
        (1, 1.0),
        (2, 2.0),
        (3, 2.0),
        (4, 2.0),
    ]


def test_a_line_that_was_cut_short_is_left_out(tmp_path: Path) -> None:
    log(tmp_path, 0, 1)
    with (tmp_path / FILE_NAME).open("a") as file:
        file.write('{"step": 2, "lo')

    log(tmp_path, 2)

    assert [line["step"] for line in read_metrics(tmp_path / FILE_NAME)] == [0, 1, 2]


def test_lines_that_cannot_be_taken_back_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log(tmp_path, 0, 1)

    def full(descriptor: int) -> None:
        raise OSError

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError):
        log(tmp_path, 1)

    assert [line["step"] for line in read_metrics(tmp_path / FILE_NAME)] == [0, 1]
