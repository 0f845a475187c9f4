"""A finished run of another suite in place of one that would be the same. Imports no torch."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from transferbench.backbones.card import FILE_NAME as BACKBONE_FILE
from transferbench.errors import RunError
from transferbench.runs.cell import Cell
from transferbench.runs.failure import FILE_NAME as FAILURE_FILE
from transferbench.runs.folder import LOCK_NAME
from transferbench.runs.record import FILE_NAME as RECORD_FILE
from transferbench.runs.record import Record, read_record, write_record

NOWHERE: Mapping[str, Path] = MappingProxyType({})
"""Where no other run is looked for."""
_LINKED_FROM_BYTES = 2**20
_OF_ITS_OWN = (RECORD_FILE, LOCK_NAME, FAILURE_FILE)


def taken_over(cell: Cell, identity: str, elsewhere: Mapping[str, Path]) -> Record | None:
    """Returns the record of a run that was done elsewhere, its files taken over; None if there is none.

    Large files are linked where the file system can; the record comes last and bears the cell's names.

    Args:
        cell: that is asked for; its folder is open.
        identity: of the run.
        elsewhere: folders of finished runs, by identity.
    """
    source = elsewhere.get(identity)
    record = _finished(source, identity) if source is not None else None
    if source is None or record is None or record.backbone_seed != cell.backbone_seed:
        return None
    if cell.weights is None and not (source / BACKBONE_FILE).is_file():
        return None
    try:
        for path in sorted(source.iterdir()):
            if path.name not in _OF_ITS_OWN and not path.name.startswith("."):
                _take(path, cell.folder / path.name)
    except FileNotFoundError:  # it is being done anew there
        return None
    if _finished(source, identity) is None:  # and what was taken may be of both
        _empty(cell.folder)
        return None
    renamed = record.model_copy(
        update={
            "suite": cell.suite,
            "recipe": cell.recipe.name,
            "pretraining_seed": cell.pretraining_seed,
            "paper": {k: v for k, v in cell.recipe.paper.items() if k.startswith(f"{cell.task}/")},
            "resolved": {**record.resolved, "recipe": cell.recipe.model_dump(mode="json")},
            "machine": {**record.machine, "taken_from": str(source)},
        }
    )
    write_record(cell.folder, renamed)
    return renamed


def _finished(folder: Path, identity: str) -> Record | None:
    try:
        record = read_record(folder)
    except RunError:
        return None
    return record if record is not None and record.identity == identity else None


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != LOCK_NAME:
            path.unlink()


def _take(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target)
        return
    target.unlink(missing_ok=True)
    if source.stat().st_size >= _LINKED_FROM_BYTES:
        try:
            os.link(source, target)
            return
        except OSError:  # another disk, or one without links
            pass
    shutil.copy2(source, target)
