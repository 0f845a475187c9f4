"""Keeps what a run gave: predictions, pictures, weights and, last of all, the record."""

from __future__ import annotations

import io
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic_core import to_jsonable_python

from transferbench import __version__
from transferbench.backbones.card import FILE_NAME as BACKBONE_FILE
from transferbench.backbones.card import WeightsCard
from transferbench.backbones.cost import macs_of
from transferbench.backbones.weights.save import save_backbone
from transferbench.engine.device import describe, peak_memory_bytes
from transferbench.runs.record import Effort, Record, Teacher, read_record, write_atomically, write_record
from transferbench.runs.resample import write_replicates

if TYPE_CHECKING:
    from torch import nn

    from transferbench.runs.setting import Setting
    from transferbench.tasks.base import Outcome

PICTURES = 6
PICTURES_FOLDER = "pictures"
PREDICTIONS_FILE = "predictions.npz"


@dataclass(frozen=True)
class Spent:
    """The time that a run took."""

    fit_seconds: float
    """Of training, over all sessions."""
    score_seconds: float
    images: int
    """That the training showed, each as often as it did."""
    sessions: float = 1.0
    """The training's seconds over those of its last session, the only one a teacher was timed in."""


def keep(setting: Setting, model: nn.Module, outcome: Outcome, spent: Spent) -> Record:
    """Writes everything that is kept of a run and returns its record, which is written last.

    Args:
        setting: what was done.
        model: as trained.
        outcome: what measuring it gave.
        spent: how long that took.
    """
    folder = setting.cell.folder
    _write_predictions(folder / PREDICTIONS_FILE, outcome)
    _draw(setting, outcome, folder / PICTURES_FOLDER)
    if setting.cell.weights is None:
        _write_backbone(setting, model, outcome, folder / BACKBONE_FILE)
    write_replicates(folder, setting.task.evidence(outcome))
    record = _record(setting, model, outcome, spent)
    write_record(folder, record)
    return record


def _write_predictions(path: Path, outcome: Outcome) -> None:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **outcome.predictions)  # type: ignore[arg-type]
    write_atomically(path, buffer.getvalue())


def _draw(setting: Setting, outcome: Outcome, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    setting.task.draw(outcome, folder, min(PICTURES, len(setting.task.score_examples)))


def _write_backbone(setting: Setting, model: nn.Module, outcome: Outcome, path: Path) -> None:
    from transferbench.tasks.classify.model import Classifier
    from transferbench.tasks.classify.protocols import ClassifyProtocol

    protocol = setting.cell.protocol
    assert isinstance(model, Classifier) and isinstance(protocol, ClassifyProtocol)
    card = WeightsCard(
        arch=model.backbone.arch,
        pixels=replace(
            model.backbone.pixels,
            input_size=protocol.input_size,
            crop=protocol.crop,
            interpolation="bilinear",
        ),
        form=model.backbone.form,
        classes=setting.task.data.classes,
        recipe=setting.cell.recipe.model_dump(mode="json"),
        scores=dict(outcome.scores),
        data_fingerprint=setting.task.data.fingerprint,
        lineage=setting.lineage,
    )
    save_backbone(path, model.backbone, card, head=model.fc.state_dict())


def _record(setting: Setting, model: nn.Module, outcome: Outcome, spent: Spent) -> Record:
    cell, machine, task = setting.cell, setting.machine, setting.task
    return Record(
        suite=cell.suite,
        recipe=cell.recipe.name,
        task=cell.task,
        protocol=cell.protocol_key,
        seed=cell.seed,
        pretraining_seed=cell.pretraining_seed,
        identity=setting.identity,
        scores=dict(outcome.scores),
        per_class={name: dict(values) for name, values in outcome.per_class.items()},
        paper={k: v for k, v in cell.recipe.paper.items() if k.startswith(f"{cell.task}/")},
        teacher=_teacher(setting, spent.sessions),
        wall_seconds=spent.fit_seconds + spent.score_seconds,
        peak_memory_bytes=peak_memory_bytes(setting.device),
        effort=_effort(setting, model, spent),
        pictures=dict(task.data.pictures),
        classes=task.data.classes,
        data={"root": str(Path(task.data.root).absolute()), "fingerprint": task.data.fingerprint},
        marks=task.data.marks,
        remarks=task.data.remarks,
        weights=to_jsonable_python(setting.loaded.report.as_dict()),
        resolved={
            "recipe": cell.recipe.model_dump(mode="json"),
            "protocol": cell.protocol.model_dump(mode="json"),
            "plan": setting.plan.model_dump(mode="json"),
            "departures": list(cell.departures),
            "limit": cell.limit,
        },
        machine={
            **describe(setting.device),
            "transferbench": __version__,
            "workers": machine.workers,
            "precision": setting.plan.precision,
            "command": machine.command,
        },
    )


def _effort(setting: Setting, model: nn.Module, spent: Spent) -> Effort:
    size = setting.cell.protocol.picture_size
    return Effort(
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        backbone_macs=macs_of(setting.loaded.backbone, size),
        picture_size=size,
        fit_seconds=spent.fit_seconds,
        images_per_second=spent.images / spent.fit_seconds,
        devices=setting.machine.world.size,
    )


def _teacher(setting: Setting, sessions: float) -> Teacher | None:
    if setting.teacher is None or setting.bag.distillation is None:
        return None
    path = Path(setting.teacher)
    folder = path if path.is_dir() else path.parent
    own = read_record(folder) if folder.is_dir() else None
    return Teacher(
        source=setting.teacher,
        sha256=setting.lineage["teacher"],
        forward_seconds=sessions * setting.bag.distillation.teacher_seconds,
        pretraining_seconds=None if own is None else own.wall_seconds,
    )
