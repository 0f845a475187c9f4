"""Loss curves in float64 on one thread; a change that should not move numbers may not touch the files.

`python -m tests.test_golden` writes them anew.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any, Literal, get_args

import pytest

from tests.miniature.tiny import TINY
from transferbench.engine.plan import Plan
from transferbench.miniature.make import make
from transferbench.miniature.shapes import SHAPES
from transferbench.recipes.load import load_protocol
from transferbench.recipes.recipe import Recipe
from transferbench.runs.cell import Cell, Machine
from transferbench.runs.execute import execute
from transferbench.runs.metrics import FILE_NAME, read_metrics
from transferbench.tasks.catalog import TaskName

GOLDEN = Path(__file__).parent / "golden"
STEPS = 20
SHORT = ("plan.epochs=4", "plan.batch_size=2", "plan.precision='fp64'")
CHANGES: dict[TaskName, tuple[str, ...]] = {
    "classify": (),
    "detect": (
        *SHORT,
        "plan.lr=0.001",
        f"data.classes={json.dumps(list(SHAPES))}",
    ),  # so few scenes show not all of them
    "segment": (*SHORT, "plan.lr=0.0005", "plan.epochs=10"),
}
Curve = Literal["classify", "detect", "segment", "modern"]
CURVES: tuple[Curve, ...] = get_args(Curve)
BAG: dict[str, Any] = {
    "linear_scaling": {"base_batch": 8},
    "zero_gamma": True,
    "no_bias_decay": True,
    "cosine": True,
    "warmup": {"epochs": 1.0},
    "label_smoothing": True,
    "mixup": True,
}
MODERN = BAG | {
    "progressive_size": {"epochs": 2.0},
    "rand_augment": True,
    "random_erasing": True,
    "cutmix": True,
    "binary_cross_entropy": True,
    "ema": True,
}


def curve(name: Curve, world: Path, folder: Path) -> list[float]:
    """Returns the losses of the first steps of a training."""
    task: TaskName = "classify" if name == "modern" else name
    bag = MODERN if name == "modern" else BAG
    cell = Cell(
        recipe=_pretraining(bag) if task == "classify" else Recipe(name="random", weights="random:mini_d"),
        task=task,
        protocol=load_protocol(task, "miniature@1", sets=CHANGES[task]),
        seed=0,
        data=world,
        folder=folder,
        weights=None if task == "classify" else "random:mini_d",
    )
    execute(cell, Machine(threads=1), lambda _: None)
    return [line["loss"] for line in read_metrics(folder / FILE_NAME)][:STEPS]


def _pretraining(bag: dict[str, Any]) -> Recipe:
    plan = Plan(epochs=5, batch_size=12, lr=0.02, precision="fp64")
    return Recipe.model_validate({"name": "bag", "arch": "mini_d", "plan": plan, "tricks": bag})


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("world")
    make(root, size=TINY, processes=1)
    return root


@pytest.mark.slow
@pytest.mark.parametrize("name", CURVES)
def test_the_first_losses_are_the_golden_ones(name: Curve, world: Path, tmp_path: Path) -> None:
    golden = [float(line) for line in (GOLDEN / f"{name}.txt").read_text().split()]

    losses = curve(name, world, tmp_path / "run")

    assert len(golden) == STEPS
    assert losses == pytest.approx(golden, rel=1e-6)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder) / "world", size=TINY, processes=1)
        for name in sys.argv[1:] or CURVES:
            losses = curve(name, Path(folder) / "world", Path(folder) / name)  # type: ignore[arg-type]
            (GOLDEN / f"{name}.txt").write_text("".join(f"{loss!r}\n" for loss in losses))
