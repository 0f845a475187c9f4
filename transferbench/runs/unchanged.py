"""Finished runs that nothing has changed for, told from their files alone. Imports no torch."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from transferbench import __version__
from transferbench.backbones.weights.asked import Asked, Use
from transferbench.backbones.weights.load import found_at, load_backbone
from transferbench.backbones.weights.local import RANDOM, SHUFFLED, random_like, unshuffled
from transferbench.backbones.weights.shuffled import shuffled_sha256
from transferbench.backbones.weights.sources import is_remote
from transferbench.errors import TransferbenchError
from transferbench.runs.asked import asked_of
from transferbench.runs.cell import Cell, Machine
from transferbench.runs.identity import Given, identity_of, plan_and_bag, teacher_of
from transferbench.runs.index import Finished
from transferbench.runs.record import Record, read_record
from transferbench.tasks.base import TaskProtocol
from transferbench.tasks.catalog import open_task
from transferbench.tricks.bag import Bag

NONE: Mapping[Path, Finished] = MappingProxyType({})
"""No run is known to be finished."""
_Weights = tuple[str, str, Mapping[str, Any]]
"""sha256, architecture, and settings by name."""


def unchanged(
    cells: Sequence[Cell], machine: Machine, finished: Mapping[Path, Finished]
) -> dict[Cell, Record]:
    """Returns the records of those runs that are finished as they are asked for now.

    Their identity is made anew, from the data and the weights that are there; the network's name and settings
    are taken from the record, where settings, weights and this program are the same. Each data folder is read
    and each file of weights hashed once. What is not proved so is left to `prepare`, as is what needs a run
    that is left to it.

    Args:
        cells: of a suite.
        machine: where they would be done.
        finished: finished runs, by folder.
    """
    proof = _Proof(machine)
    alike = [
        cell
        for cell in cells
        if (entry := finished.get(cell.folder)) is not None and entry.asked == asked_of(cell)
    ]
    return _without_orphans({cell: record for cell in alike if (record := proof.record_of(cell)) is not None})


def _without_orphans(found: dict[Cell, Record]) -> dict[Cell, Record]:
    """Leaves out what needs a run that may be done anew, and then have other weights."""
    folders = {cell.folder for cell in found}
    kept = {cell: record for cell, record in found.items() if folders.issuperset(cell.needs)}
    return kept if len(kept) == len(found) else _without_orphans(kept)


class _Proof:
    """Remembers what was read and hashed."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._fingerprint = cache(_fingerprint)
        self._sha256 = cache(_sha256)
        self._loaded = cache(_loaded)

    def record_of(self, cell: Cell) -> Record | None:
        """Returns the record of a finished run; None where nothing proves that it is the one asked for."""
        try:
            record = read_record(cell.folder)
            if record is None or record.machine.get("transferbench") != __version__:
                return None
            plan, bag = plan_and_bag(cell, self._machine)
            given = self._given(cell, record, bag)
        except (TransferbenchError, OSError):  # whoever prepares the run will tell
            return None
        return record if given is not None and identity_of(cell, plan, given) == record.identity else None

    def _given(self, cell: Cell, record: Record, bag: Bag) -> Given | None:
        fingerprint = self._fingerprint(cell.protocol, cell.data, cell.limit)
        weights = None if fingerprint is None else self._weights(cell, record)
        if fingerprint is None or weights is None:
            return None
        teacher = teacher_of(cell, bag)
        lineage = {} if teacher is None else {"teacher": self._sha256(teacher)}
        return Given(fingerprint, *weights, lineage)

    def _weights(self, cell: Cell, record: Record) -> _Weights | None:
        """Returns what tells a run's weights apart; None where they are to be loaded for that."""
        source, told = cell.weights, record.weights
        values = {key: setting["value"] for key, setting in told.get("settings", {}).items()}
        found: _Weights | None = ("", str(told.get("arch", "")), values)
        if source is None:
            return found
        if source.startswith(RANDOM):
            return found if random_like(source)[1] is None else None
        base = unshuffled(source)
        if is_remote(base):  # the index or the hub may have come to say another mean or padding
            recipe = cell.recipe
            settings = recipe.model_dump_json(include={"settings"})
            found = self._loaded(
                base, cell.protocol.use, settings, recipe.arch, recipe.allow_missing, cell.trust
            )
        else:
            found = (self._sha256(base), str(told.get("arch", "")), values)
        if found is None or not source.startswith(SHUFFLED):
            return found
        return shuffled_sha256(found[0], cell.backbone_seed), *found[1:]


def _fingerprint(protocol: TaskProtocol, root: Path, limit: int | None) -> str | None:
    """Returns that of the data; None where they cannot be read, which is found out once."""
    try:
        return open_task(protocol, root, limit=limit, bag=Bag()).data.fingerprint
    except (TransferbenchError, OSError):
        return None


def _sha256(source: str) -> str:
    return found_at(source).sha256


def _loaded(
    source: str, use: Use, settings: str, arch: str | None, allow_missing: tuple[str, ...], trust: bool
) -> _Weights | None:
    """Returns what loading weights from elsewhere tells; None where they do not load."""
    asked = Asked(arch, json.loads(settings)["settings"], allow_missing, trust)
    try:
        report = load_backbone(source, use, asked=asked).report
    except (TransferbenchError, OSError):
        return None
    return report.sha256, report.arch, report.values
