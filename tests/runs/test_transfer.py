"""From a pretrained backbone to detection and segmentation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.fabricate.networks import trained
from tests.runs.tiny import DETECT, MACHINE, RECIPE, SEGMENT, files_below, pretrained_world, transfer
from transferbench.backbones.card import Form, WeightsCard
from transferbench.backbones.catalog import create
from transferbench.backbones.cost import macs_of
from transferbench.backbones.weights.save import save_backbone
from transferbench.errors import ConfigError, DataError, WeightsError
from transferbench.runs.execute import execute
from transferbench.runs.record import Record, read_record
from transferbench.runs.setting import prepare
from transferbench.tasks.base import TaskProtocol
from transferbench.tasks.detect.examples import DetectExamples
from transferbench.tasks.detect.sources.picture import Picture

SCORES = {
    "detect": {"detect/coco_ap", "detect/coco_ap50", "detect/map_area", "detect/map_voc07"},
    "segment": {"segment/miou", "segment/pix_acc"},
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data for all three tasks, and a run that trained a backbone."""
    return pretrained_world(tmp_path_factory.mktemp("world"))


def transferred(world: Path, protocol: TaskProtocol, folder: Path, weights: str) -> Record:
    return execute(transfer(protocol, world, folder, weights=weights), MACHINE, lambda news: None)


@pytest.mark.parametrize("protocol", [DETECT, SEGMENT], ids=["detect", "segment"])
def test_a_transfer_from_the_folder_of_a_run_is_scored(
    world: Path, tmp_path: Path, protocol: TaskProtocol
) -> None:
    record = transferred(world, protocol, tmp_path, str(world / "pretrained"))

    assert SCORES[record.task] <= set(record.scores)
    assert all(0 <= value <= 1 for value in record.scores.values())
    assert read_record(tmp_path) == record
    assert "pictures/predicted_0.png" in files_below(tmp_path)
    assert "backbone.safetensors" not in files_below(tmp_path)


def test_a_record_says_that_every_weight_was_loaded(world: Path, tmp_path: Path) -> None:
    record = transferred(world, SEGMENT, tmp_path, str(world / "pretrained" / "backbone.safetensors"))

    assert record.weights["share_loaded"] == 1.0
    assert not record.weights["missing"] and len(record.weights["sha256"]) == 64


def test_a_control_starts_at_random_and_says_so(world: Path, tmp_path: Path) -> None:
    record = transferred(world, SEGMENT, tmp_path, "random:mini_b")

    assert record.weights["was_random"]
    assert record.resolved["plan"] == SEGMENT.plan.model_dump(mode="json")


def test_other_weights_make_another_run(world: Path, tmp_path: Path) -> None:
    first = transferred(world, SEGMENT, tmp_path / "one", "random:mini_b")
    second = transferred(world, SEGMENT, tmp_path / "two", str(world / "pretrained"))

    assert first.identity != second.identity


def test_the_same_weights_elsewhere_by_another_recipe_are_the_same_run(world: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.safetensors"
    copy.write_bytes((world / "pretrained" / "backbone.safetensors").read_bytes())

    there = transfer(SEGMENT, world, tmp_path, weights=str(world / "pretrained"))
    here = replace(transfer(SEGMENT, world, tmp_path, weights=str(copy)), recipe=RECIPE)

    assert prepare(here, MACHINE).identity == prepare(there, MACHINE).identity


def test_a_transfer_records_what_its_network_costs(world: Path, tmp_path: Path) -> None:
    record = transferred(world, SEGMENT, tmp_path, str(world / "pretrained"))

    assert record.effort is not None and record.effort.picture_size == (32, 32)
    assert record.effort.backbone_macs > macs_of(create("mini_b"), (32, 32))  # it is dilated
    assert 0 < record.effort.fit_seconds < record.wall_seconds


@pytest.mark.parametrize("weights", ["missing", "random:mini_z", "empty"])
def test_weights_that_are_not_there_leave_no_folder(world: Path, tmp_path: Path, weights: str) -> None:
    (tmp_path / "empty").mkdir()
    weights = str(tmp_path / "empty") if weights == "empty" else weights

    with pytest.raises(WeightsError):
        transferred(world, SEGMENT, tmp_path / "run", weights)

    assert not (tmp_path / "run").exists()


def test_other_settings_of_the_same_weights_are_another_run(world: Path, tmp_path: Path) -> None:
    weights = str(world / "pretrained")
    changes: tuple[dict[str, object], ...] = ({}, {"mean": (0.5, 0.5, 0.5)}, {"colours": "bgr"})

    identities = set()
    for change in changes:
        cell = transfer(SEGMENT, world, tmp_path, weights=weights)
        recipe = cell.recipe.model_copy(update={"settings": change})
        identities.add(prepare(replace(cell, recipe=recipe), MACHINE).identity)

    assert len(identities) == 3


def test_another_network_behind_the_same_name_is_another_run(world: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    cell = transfer(SEGMENT, world, tmp_path / "run", weights=f"random:{path}")

    identities = set()
    for form in (Form("relu", "symmetric"), Form("relu6", "same")):
        save_backbone(path, trained("mobilenet_v1_025", form=form), WeightsCard("mobilenet_v1_025"))
        identities.add(prepare(cell, MACHINE).identity)

    assert len(identities) == 2


def test_what_was_loaded_is_announced_before_the_first_step(world: Path, tmp_path: Path) -> None:
    events: list[str] = []
    cell = transfer(SEGMENT, world, tmp_path, weights=str(world / "pretrained"))

    execute(
        cell,
        MACHINE,
        lambda news: events.append(type(news).__name__),
        announce=lambda report, data: events.extend([f"loaded {report.share_loaded:.0%}", data.root]),
    )

    assert events[:2] == ["loaded 100%", str(world)]
    assert "Step" in events


def test_labels_are_checked_before_the_first_step(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shifted(self: DetectExamples, picture: Picture) -> np.ndarray:
        return np.array([1 - ["cat", "dog"].index(name) for name in picture.truth.names], dtype=np.int64)

    monkeypatch.setattr(DetectExamples, "_labels", shifted)
    news: list[object] = []

    with pytest.raises(DataError, match="put the order of the classes right before anything is trained"):
        execute(transfer(DETECT, world, tmp_path, weights="random:mini_b"), MACHINE, news.append)

    assert not news and not (tmp_path / "last.ckpt").exists()


def test_a_detection_is_not_compiled(world: Path, tmp_path: Path) -> None:
    plan = DETECT.plan.model_copy(update={"compile": True})

    with pytest.raises(ConfigError, match=r"plan\.compile: expected false in detection"):
        transferred(world, DETECT.model_copy(update={"plan": plan}), tmp_path, "random:mini_b")
