"""Everything a run needs, checked before its first step."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import torch

from transferbench.backbones.weights.asked import Asked
from transferbench.backbones.weights.load import LoadedBackbone, load_backbone, weights_sha256
from transferbench.backbones.weights.local import RANDOM
from transferbench.engine.device import check_precision, pick_device
from transferbench.engine.plan import Plan
from transferbench.runs.cell import Cell, Machine
from transferbench.tasks.base import Task, TaskProtocol
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
    device = pick_device(machine.device)
    plan, bag = _plan_and_bag(cell, machine)
    check_precision(plan.precision, device)
    task, bag = _opened_task(cell.protocol, cell.data, cell.limit, bag.model_dump_json())
    loaded = _loaded(cell)
    lineage = {"teacher": weights_sha256(bag.distillation.teacher)} if bag.distillation else {}
    parts = {
        "recipe": cell.recipe.model_dump(mode="json", exclude={"name", "about", "paper"}),
        "protocol": cell.protocol.model_dump(mode="json"),
        "task": cell.task,
        "plan": plan.model_dump(mode="json"),
        "data": task.data.fingerprint,
        "weights": loaded.report.sha256,
        "arch": loaded.report.arch,
        "settings": loaded.report.values,
        "lineage": lineage,
        "seed": cell.seed,
    }
    identity = sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    return Setting(cell, machine, device, plan, bag, task, loaded, lineage, identity)


def _loaded(cell: Cell) -> LoadedBackbone:
    recipe, source = cell.recipe, cell.weights or f"{RANDOM}{cell.recipe.arch}"
    # The file of a pretraining says itself what it is for.
    arch = None if recipe.is_trained_here else recipe.arch
    asked = Asked(arch, recipe.settings, recipe.allow_missing, cell.trust)
    return load_backbone(source, cell.protocol.use, seed=cell.seed, asked=asked)


def _plan_and_bag(cell: Cell, machine: Machine) -> tuple[Plan, Bag]:
    """Tricks act in pretraining alone: a transfer runs its protocol's plan with an empty bag."""
    plan, bag = (
        (cell.recipe.plan, cell.recipe.tricks) if cell.weights is None else (cell.protocol.plan, Bag())
    )
    assert plan is not None
    if machine.precision is not None:
        plan = plan.model_copy(update={"precision": machine.precision})
    return plan, bag


@lru_cache(maxsize=8)
def _opened_task(protocol: TaskProtocol, root: Path, limit: int | None, bag: str) -> tuple[Task, Bag]:
    """Reads the data lists once for all runs of a process that share them; the bag is the task's own."""
    tricks = Bag.model_validate_json(bag)
    return open_task(protocol, root, limit=limit, bag=tricks), tricks
