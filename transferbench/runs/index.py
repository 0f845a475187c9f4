"""The finished runs of a folder, found without reading every record again. Imports no torch."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from transferbench.runs.asked import digest
from transferbench.runs.forecast import Done
from transferbench.runs.record import FILE_NAME as RECORD_FILE
from transferbench.runs.record import write_atomically
from transferbench.runs.suite_folder import FILE_NAME as SUITE_FILE

FILE_NAME = "index.json"
SINGLE = "single"
"""Folder of the runs that belong to no suite."""
_FORMAT = 2


@dataclass(frozen=True)
class Finished:
    """What is told of a finished run without its record being read."""

    modified_ns: int
    """Of the record, as `bytes` is: an entry holds as long as both do."""
    bytes: int
    identity: str
    asked: str
    """Digest of its settings."""
    recipe: str
    task: str
    protocol: str
    wall_seconds: float

    def done(self, folder: Path) -> Done:
        """Returns what it took, for a forecast."""
        return Done(self.recipe, self.task, self.protocol, self.wall_seconds, folder)


def finished_in(folder: Path, *, is_kept: bool = True) -> dict[Path, Finished]:
    """Returns the finished runs of a suite's folder, by folder.

    Args:
        folder: of the suite, with `RECIPE/TASK/SEED/record.json` below it.
        is_kept: whether what was read is written down, for the next time.
    """
    known = _read(folder / FILE_NAME)
    found: dict[str, Finished] = {}
    for name, stat in _records(folder):
        entry = known.get(name)
        if entry is None or (entry.modified_ns, entry.bytes) != (stat.st_mtime_ns, stat.st_size):
            entry = _entry(folder / name / RECORD_FILE, stat)
        if entry is not None:
            found[name] = entry
    if is_kept and found != known:
        _write(folder / FILE_NAME, found)
    return {folder / name: entry for name, entry in found.items()}


def finished_beside(folder: Path, *, is_kept: bool = True) -> dict[Path, Finished]:
    """Returns the finished runs of the other suites below the same folder, and those of no suite.

    Args:
        folder: of a suite.
        is_kept: see `finished_in`.
    """
    found: dict[Path, Finished] = {}
    own = folder.absolute()
    with suppress(OSError):
        for path in sorted(own.parent.iterdir()):
            if path != own and (path.name == SINGLE or (path / SUITE_FILE).is_file()):
                found |= finished_in(path, is_kept=is_kept)
    return found


class Beside(Mapping[str, Path]):
    """Folders of finished runs beside a suite by identity, looked for anew each time one is asked for.

    So two suites at work share what either of them finishes meanwhile.
    """

    def __init__(self, folder: Path) -> None:
        """Takes the folder of the suite."""
        self._folder = folder

    def __getitem__(self, identity: str) -> Path:
        return self._now()[identity]

    def __iter__(self) -> Iterator[str]:
        return iter(self._now())

    def __len__(self) -> int:
        return len(self._now())

    def _now(self) -> dict[str, Path]:
        found = finished_beside(self._folder, is_kept=False)
        return {entry.identity: path for path, entry in found.items()}


def _records(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    for recipe in _folders(str(folder)):
        for task in _folders(recipe.path):
            for seed in _folders(task.path):
                with suppress(OSError):
                    stat = os.stat(os.path.join(seed.path, RECORD_FILE))
                    yield f"{recipe.name}/{task.name}/{seed.name}", stat


def _folders(path: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(path) as entries:
            return sorted((entry for entry in entries if entry.is_dir()), key=lambda entry: entry.name)
    except OSError:
        return []


def _entry(path: Path, stat: os.stat_result) -> Finished | None:
    """Returns what a record says; None for one that is broken, which whoever needs it will tell."""
    try:
        content: dict[str, Any] = from_json(path.read_bytes())
        task, seed = str(content["task"]), int(content["seed"])
        return Finished(
            stat.st_mtime_ns,
            stat.st_size,
            identity=str(content["identity"]),
            asked=digest(task, seed, content["resolved"], content.get("pretraining_seed")),
            recipe=str(content["recipe"]),
            task=task,
            protocol=str(content["protocol"]),
            wall_seconds=float(content["wall_seconds"]),
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _read(path: Path) -> dict[str, Finished]:
    """Returns what was written down; nothing where that is broken or of another version."""
    try:
        content = from_json(path.read_bytes())
        runs = content["runs"] if content["format"] == _FORMAT else {}
        return {name: Finished(*values) for name, values in runs.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def _write(path: Path, found: dict[str, Finished]) -> None:
    content = {"format": _FORMAT, "runs": {name: astuple(entry) for name, entry in found.items()}}
    with suppress(OSError):  # without it the next start reads the records again
        write_atomically(path, json.dumps(content).encode())
