"""A network that cannot learn four pictures by heart has a fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.real_data import real_data
from transferbench.engine.plan import AdamW, Plan, Poly
from transferbench.recipes.recipe import Recipe
from transferbench.runs.cell import Cell, Machine
from transferbench.runs.execute import execute
from transferbench.tasks.segment.settings import Ade20kData, Augment, Head, SegmentProtocol

SIDE = 384
"""Short side; at stride 8 a smaller one leaves too few steps for the borders between the classes."""
PROTOCOL = SegmentProtocol(
    name="by-heart",
    about="for a test",
    source="ours",
    data=Ade20kData(train="training", score="training"),
    plan=Plan(
        epochs=130,
        batch_size=4,
        lr=0.004,
        optimizer=AdamW(name="adamw", weight_decay=0.0),
        schedule=Poly(name="poly", power=1.0),
        channels_last=True,
    ),
    head=Head(channels_divisor=1, dropout=0.0, auxiliary_weight=0.0, lr_scale=1.0),
    augment=Augment(base_size=SIDE, side="short", crop=SIDE * 4 // 3, scale=(1.0, 1.0), flip=0.0),
    short_side=SIDE,
    score_batch=1,
)
PICTURES = (
    *("validation/ADE_val_00000001", "validation/ADE_val_00000002", "validation/ADE_val_00000003"),
    "training/ADE_train_00016900",
)


@pytest.mark.slow
def test_four_real_pictures_are_learnt_by_heart(tmp_path: Path) -> None:
    cell = Cell(
        recipe=Recipe(name="random", weights="random:mini_d"),
        task="segment",
        protocol=PROTOCOL,
        seed=0,
        data=_four_pictures(real_data("ade20k") / "ADEChallengeData2016", tmp_path / "data"),
        folder=tmp_path / "run",
        weights="random:mini_d",
    )

    record = execute(cell, Machine(device="cpu", threads=1), lambda news: None)

    assert record.scores["segment/pix_acc"] > 0.95


def _four_pictures(source: Path, folder: Path) -> Path:
    """Returns a folder with the pictures in one split."""
    for kind, ending in (("images", "jpg"), ("annotations", "png")):
        (folder / kind / "training").mkdir(parents=True)
        for name in PICTURES:
            path = source / kind / f"{name}.{ending}"
            (folder / kind / "training" / path.name).symlink_to(path)
    (folder / "objectInfo150.txt").symlink_to(source / "objectInfo150.txt")
    return folder
