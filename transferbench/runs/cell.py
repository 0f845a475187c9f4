"""One run to be done, and the runs of a suite. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from transferbench.backbones.card import FILE_NAME as BACKBONE_FILE
from transferbench.backbones.weights.local import SHUFFLED
from transferbench.engine.plan import Precision
from transferbench.engine.world import ALONE, World
from transferbench.recipes.load import load_protocol
from transferbench.recipes.recipe import Recipe
from transferbench.recipes.suite import Suite, seeds_of_transfers
from transferbench.tasks.base import CacheMode, TaskProtocol
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
    cache: CacheMode = "auto"
    devices: tuple[str, ...] = ()
    """Of the processes that do a run each, in their order, in place of `device`."""
    runs_at_once: int = 1
    """On this machine, each with a cache of its own."""
    world: World = ALONE
    """The processes that do one run together."""


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
    teacher: str | None = None
    """Where the teacher's weights are, in place of what the recipe says; None leaves it to the recipe."""
    needs: tuple[Path, ...] = ()
    """Folders of runs that must be finished first."""
    pretraining_seed: int | None = None
    """Of the backbone, where a suite fine-tunes it several times; None where it is the transfer's own."""
    departures: tuple[str, ...] = ()
    """One-off changes made to the protocol, as `plan.epochs=2` or `frozen-backbone`."""

    @property
    def label(self) -> str:
        """Recipe, task and seed, for people."""
        return f"{self.recipe.name}/{self.task}/seed{self.seed}"

    @property
    def backbone_seed(self) -> int:
        """Of the backbone: that of its own training, or of what stands in for one."""
        return self.seed if self.pretraining_seed is None else self.pretraining_seed

    @property
    def protocol_key(self) -> str:
        """Name and version, and all that departs from them, as `voc07-c4@1 (plan.epochs=2, limit=100)`."""
        limited = () if self.limit is None else (f"limit={self.limit}",)
        departs = ", ".join((*self.departures, *limited))
        return f"{self.protocol.key} ({departs})" if departs else self.protocol.key


def cells_of(
    suite: Suite, recipes: Sequence[Recipe], *, seeds: Sequence[int], data: Mapping[TaskName, Path], out: Path
) -> list[Cell]:
    """Returns the runs of a suite: every pretraining first, then every transfer, seed by seed.

    A student of a recipe learns from the run of the same seed, and a backbone is fine-tuned as often as the
    suite says.

    Args:
        suite: which rows, protocols and seeds.
        recipes: those that the suite names, in order, and its teachers, which come first and do no transfer.
        seeds: one run each; a seed is of pretraining and of the first transfer alike.
        data: the data folder of each task.
        out: folder that the run folders are made in.
    """
    tasks: dict[TaskName, TaskProtocol] = {t: load_protocol(t, key) for t, key in suite.protocols.items()}
    by_name = {recipe.name: recipe for recipe in recipes}
    in_order = sorted(recipes, key=lambda recipe: suite.is_row(recipe.name))
    pretrainings = [
        _pretraining(suite, recipe, seed=seed, data=data["classify"], out=out, by_name=by_name)
        for seed in seeds
        for recipe in in_order
        if recipe.is_trained_here
    ]
    transfers = [
        Cell(
            suite=suite.name,
            recipe=recipe,
            task=task,
            protocol=protocol,
            seed=transfer_seed,
            pretraining_seed=None if transfer_seed == seed else seed,
            data=data[task],
            folder=folder_of(out, recipe, task, transfer_seed),
            weights=_weights_of(recipe, out, seed, by_name),
            needs=_needs_of(recipe, out, seed, by_name),
            limit=suite.limit,
        )
        for seed in seeds
        for transfer_seed in seeds_of_transfers(seed, suite.repeats)
        for task, protocol in tasks.items()
        for recipe in recipes
        if suite.is_row(recipe.name)
    ]
    return pretrainings + transfers


def folder_of(out: Path, recipe: Recipe, task: TaskName, seed: int) -> Path:
    """Returns the folder of a run below `out`."""
    return out / recipe.name / task / f"seed{seed}"


def _pretraining(
    suite: Suite, recipe: Recipe, *, seed: int, data: Path, out: Path, by_name: Mapping[str, Recipe]
) -> Cell:
    teacher = None if recipe.teacher is None else by_name[recipe.teacher]
    return Cell(
        suite=suite.name,
        recipe=recipe,
        task="classify",
        protocol=load_protocol("classify", recipe.protocol),
        seed=seed,
        data=data,
        folder=folder_of(out, recipe, "classify", seed),
        limit=suite.limit,
        teacher=None if teacher is None else _weights_of(teacher, out, seed, by_name),
        needs=() if teacher is None else _needs_of(teacher, out, seed, by_name),
    )


def _weights_of(recipe: Recipe, out: Path, seed: int, by_name: Mapping[str, Recipe]) -> str:
    if recipe.given_by is not None:
        kind = SHUFFLED if str(recipe.weights).startswith(SHUFFLED) else ""
        return kind + _weights_of(by_name[recipe.given_by], out, seed, by_name)
    return recipe.weights or str(folder_of(out, recipe, "classify", seed) / BACKBONE_FILE)


def _needs_of(recipe: Recipe, out: Path, seed: int, by_name: Mapping[str, Recipe]) -> tuple[Path, ...]:
    if recipe.given_by is not None:
        return _needs_of(by_name[recipe.given_by], out, seed, by_name)
    return (folder_of(out, recipe, "classify", seed),) if recipe.is_trained_here else ()
