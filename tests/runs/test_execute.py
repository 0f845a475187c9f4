"""One run, from a folder of pictures to a record."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.fabricate.imagefolder import CLASSES, imagefolder
from tests.runs.tiny import MACHINE, RECIPE, epochs, files_below, pretraining
from transferbench.backbones.card import read_card
from transferbench.backbones.catalog import create
from transferbench.backbones.cost import macs_of
from transferbench.backbones.weights.load import found_at
from transferbench.engine.loop import Interrupted
from transferbench.engine.report import Scored, Step
from transferbench.errors import DataError, RunError, TransferbenchError
from transferbench.runs.cell import Cell
from transferbench.runs.execute import execute
from transferbench.runs.metrics import read_metrics
from transferbench.runs.record import Record, read_record
from transferbench.tricks.bag import Bag


def done(cell: Cell, **how: object) -> Record:
    return execute(cell, MACHINE, lambda news: None, **how)  # type: ignore[arg-type]


def losses(folder: Path) -> list[float]:
    return [line["loss"] for line in read_metrics(folder / "metrics.jsonl")]


def after(steps: int) -> Callable[[], int]:
    """Returns a `should_stop` that asks for an end after that many steps."""
    asked = iter(range(1, 1000))
    return lambda: signal.SIGTERM if next(asked) >= steps else 0


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return imagefolder(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def finished(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Cell:
    """A run of two epochs, six steps, that was left alone."""
    cell = pretraining(data, tmp_path_factory.mktemp("run") / "whole", recipe=epochs(2))
    done(cell)
    return cell


def test_a_run_tells_how_fast_it_trained(finished: Cell) -> None:
    record = done(finished, if_full="resume")

    assert record.effort is not None
    images = record.effort.images_per_second * record.effort.fit_seconds
    assert images == pytest.approx(6 * 4)  # steps of a batch
    assert record.effort.backbone_macs == macs_of(create("mini_b"), (32, 32))


def test_a_run_leaves_record_weights_predictions_and_pictures(finished: Cell) -> None:
    pictures = [f"pictures/{kind}_{place}.png" for kind in ("predicted", "truth") for place in range(6)]

    assert files_below(finished.folder) == sorted(
        [
            *("backbone.safetensors", "last.ckpt", "metrics.jsonl", "predictions.npz", "record.json"),
            *("replicates.npz", *pictures),
        ]
    )


def test_the_record_is_written_last(finished: Cell) -> None:
    times = {path.stat().st_mtime_ns: path.name for path in finished.folder.rglob("*") if path.is_file()}

    assert times[max(times)] == "record.json"


def test_a_record_says_what_was_done(finished: Cell) -> None:
    record = read_record(finished.folder)

    assert record is not None
    assert (record.recipe, record.task, record.protocol, record.seed) == ("tiny", "classify", "tiny@1", 0)
    assert set(record.scores) == {"classify/top1", "classify/top5"}
    assert (record.classes, record.pictures) == (CLASSES, {"train": 12, "score": 6})
    assert record.resolved["recipe"]["tricks"]["mixup"]["alpha"] == 0.2
    assert record.machine["command"] == "transferbench pretrain tiny"
    assert record.machine["threads"] == 1


def test_scores_are_the_plain_fractions_of_the_predictions(finished: Cell) -> None:
    record = read_record(finished.folder)
    ranked_NR = np.load(finished.folder / "predictions.npz")["ranked"]

    assert record is not None
    assert record.scores["classify/top1"] == np.mean(ranked_NR[:, 0] == np.repeat([0, 1, 2], 2))


def test_weights_carry_their_lineage(finished: Cell) -> None:
    card = read_card(finished.folder / "backbone.safetensors")

    assert card is not None
    assert (card.arch, card.classes) == ("mini_b", CLASSES)
    assert card.recipe["name"] == "tiny"


def test_every_step_and_every_batch_that_is_scored_is_told(data: Path, tmp_path: Path) -> None:
    news: list[Step | Scored] = []

    execute(pretraining(data, tmp_path), MACHINE, news.append)

    assert [each.step for each in news if isinstance(each, Step)] == [0, 1, 2]
    assert news[-1] == Scored(6, 6)


@pytest.mark.parametrize("steps", [1, 3, 4, 6])
def test_a_run_that_was_interrupted_ends_as_one_left_alone(
    finished: Cell, tmp_path: Path, steps: int
) -> None:
    cell = replace(finished, folder=tmp_path / "run")

    with pytest.raises(Interrupted):
        done(cell, should_stop=after(steps))
    assert read_record(cell.folder) is None
    resumed, whole = done(cell, if_full="resume"), read_record(finished.folder)

    assert whole is not None
    assert losses(cell.folder) == losses(finished.folder)
    assert (resumed.scores, resumed.identity) == (whole.scores, whole.identity)


def test_a_finished_run_is_returned_and_not_done_again(finished: Cell) -> None:
    before = [(finished.folder / name).stat().st_mtime_ns for name in files_below(finished.folder)]

    record = done(finished, if_full="resume")

    assert record == read_record(finished.folder)
    assert [(finished.folder / name).stat().st_mtime_ns for name in files_below(finished.folder)] == before


def test_a_finished_run_of_other_settings_is_refused(finished: Cell) -> None:
    other = replace(finished, recipe=epochs(3))

    with pytest.raises(RunError) as caught:
        done(other, if_full="resume")

    assert str(caught.value) == (
        f"{finished.folder}: expected this run (tiny/classify/seed0), found a finished one of other "
        "settings, data or weights; give --overwrite to do it anew (in a suite, move the folder away), or "
        "another --out"
    )


def test_an_unfinished_run_of_other_settings_is_refused(data: Path, tmp_path: Path) -> None:
    cell = pretraining(data, tmp_path)
    with pytest.raises(Interrupted):
        done(cell, should_stop=after(1))

    with pytest.raises(RunError, match="expected a checkpoint of this run, found one of other settings"):
        done(replace(cell, seed=1), if_full="resume")


def test_a_finished_run_is_refused_without_leave_and_redone_with_it(data: Path, tmp_path: Path) -> None:
    cell = pretraining(data, tmp_path)
    first = done(cell)

    with pytest.raises(RunError, match="expected an empty folder"):
        done(cell)
    again = done(replace(cell, seed=1), if_full="overwrite")

    assert (first.seed, again.seed) == (0, 1)
    assert read_record(tmp_path) == again


def test_a_name_or_the_papers_numbers_make_no_other_run(finished: Cell) -> None:
    changes = {"about": "in other words", "paper": {"classify/top1": 0.5}}
    recipe = finished.recipe.model_copy(update=changes)

    assert done(replace(finished, recipe=recipe), if_full="resume") == read_record(finished.folder)


@pytest.mark.parametrize("spoil", ["data", "class", "arch"])
def test_a_fault_leaves_no_folder_behind(tmp_path: Path, spoil: str) -> None:
    cell = pretraining(imagefolder(tmp_path / "data"), tmp_path / "runs" / "one")
    if spoil == "data":
        cell = replace(cell, data=tmp_path / "missing")
    elif spoil == "class":
        (tmp_path / "data" / "val" / "n99").mkdir()
    else:
        cell = replace(cell, recipe=RECIPE.model_copy(update={"arch": "mini_z"}))

    with pytest.raises(TransferbenchError):
        done(cell)

    assert not (tmp_path / "runs").exists()


def test_a_truncated_picture_is_named_before_anything_is_written(tmp_path: Path) -> None:
    root = imagefolder(tmp_path / "data")
    path = root / "train" / "n02" / "0.jpg"
    path.write_bytes(path.read_bytes()[:200])

    with pytest.raises(DataError, match=r"n02/0\.jpg"):
        done(pretraining(root, tmp_path / "run"))

    assert not (tmp_path / "run").exists()


def test_a_log_holds_finite_numbers_for_every_step(finished: Cell) -> None:
    lines = [json.loads(line) for line in (finished.folder / "metrics.jsonl").read_text().splitlines()]

    assert [line["step"] for line in lines] == list(range(6))
    assert all(np.isfinite(line["loss"]) and 0 <= line["waiting_share"] <= 1 for line in lines)


def test_a_student_learns_from_a_teacher_and_remembers_which(finished: Cell, tmp_path: Path) -> None:
    tricks = {"distillation": {"teacher": str(finished.folder)}}
    recipe = RECIPE.model_copy(update={"tricks": Bag.model_validate(tricks)})
    student = pretraining(finished.data, tmp_path / "student", recipe=recipe)

    done(student)

    card = read_card(student.folder / "backbone.safetensors")
    assert card is not None
    assert card.lineage == {"teacher": found_at(str(finished.folder)).sha256}


def test_overwriting_keeps_what_is_there_until_the_new_run_can_start(data: Path, tmp_path: Path) -> None:
    cell = pretraining(data, tmp_path / "run")
    done(cell)

    with pytest.raises(DataError, match="expected at least 4 pictures, one batch, found 2"):
        done(replace(cell, limit=2), if_full="overwrite")

    assert read_record(cell.folder) is not None
