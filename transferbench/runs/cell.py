"""One run to be done, and the runs of a suite. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from transferbench.backbones.card import FILE_NAME as BACKBONE_FILE
from transferbench.engine.plan import Precision
from transferbench.recipes.load import load_protocol
from transferbench.recipes.recipe import Recipe
from transferbench.recipes.suite import Suite
from transferbench.tasks.base import TaskProtocol
from transferbench.tasks.catalog import TaskName


@dataclass(frozen=True)
class Machine:
    """What belongs to this machine and moment, and not to an experiment."""

    device: str | None = None
    """As torch names it; None takes the fastest."""
    workers: int = 0
    """Processes that decode pictures; 0 decodes in the training process."""
    threads: int | None = None
    """Of one process; None leaves it to torch."""
    precision: Precision | None = None
    """None leaves it to the plan."""
    command: str = ""


@dataclass(frozen=True, eq=False)
class Cell:
    """One recipe, one task, one seed: a run that is to be done; equal to itself alone."""

    recipe: Recipe
    task: TaskName
    protocol: TaskProtocol
    seed: int
    data: Path
    folder: Path
    suite: str = "single"
    """Name of the suite, or `single` for a run of its own."""
    weights: str | None = None
    """Where the backbone comes from, as a recipe names it; None to pretrain it."""
    trust: bool = False
    """Whether a pickle of weights may run code."""
    limit: int | None = None
    """Pictures of each split that are used; None for all."""
    needs: Path | None = None
    """Folder of a run that must be finished first."""
    departures: tuple[str, ...] = ()
    """One-off changes made to the protocol, as `plan.epochs=2`."""

    @property
    def label(self) -> str:
        """Recipe, task and seed, for people."""
        return f"{self.recipe.name}/{self.task}/seed{self.seed}"

    @property
    def protocol_key(self) -> str:
        """Name and version, with a mark if something departs from them."""
        departs = self.departures or self.limit is not None
        return self.protocol.key + (" (changed)" if departs else "")


def cells_of(
    suite: Suite, recipes: Sequence[Recipe], *, seeds: Sequence[int], data: Mapping[TaskName, Path], out: Path
) -> list[Cell]:
    """Returns the runs of a suite: every pretraining first, then every transfer, seed by seed.

    Args:
        suite: which recipes, protocols and seeds.
        recipes: as the suite names them.
        seeds: one run each; a seed is of pretraining and transfer alike.
        data: the data folder of each task.
        out: folder that the run folders are made in.
    """
    tasks: dict[TaskName, TaskProtocol] = {t: load_protocol(t, key) for t, key in suite.protocols.items()}
    pretrainings = [
        Cell(
            suite=suite.name,
            recipe=recipe,
            task="classify",
            protocol=load_protocol("classify", recipe.protocol),
            seed=seed,
            data=data["classify"],
            folder=folder_of(out, recipe, "classify", seed),
        )
        for seed in seeds
        for recipe in recipes
        if recipe.is_trained_here
    ]
    transfers = [
        Cell(
            suite=suite.name,
            recipe=recipe,
            task=task,
            protocol=protocol,
            seed=seed,
            data=data[task],
            folder=folder_of(out, recipe, task, seed),
            weights=recipe.weights or str(folder_of(out, recipe, "classify", seed) / BACKBONE_FILE),
            needs=folder_of(out, recipe, "classify", seed) if recipe.is_trained_here else None,
        )
        for seed in seeds
        for task, protocol in tasks.items()
        for recipe in recipes
    ]
    return pretrainings + transfers


def folder_of(out: Path, recipe: Recipe, task: TaskName, seed: int) -> Path:
    """Returns the folder of a run below `out`."""
    return out / recipe.name / task / f"seed{seed}"
