"""The same numbers, however many processes decode the pictures."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.fabricate.ade20k import write_ade20k
from tests.fabricate.imagefolder import imagefolder
from tests.fabricate.voc import write_voc
from tests.runs.tiny import DETECT, MACHINE, SEGMENT, epochs, pretraining, transfer
from transferbench.runs.cell import Cell
from transferbench.runs.execute import execute
from transferbench.runs.metrics import read_metrics


def told(cell: Cell, workers: int, folder: Path) -> tuple[list[float], dict[str, float]]:
    """Returns the losses and the scores of a run."""
    record = execute(replace(cell, folder=folder), replace(MACHINE, workers=workers), lambda news: None)
    return [line["loss"] for line in read_metrics(folder / "metrics.jsonl")], record.scores


@pytest.mark.slow
@pytest.mark.parametrize("task", ["classify", "detect", "segment"])
def test_losses_and_scores_do_not_depend_on_the_workers(tmp_path: Path, task: str) -> None:
    cells = {
        "classify": lambda: pretraining(imagefolder(tmp_path / "data"), tmp_path, recipe=epochs(2)),
        "detect": lambda: transfer(DETECT, write_voc(tmp_path), tmp_path, weights="random:mini_b"),
        "segment": lambda: transfer(SEGMENT, write_ade20k(tmp_path), tmp_path, weights="random:mini_b"),
    }
    cell = cells[task]()

    none, one, two = (told(cell, workers, tmp_path / f"run{workers}") for workers in (0, 1, 2))

    assert none == one == two
    assert len(none[0]) >= 2
