"""Everything a run needs, checked before its first step."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

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
from transferbench.tasks.base import Cache, Task, TaskProtocol
from transferbench.tasks.catalog import open_task
from transferbench.tricks.bag import Bag

_HOW_A_STEP_IS_WORKED_OFF = {"accumulate", "compile"}
"""Settings of a plan that may change when a run is gone on with, as the number of processes may."""


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
    plan, bag = _plan_and_bag(cell, machine)
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
    parts = {
        "recipe": _recipe_part(cell),
        "protocol": cell.protocol.model_dump(mode="json"),
        "task": cell.task,
        "plan": plan.model_dump(mode="json", exclude=_HOW_A_STEP_IS_WORKED_OFF),
        "data": task.data.fingerprint,
        "weights": loaded.report.sha256,
        "arch": loaded.report.arch,
        "settings": loaded.report.values,
        "lineage": lineage,
        "seed": cell.seed,
        **({} if cell.pretraining_seed is None else {"backbone_seed": cell.backbone_seed}),
    }
    identity = sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    return Setting(cell, machine, device, plan, bag, task, loaded, teacher, lineage, identity)


def _recipe_part(cell: Cell) -> dict[str, Any]:
    """Returns what of a recipe tells two runs apart and no other part of their identity says.

    Weights and teachers are told apart by what is in their files, wherever these are and whoever made them.
    """
    if cell.weights is not None:
        return cell.recipe.model_dump(mode="json", include={"allow_missing"})
    exclude: Any = {
        **dict.fromkeys(("name", "about", "paper", "plan", "arch"), True),
        "tricks": {"distillation": {"teacher"}},
    }
    return cell.recipe.model_dump(mode="json", exclude=exclude)


def _teacher_of(cell: Cell, bag: Bag) -> str | None:
    if bag.distillation is None:
        return None
    source = cell.teacher or bag.distillation.teacher
    if source.startswith(TAUGHT_BY):
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


def _plan_and_bag(cell: Cell, machine: Machine) -> tuple[Plan, Bag]:
    """Tricks act in pretraining alone: a transfer runs its protocol's plan with an empty bag."""
    plan, bag = (
        (cell.recipe.plan, cell.recipe.tricks) if cell.weights is None else (cell.protocol.plan, Bag())
    )
    assert plan is not None
    if machine.precision is not None:
        plan = plan.model_copy(update={"precision": machine.precision})
    return plan, bag


@lru_cache(maxsize=2)
def _opened_task(
    protocol: TaskProtocol, root: Path, *, limit: int | None, bag: str, cache: Cache
) -> tuple[Task, Bag]:
    """Reads the data lists once for all runs of a process that share them; the bag is the task's own."""
    tricks = Bag.model_validate_json(bag)
    return open_task(protocol, root, limit=limit, bag=tricks, cache=cache), tricks
