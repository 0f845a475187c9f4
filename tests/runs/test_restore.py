"""The network of a finished transfer, out of its folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from tests.runs.tiny import DETECT, MACHINE, SEGMENT, pretrained_world, transfer
from transferbench.errors import RunError
from transferbench.runs.execute import execute
from transferbench.runs.rescore import read_predictions
from transferbench.runs.restore import restore
from transferbench.tasks.detect.task import DetectTask
from transferbench.tasks.loader import scoring_batches

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data, a pretraining, and its transfers to a frozen detection and to a segmentation."""
    root = pretrained_world(tmp_path_factory.mktemp("world"))
    for name, protocol in (("detect", DETECT.with_frozen_backbone()), ("segment", SEGMENT)):
        cell = transfer(protocol, root, root / name, weights=str(root / "pretrained"))
        execute(cell, MACHINE, lambda news: None)
    return root


def test_a_restored_detector_says_what_the_run_said(world: Path) -> None:
    restored = restore(world / "detect", CPU)
    task = DetectTask(DETECT, world)
    batches = scoring_batches(task.score_examples, batch_size=DETECT.score_batch, workers=0, device=CPU)

    found = task.measure(restored.model, batches, lambda done: None)

    saved = read_predictions(world / "detect" / "predictions.npz")
    assert len(saved["score"]) > 0
    assert all(
        found[name].tolist() == saved[name].tolist() for name in ("picture", "label", "score", "boxes")
    )


def test_a_segmenter_is_restored_too(world: Path) -> None:
    restored = restore(world / "segment", CPU)

    assert not restored.model.training
    assert restored.model(torch.zeros(1, 3, 32, 32))[0].shape[1] == len(restored.record.classes)


def test_the_checkpoint_of_another_network_is_refused(world: Path, tmp_path: Path) -> None:
    run = shutil.copytree(world / "detect", tmp_path / "run")
    shutil.copy(world / "segment" / "last.ckpt", run)

    with pytest.raises(
        RunError, match=r"last.ckpt: expected the checkpoint of this run, found one of another"
    ):
        restore(run, CPU)


def test_a_pretraining_is_no_transfer(world: Path) -> None:
    with pytest.raises(RunError, match="expected a run of detect or segment, found a pretraining"):
        restore(world / "pretrained", CPU)
