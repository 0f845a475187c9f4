"""Runs small enough for a test: a narrow ResNet, twelve pictures, one epoch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.fabricate.ade20k import write_ade20k
from tests.fabricate.imagefolder import imagefolder
from tests.fabricate.voc import write_voc
from tests.tasks.detect import tiny as detect
from transferbench.engine.plan import Plan
from transferbench.recipes.recipe import Recipe
from transferbench.runs.cell import Cell, Machine
from transferbench.runs.execute import execute
from transferbench.tasks.base import TaskProtocol
from transferbench.tasks.classify.protocols import ClassifyProtocol
from transferbench.tasks.segment.settings import Ade20kData, Augment, Head, SegmentProtocol
from transferbench.tricks.bag import Bag
from transferbench.tricks.mixup import Mixup

MACHINE = Machine(device="cpu", threads=1, command="transferbench pretrain tiny")
PLAN = Plan(epochs=1, batch_size=4, lr=0.05)
RECIPE = Recipe(name="tiny", arch="mini_b", plan=PLAN, tricks=Bag(mixup=Mixup()))
CLASSIFY = ClassifyProtocol(name="tiny", about="for tests", source="ours", input_size=32, crop=1.0)
DETECT = detect.protocol(plan=PLAN.model_copy(update={"batch_size": 2, "lr": 0.005, "clip_norm": 1.0}))
SEGMENT = SegmentProtocol(
    name="tiny",
    about="for tests",
    source="ours",
    data=Ade20kData(),
    plan=PLAN.model_copy(update={"batch_size": 2}),
    augment=Augment(base_size=40, crop=32),
    head=Head(),
)


def pretraining(data: Path, folder: Path, *, recipe: Recipe = RECIPE, seed: int = 0) -> Cell:
    """Returns the run that trains a backbone on a folder of folders."""
    return Cell(recipe=recipe, task="classify", protocol=CLASSIFY, seed=seed, data=data, folder=folder)


def pretrained_world(root: Path) -> Path:
    """Writes data for all three tasks and a run that trained a backbone, `pretrained`; returns `root`."""
    write_voc(root)
    write_ade20k(root)
    execute(pretraining(imagefolder(root / "folders"), root / "pretrained"), MACHINE, lambda news: None)
    return root


def transfer(protocol: TaskProtocol, data: Path, folder: Path, *, weights: str) -> Cell:
    """Returns the run that fine-tunes a backbone by a protocol of detection or segmentation."""
    return replace(
        pretraining(data, folder, recipe=Recipe(name="tiny", weights=weights)),
        task="segment" if isinstance(protocol, SegmentProtocol) else "detect",
        protocol=protocol,
        weights=weights,
    )


def epochs(count: int) -> Recipe:
    """Returns the recipe at another length."""
    return RECIPE.model_copy(update={"plan": PLAN.model_copy(update={"epochs": count})})


def files_below(folder: Path) -> list[str]:
    """Returns the paths of all files, in order."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
