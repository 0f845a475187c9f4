"""Pictures on which one run is right and another wrong."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.runs.tiny import DETECT, MACHINE, SEGMENT, pretrained_world, transfer
from transferbench.errors import DataError, RunError
from transferbench.runs.contrast import drawn_contrasts, most_apart
from transferbench.runs.execute import execute
from transferbench.runs.record import finished_record, write_record
from transferbench.runs.resample import replicates_of, write_replicates
from transferbench.tasks.base import Evidence

TASKS = ("pretrained", "detect", "segment")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of each task."""
    root = pretrained_world(tmp_path_factory.mktemp("world"))
    for name, protocol in (("detect", DETECT), ("segment", SEGMENT)):
        cell = transfer(protocol, root, root / name, weights=str(root / "pretrained"))
        execute(cell, MACHINE, lambda news: None)
    return root


def _twin(run: Path, folder: Path, worth: dict[int, float]) -> Path:
    """Returns a copy of a run in which some pictures went well, by number, and the others not at all."""
    kept = replicates_of(run)
    assert kept is not None
    shutil.copytree(run, folder)
    worth_N = np.zeros(len(kept.pictures))
    worth_N[list(worth)] = list(worth.values())
    scores = {"x": np.zeros(1)}
    write_replicates(folder, Evidence(kept.pictures, worth_N, lambda weights_NR: scores))
    return folder


@pytest.mark.parametrize("task", TASKS)
def test_what_is_drawn_of_a_picture_is_what_the_run_drew_of_it(
    world: Path, tmp_path: Path, task: str
) -> None:
    right = _twin(world / task, tmp_path / "right", {0: 0.5, 1: 0.75})
    wrong = _twin(world / task, tmp_path / "wrong", {})

    found = drawn_contrasts(right, wrong, 4)

    assert [(each.worth_right, each.worth_wrong) for each in found] == [(0.75, 0.0), (0.5, 0.0)]
    for each, number in zip(found, (1, 0), strict=True):
        own = [(world / task / "pictures" / f"{kind}_{number}.png") for kind in ("truth", "predicted")]
        truth, predicted = (path.read_bytes() for path in own)
        assert (each.truth, each.by_right, each.by_wrong) == (truth, predicted, predicted)


def test_each_side_is_drawn_from_its_own_predictions(world: Path, tmp_path: Path) -> None:
    right = _twin(world / "pretrained", tmp_path / "right", {1: 1.0})
    wrong = _twin(world / "pretrained", tmp_path / "wrong", {})
    arrays = dict(np.load(wrong / "predictions.npz"))
    arrays["ranked"] = arrays["ranked"][:, ::-1]
    np.savez(wrong / "predictions.npz", **arrays)

    (found,) = drawn_contrasts(right, wrong, 1)

    assert found.by_right == (world / "pretrained" / "pictures" / "predicted_1.png").read_bytes()
    assert found.by_wrong != found.by_right


def test_the_greatest_gap_comes_first_and_small_gaps_do_not_count() -> None:
    right = np.array([0.9, 1.0, 0.5, 0.75, np.nan, 0.2, 1.0])
    wrong = np.array([0.85, 0.0, 0.6, 0.25, 0.0, 0.15, 0.5])

    assert most_apart(right, wrong, 9) == [1, 6, 3]
    assert most_apart(right, wrong, 2) == [1, 6]
    assert most_apart(wrong, right, 9) == []


def test_runs_that_do_equally_well_have_no_contrast(world: Path) -> None:
    assert drawn_contrasts(world / "detect", world / "detect", 4) == []


def test_runs_on_other_pictures_are_refused(world: Path) -> None:
    with pytest.raises(RunError, match=r"segment: expected a run on the \d+ pictures of .*detect, found one"):
        drawn_contrasts(world / "detect", world / "segment", 4)


def test_a_run_that_kept_nothing_of_each_picture_is_told(world: Path, tmp_path: Path) -> None:
    old = shutil.copytree(world / "detect", tmp_path / "old")
    (old / "replicates.npz").unlink()

    with pytest.raises(RunError, match="found a run of an older version"):
        drawn_contrasts(world / "detect", old, 4)


def test_data_that_are_gone_are_told(world: Path, tmp_path: Path) -> None:
    right = _twin(world / "detect", tmp_path / "right", {0: 1.0})
    moved = finished_record(right).model_copy(update={"data": {"root": str(tmp_path / "gone")}})
    write_record(right, moved)

    with pytest.raises(DataError, match=r"gone: expected the data .* found no such folder"):
        drawn_contrasts(right, _twin(world / "detect", tmp_path / "wrong", {}), 4)


def test_choosing_asks_for_no_torch() -> None:
    code = "import sys, transferbench.runs.contrast; print('torch' in sys.modules)"

    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert told == "False\n"
