"""Scores from predictions that are saved."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.fabricate.ade20k import write_ade20k
from tests.fabricate.voc import DOG, write_image_set, write_scene, write_voc
from tests.runs.tiny import DETECT, MACHINE, SEGMENT, transfer
from transferbench.errors import DataError, RunError
from transferbench.runs.cell import Cell
from transferbench.runs.execute import execute
from transferbench.runs.record import read_record
from transferbench.runs.rescore import rescore_run


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data, and a run of a detection and one of a segmentation on them."""
    root = tmp_path_factory.mktemp("world")
    write_voc(root)
    write_ade20k(root)
    for name, protocol in (("detect", DETECT), ("segment", SEGMENT)):
        cell = replace(transfer(protocol, root, root / name, weights="random:mini_b"), limit=3)
        execute(cell, MACHINE, lambda news: None)
    return root


@pytest.mark.parametrize("task", ["detect", "segment"])
def test_a_run_is_scored_again_to_the_same_numbers(world: Path, task: str) -> None:
    record = read_record(world / task)

    rescored = rescore_run(world / task)

    assert record is not None
    assert rescored.outcome.scores == record.scores
    assert rescored.outcome.per_class == record.per_class
    assert rescored.protocol == "miniature@1 (limit=3)" if task == "detect" else "tiny@1 (limit=3)"


@pytest.mark.parametrize("task", ["detect", "segment"])
def test_a_run_of_an_older_version_gets_its_resampled_scores(world: Path, tmp_path: Path, task: str) -> None:
    folder = shutil.copytree(world / task, tmp_path / task)
    (folder / "replicates.npz").unlink()

    rescore_run(folder)

    assert (folder / "replicates.npz").read_bytes() == (world / task / "replicates.npz").read_bytes()


def test_other_data_of_the_same_names_leave_no_resampled_scores(world: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(world / "detect", tmp_path / "detect")
    (folder / "replicates.npz").unlink()
    shutil.copytree(world / "VOCdevkit", tmp_path / "data" / "VOCdevkit")
    write_scene(tmp_path / "data", "000100", [DOG, DOG])

    rescore_run(folder, tmp_path / "data")
    is_left = (folder / "replicates.npz").exists()
    rescore_run(folder, world)

    assert not is_left
    assert (folder / "replicates.npz").exists()


def test_the_training_split_is_not_needed(world: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(world / "VOCdevkit", tmp_path / "VOCdevkit")
    (moved / "VOC2007" / "ImageSets" / "Main" / "trainval.txt").unlink()
    rules = {"classes": ("cat", "dog")}
    cell = transfer(
        DETECT.model_copy(update={"data": DETECT.data.model_copy(update=rules)}),
        world,
        tmp_path / "run",
        weights="random:mini_b",
    )
    record = execute(cell, MACHINE, lambda news: None)

    assert rescore_run(tmp_path / "run", tmp_path).outcome.scores == record.scores


def test_predictions_that_are_better_score_better(world: Path, tmp_path: Path) -> None:
    run = shutil.copytree(world / "detect", tmp_path / "run")
    truth = rescore_run(run).task.score_examples.truth()  # type: ignore[attr-defined]
    found = {"picture": truth.picture_T, "boxes": truth.boxes_T4, "label": truth.label_T}
    np.savez(run / "predictions.npz", **found, score=np.ones(len(truth.label_T)), pictures=np.array([3]))

    assert rescore_run(run).outcome.scores["detect/map_area"] == 1.0


def test_other_data_than_those_of_the_run_are_refused(world: Path, tmp_path: Path) -> None:
    write_voc(tmp_path, score=2)

    with pytest.raises(
        DataError, match="expected the 3 pictures and the 2 classes that the run was scored on"
    ):
        rescore_run(world / "detect", tmp_path)


def test_classes_in_another_order_are_named(world: Path, tmp_path: Path) -> None:
    write_voc(tmp_path)
    for stem in ("000000", "000001", "000002", "000003"):
        write_scene(tmp_path, stem, [("ant", DOG[1], False), ("cat", DOG[1], False)])
    write_image_set(tmp_path, "VOC2007/test", ["000000", "000001", "000002"])

    with pytest.raises(DataError, match="where class 0 is 'ant' and not 'cat'; give --data"):
        rescore_run(world / "detect", tmp_path)


def test_a_run_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="expected the folder of a finished run, found no such folder"):
        rescore_run(tmp_path / "none")


@pytest.mark.parametrize(
    ("content", "found"), [(None, "no such file"), (b"PK\x03\x04 cut off", "cannot be read")]
)
def test_predictions_that_are_missing_or_broken_are_named(
    world: Path, tmp_path: Path, content: bytes | None, found: str
) -> None:
    run = shutil.copytree(world / "detect", tmp_path / "run")
    (run / "predictions.npz").unlink()
    if content is not None:
        (run / "predictions.npz").write_bytes(content)

    with pytest.raises(
        RunError, match=f"predictions.npz: expected the predictions of a run, found .*{found}"
    ):
        rescore_run(run)


def test_a_finished_run_of_another_order_of_classes_is_named(world: Path, tmp_path: Path) -> None:
    def cell(*classes: str) -> Cell:
        data = DETECT.data.model_copy(update={"classes": classes})
        return transfer(DETECT.model_copy(update={"data": data}), world, tmp_path, weights="random:mini_b")

    execute(cell("cat", "dog"), MACHINE, lambda news: None)

    with pytest.raises(RunError, match=r"found a finished one .*, where class 0 is 'cat' and not 'dog'"):
        execute(cell("dog", "cat"), MACHINE, lambda news: None, if_full="resume")
