"""A detector that cannot learn eight pictures by heart has a fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.real_data import real_data
from transferbench.recipes.load import load_protocol
from transferbench.recipes.recipe import Recipe
from transferbench.runs.cell import Cell, Machine
from transferbench.runs.execute import execute

SETTINGS = {"padding": "same", "activation": "relu6", "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}
CHANGES = (
    'data.train=["VOC2012/train"]',
    'data.score=["VOC2012/train"]',
    "flip=0.0",
    "plan.epochs=120",
    "plan.warmup_epochs=2",
)


@pytest.mark.slow
def test_eight_real_pictures_are_learnt_by_heart(tmp_path: Path) -> None:
    weights = str(real_data("weights") / "mobilenet_v1_050_160.safetensors")
    recipe = Recipe(name="real", weights=weights, arch="mobilenet_v1_050", settings=SETTINGS)
    cell = Cell(
        recipe=recipe,
        task="detect",
        protocol=load_protocol("detect", "voc-small@1", sets=CHANGES),
        seed=0,
        data=real_data("voc_full"),
        folder=tmp_path,
        weights=weights,
        limit=8,
    )

    record = execute(cell, Machine(device="cpu", threads=1), lambda news: None)

    assert record.scores["detect/map_area"] > 0.95
