"""What two runs of one task differ in, key by key, and what each difference may do to their scores."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import isclose
from typing import Any, Literal

from transferbench.errors import RunError
from transferbench.reports.lineage.leaves import ROUNDING, Leaves, leaves
from transferbench.runs.record import Record

Kind = Literal["inputs", "machine", "names"]
"""Of a difference: settings, data, weights and seeds, which may change scores; software and machine, which
may too, by rounding or by what a version mended; names, places and costs, which may not."""
KINDS: tuple[Kind, ...] = ("inputs", "machine", "names")

_NAMES = {"name", "about", "paper", "source"}
_BACKBONE = {"sha256", "shuffled_from", "was_random", "arch", "allowed_missing"}
"""Of the loader's report, what makes another backbone; beside the values of its settings."""
_WITHOUT_EFFECT = {"workers", "command", "precision"}
"""Of the machine; `precision` is told as the plan's."""
_LR, _BATCH, _OPTIMIZER = "plan.lr", "plan.batch_size", "plan.optimizer.name"
_DATA, _LIMIT, _DEPARTURES = "data.fingerprint", "limit", "departures"


@dataclass(frozen=True)
class Differing:
    """One key with two values; None stands for one that is not set, or not told."""

    kind: Kind
    key: str
    one: Any
    other: Any
    follows: str = ""
    """Key whose difference brings this one; empty where it stands for itself."""


@dataclass(frozen=True)
class Differences:
    """Two runs side by side."""

    found: tuple[Differing, ...]
    """In the order of `KINDS`."""
    scores: Mapping[str, tuple[float, float]]
    """Those that both have, fractions."""

    @property
    def are_equal(self) -> bool:
        """Whether the runs differ in nothing that may change a score."""
        return not (self.of("inputs") or self.of("machine"))

    @property
    def have_equal_scores(self) -> bool:
        """Whether all scores are the same to the last digit."""
        return all(one == other for one, other in self.scores.values())

    def of(self, kind: Kind) -> tuple[Differing, ...]:
        """Returns the differences of a kind."""
        return tuple(each for each in self.found if each.kind == kind)


def differences(one: Record, other: Record) -> Differences:
    """Returns what two runs differ in.

    A key that one record lacks, as an older version's may, is the same as one that is not set.

    Raises:
        RunError: they are of different tasks.
    """
    if one.task != other.task:
        raise RunError(
            f"{one.recipe}, {other.recipe}: expected two runs of one task, found {one.task} and "
            f"{other.task}, whose protocols and scores have nothing in common; take runs of the same task"
        )
    found: list[Differing] = []
    for kind, leaves_of in zip(KINDS, (_inputs, _machine, _names), strict=True):
        ours, theirs = leaves_of(one), leaves_of(other)
        keys = [key for key in {**ours, **theirs} if ours.get(key) != theirs.get(key)]
        found += [
            Differing(kind, key, ours.get(key), theirs.get(key), _followed(key, keys, ours, theirs))
            for key in keys
        ]
    scores = {name: (value, other.scores[name]) for name, value in one.scores.items() if name in other.scores}
    return Differences(tuple(found), scores)


def _followed(key: str, differing: Collection[str], ours: Leaves, theirs: Leaves) -> str:
    """Returns the key that brings a difference, where another one does.

    The rate grows as the batch with SGD, and as its square root with AdamW; departures name changed settings;
    another set of pictures has other numbers of them.
    """
    if key == _LR and _BATCH in differing and _LR in ours and _LR in theirs:
        share = theirs[_BATCH] / ours[_BATCH]
        asked = share if ours.get(_OPTIMIZER) == "sgd" else share**0.5
        same_optimizer = ours.get(_OPTIMIZER) == theirs.get(_OPTIMIZER)
        is_derived = same_optimizer and isclose(theirs[_LR] / ours[_LR], asked, rel_tol=1e-4)
        return _BATCH if is_derived else ""
    if key == _DEPARTURES:
        return next((each for each in differing if each.startswith(("plan.", "protocol."))), "")
    if key.startswith("data.") and key != _DATA:
        return next((each for each in (_DATA, _LIMIT) if each in differing), "")
    return ""


def _inputs(record: Record) -> Leaves:
    """Returns what a run was told to do, and with what."""
    resolved, is_transfer = record.resolved, record.task != "classify"
    recipe, protocol = resolved.get("recipe") or {}, resolved.get("protocol") or {}
    tricks = leaves(recipe.get("tricks"), "tricks")
    settings = record.weights.get("settings") or {}
    name, _, _ = record.protocol.partition(" ")
    told = leaves(_without(recipe, {*_NAMES, "weights", "plan", "tricks"}), "recipe")
    told |= {key: value for key, value in tricks.items() if key != "tricks.distillation.teacher"}
    # A pretraining's own plan is told as the plan that it obeyed.
    told |= leaves(recipe.get("plan"), "recipe.plan") if is_transfer else {}
    told |= {"protocol": name} | leaves(_without(protocol, {*_NAMES, "version", "plan"}), "protocol")
    told |= leaves(_without(resolved.get("plan") or {}, ROUNDING), "plan")
    told |= {_LIMIT: resolved.get("limit"), _DEPARTURES: resolved.get("departures") or None}
    told |= {_DATA: record.data.get("fingerprint"), "data.classes": record.classes}
    told |= leaves(record.pictures, "data.pictures")
    told |= {f"weights.{key}": record.weights.get(key) or None for key in sorted(_BACKBONE)}
    told |= {f"weights.settings.{key}": each.get("value") for key, each in settings.items()}
    told |= {"teacher.sha256": None if record.teacher is None else record.teacher.sha256}
    return told | {"seed": record.seed, "pretraining_seed": record.pretraining_seed}


def _machine(record: Record) -> Leaves:
    """Returns what a run was done by and on."""
    plan = record.resolved.get("plan") or {}
    rounding = {f"plan.{key}": value for key, value in plan.items() if key in ROUNDING}
    devices = None if record.effort is None else record.effort.devices
    return leaves(_without(record.machine, _WITHOUT_EFFECT), "machine") | rounding | {"devices": devices}


def _names(record: Record) -> Leaves:
    """Returns what a run and its parts are called, where they were, and what it cost."""
    resolved, teacher = record.resolved, record.teacher
    recipe, weights = resolved.get("recipe") or {}, record.weights
    told: Leaves = {"suite": record.suite, "recipe": record.recipe}
    told |= {f"recipe.{key}": recipe.get(key) or None for key in ("about", "paper", "weights")}
    told |= {f"protocol.{key}": (resolved.get("protocol") or {}).get(key) for key in ("about", "source")}
    told |= {"data.root": record.data.get("root"), "data.remarks": record.remarks or None}
    told |= {
        f"weights.{key}": value or None for key, value in _without(weights, {*_BACKBONE, "settings"}).items()
    }
    told |= {"teacher.source": None if teacher is None else teacher.source}
    told |= {f"machine.{key}": record.machine.get(key) for key in ("workers", "command")}
    told |= {"wall_seconds": record.wall_seconds, "peak_memory_bytes": record.peak_memory_bytes}
    effort = {} if record.effort is None else record.effort.model_dump(mode="json", exclude={"devices"})
    return told | leaves(effort, "effort")


def _without(table: Mapping[str, Any], keys: Collection[str]) -> dict[str, Any]:
    return {key: value for key, value in table.items() if key not in keys}
