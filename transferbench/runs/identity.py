"""What tells one run from another, whatever it is called and wherever it lies. Imports no torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from transferbench.engine.plan import Plan
from transferbench.runs.cell import Cell, Machine
from transferbench.tricks.bag import Bag

_HOW_A_STEP_IS_WORKED_OFF = {"accumulate", "compile"}
"""Settings of a plan that may change when a run is gone on with, as the number of processes may."""


@dataclass(frozen=True)
class Given:
    """What a run is given beside its settings."""

    fingerprint: str
    """Of the data."""
    sha256: str
    """Of the weights; empty for random ones."""
    arch: str
    values: Mapping[str, Any]
    """Mean, padding, ... of the weights."""
    lineage: Mapping[str, str]
    """What the weights will descend from, as `teacher`, to its sha256."""


def identity_of(cell: Cell, plan: Plan, given: Given) -> str:
    """Returns sha256 over recipe, protocol, plan, data fingerprint, weights and seed."""
    parts = {
        "recipe": _recipe_part(cell),
        "protocol": cell.protocol.model_dump(mode="json"),
        "task": cell.task,
        "plan": plan.model_dump(mode="json", exclude=_HOW_A_STEP_IS_WORKED_OFF),
        "data": given.fingerprint,
        "weights": given.sha256,
        "arch": given.arch,
        "settings": given.values,
        "lineage": given.lineage,
        "seed": cell.seed,
        **({} if cell.pretraining_seed is None else {"backbone_seed": cell.backbone_seed}),
    }
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def plan_and_bag(cell: Cell, machine: Machine) -> tuple[Plan, Bag]:
    """Returns how a run trains; tricks act in pretraining alone, a transfer runs its protocol's plan."""
    plan, bag = (
        (cell.recipe.plan, cell.recipe.tricks) if cell.weights is None else (cell.protocol.plan, Bag())
    )
    assert plan is not None
    if machine.precision is not None:
        plan = plan.model_copy(update={"precision": machine.precision})
    return plan, bag


def teacher_of(cell: Cell, bag: Bag) -> str | None:
    """Returns where the teacher's weights are; None without distillation."""
    return None if bag.distillation is None else cell.teacher or bag.distillation.teacher


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
