"""Everything a run needs, checked before its first step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch

from transferbench.backbones.card import read_card
from transferbench.backbones.weights.asked import Asked
from transferbench.backbones.weights.load import LoadedBackbone, found_at, load_backbone
from transferbench.backbones.weights.local import RANDOM
from transferbench.engine.device import check_precision, pick_device
from transferbench.engine.plan import Plan
from transferbench.engine.world import World
from transferbench.errors import ConfigError, RunError
from transferbench.recipes.recipe import TAUGHT_BY
from transferbench.runs.cell import Cell, Machine
from transferbench.runs.identity import Given, identity_of, plan_and_bag, teacher_of
from transferbench.tasks.base import Cache, Task, TaskProtocol
from transferbench.tasks.catalog import open_task
from transferbench.tricks.bag import Bag


@dataclass(frozen=True)
class Setting:
    """One run, resolved."""

    cell: Cell
    machine: Machine
    device: torch.device
    plan: Plan
    bag: Bag
    task: Task
    loaded: LoadedBackbone
    teacher: str | None
    """Where the teacher's weights are; None without distillation."""
    lineage: dict[str, str]
    """What the weights will descend from, as `teacher`, to its sha256."""
    identity: str
    """sha256 over recipe, protocol, plan, data fingerprint, weights and seed."""


def prepare(cell: Cell, machine: Machine) -> Setting:
    """Returns what a run needs; writes nothing.

    Args:
        cell: what is to be done.
        machine: where.

    Raises:
        TransferbenchError: settings, data or weights are at fault.
    """
    if machine.threads is not None:
        torch.set_num_threads(machine.threads)
    device = pick_device(machine.device, machine.world)
    plan, bag = plan_and_bag(cell, machine)
    check_precision(plan.precision, device)
    if plan.compile and cell.task == "detect":
        raise ConfigError(
            f"{cell.label}: plan.compile: expected false in detection, where every picture has another size, "
            "found true, which would compile again and again; leave it out"
        )
    _require_equal_parts(cell, plan, machine.world)
    task, bag = _opened_task(
        cell.protocol,
        cell.data,
        limit=cell.limit,
        bag=bag.model_dump_json(),
        cache=Cache(machine.cache, machine.runs_at_once * machine.world.size),
    )
    loaded = _loaded(cell)
    teacher = _teacher_of(cell, bag)
    lineage = {} if teacher is None else _taught_by(teacher, task.data.classes)
    report = loaded.report
    given = Given(task.data.fingerprint, report.sha256, report.arch, report.values, lineage)
    identity = identity_of(cell, plan, given)
    return Setting(cell, machine, device, plan, bag, task, loaded, teacher, lineage, identity)


def _teacher_of(cell: Cell, bag: Bag) -> str | None:
    source = teacher_of(cell, bag)
    if source is not None and source.startswith(TAUGHT_BY):
        raise ConfigError(
            f"tricks.distillation.teacher: expected a run or weights, found {source!r}, which only a suite "
            "knows; give --set tricks.distillation.teacher=RUN_OR_FILE, or `run` a suite that has both"
        )
    return source


def _taught_by(teacher: str, classes: Sequence[str]) -> dict[str, str]:
    """Returns a student's lineage; refuses a teacher of as many other classes, or of another order."""
    found = found_at(teacher)
    card = read_card(found.path)
    known = card.classes if card is not None and len(card.classes) == len(classes) else classes
    for place, (theirs, ours) in enumerate(zip(known, classes, strict=True)):
        if theirs != ours and str(place) not in (theirs, ours):  # a number stands for a name nobody told
            raise ConfigError(
                f"tricks.distillation.teacher: {teacher!r}: expected the data's classes in their order, "
                f"found {theirs!r} as class {place}, where the data have {ours!r}; take a teacher trained on "
                "the same classes"
            )
    return {"teacher": found.sha256}


def _require_equal_parts(cell: Cell, plan: Plan, world: World) -> None:
    if world.is_alone:
        return
    if plan.batch_size % (plan.accumulate * world.size):
        raise RunError(
            f"{cell.label}: expected a batch that {world.size} processes share evenly, found "
            f"{plan.batch_size} pictures in {plan.accumulate} parts; set plan.batch_size to a multiple of "
            f"{plan.accumulate * world.size}, or start another number of processes"
        )


def _loaded(cell: Cell) -> LoadedBackbone:
    recipe, source = cell.recipe, cell.weights or f"{RANDOM}{cell.recipe.arch}"
    # The file of a pretraining says itself what it is for.
    arch = None if recipe.is_trained_here else recipe.arch
    asked = Asked(arch, recipe.settings, recipe.allow_missing, cell.trust)
    return load_backbone(source, cell.protocol.use, seed=cell.backbone_seed, asked=asked)


@lru_cache(maxsize=2)
def _opened_task(
    protocol: TaskProtocol, root: Path, *, limit: int | None, bag: str, cache: Cache
) -> tuple[Task, Bag]:
    """Reads the data lists once for all runs of a process that share them; the bag is the task's own."""
    tricks = Bag.model_validate_json(bag)
    return open_task(protocol, root, limit=limit, bag=tricks, cache=cache), tricks
