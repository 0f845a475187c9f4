"""`compare` and what failed, and the table after a suite."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli.command import error, told
from tests.cli.test_compare import SUITE, written
from tests.fabricate.records import demo, record, top1
from transferbench.cli import comparing
from transferbench.cli.comparing import compared_folders, write_comparison
from transferbench.reports.comparing.notes import HELD
from transferbench.reports.comparing.over_pictures import VARIED
from transferbench.runs.failure import Failure
from transferbench.runs.record import write_record
from transferbench.runs.resample import Replicates


def _failed(folder: Path, label: str, message: str) -> None:
    home = folder / label
    home.mkdir(parents=True)
    failure = Failure(cell=label, kind="error", message=message, when="2020-01-01T00:00:00+00:00", asked="x")
    (home / "failure.json").write_text(failure.model_dump_json())


def test_runs_that_failed_are_noted_until_they_have_finished(tmp_path: Path) -> None:
    runs = written(tmp_path / "demo", SUITE, demo())
    _failed(runs, "D/detect/seed7", "the disk is full\nat 9")
    _failed(runs, "D/detect/seed8", "the disk is full")
    write_record(runs / "D" / "detect" / "seed8", record("D", "detect", 8, {"map_area": 0.5}))

    content = json.loads(told("compare", runs, "--format", "json").stdout)

    assert content["failures"] == {"D/detect/seed7": "the disk is full\nat 9"}
    assert content["notes"][-1] == (
        "D: 1 run of detect failed (seed7: the disk is full); `transferbench run demo --retry-failed` does "
        "it again"
    )


def test_a_folder_of_failures_alone_is_told_with_the_first(tmp_path: Path) -> None:
    for seed in (0, 1):
        _failed(tmp_path, f"D/detect/seed{seed}", "the disk is full")

    assert error("compare", tmp_path) == (
        f"error: {tmp_path}: expected finished runs, found 2 failed ones (the first: D/detect/seed0: the "
        "disk is full); mend that and start with `transferbench run SUITE --retry-failed`\n"
    )


def test_a_table_that_shows_no_interval_over_pictures_has_no_note_on_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = written(tmp_path / "demo", SUITE, top1("B", 0.5) + top1("D", 0.6))
    kept = Replicates({"classify/top1": np.linspace(0.4, 0.6, 100)}, (), np.zeros(0), "same", "same")
    monkeypatch.setattr(comparing, "_replicates", lambda runs: {r.identity: kept for r in runs.values()})

    shown = write_comparison(compared_folders([folder]), folder)

    assert VARIED in json.loads((folder / "compare.json").read_text())["notes"]
    assert VARIED not in shown.notes and HELD in shown.notes
