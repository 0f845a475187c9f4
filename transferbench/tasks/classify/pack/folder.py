"""The folder into which shards are packed: what it may hold, and what an interrupted call left in it."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import ValidationError

from transferbench.errors import RunError
from transferbench.files import whole_file
from transferbench.schema import Schema
from transferbench.tasks.classify.sources.names import Names
from transferbench.tasks.classify.sources.packed import INDEX_FILE, PackedIndex, PackedShard, SplitName
from transferbench.tasks.classify.sources.source import Source

_UNFINISHED = ".packing"
"""Folder of the plan, and of each shard that is whole and its record; it goes once the index is there."""
_PLAN = "plan.json"
_RECORD = ".record.json"
_WHOLE = ".whole"
"""Beyond the name of a shard; a reader that looks for `*.tar` does not find it."""


class Plan(Schema):
    """What an unfinished pack is to become; shards that are there belong to it."""

    short_side: int | None
    quality: int
    per_shard: int
    shards: tuple[str, ...]
    identity: str
    """sha256 over classes, keys and labels of all pictures."""


def identity_of(keys: Mapping[SplitName, Names], sources: Mapping[SplitName, Source]) -> str:
    """Returns sha256 over the names of the classes, and the keys and labels of both splits."""
    digest = sha256()
    for split, source in sources.items():
        digest.update("\n".join([split, *source.classes]).encode("utf-8", "surrogateescape"))
        digest.update(keys[split].block.tobytes())
        digest.update(keys[split].ends.tobytes())
        digest.update(source.labels.astype("<i8").tobytes())
    return digest.hexdigest()


class PackFolder:
    """A folder that one process packs into, from the first shard to the index.

    Shards are hidden until all are whole, so that nobody takes a part of them for the data.
    """

    def __init__(self, root: Path, plan: Plan) -> None:
        self._root = root
        self._plan = plan
        self._hidden = root / _UNFINISHED
        self._lock = -1

    def __enter__(self) -> Self:
        """Makes the folder, or finds what an interrupted call left.

        Raises:
            OSError: it cannot be made.
            RunError: it holds something else, or another process packs into it.
        """
        self._root.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(self._root, os.O_RDONLY)
        try:
            self._be_alone()
            self._begin()
        except BaseException:
            os.close(self._lock)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._lock)

    def shard_path(self, name: str) -> Path:
        """Returns where a shard is until all are whole."""
        return self._hidden / f"{name}{_WHOLE}"

    def record_path(self, name: str) -> Path:
        """Returns the file that says that the shard of that name is whole."""
        return self._hidden / f"{name}{_RECORD}"

    def records(self) -> dict[str, PackedShard]:
        """Returns what is known of each shard that is whole, by name; their sizes are as they were."""
        found = {}
        for name in self._plan.shards:
            path = self.record_path(name)
            if path.is_file():
                record = PackedShard.model_validate_json(path.read_bytes())
                if record.bytes in (_size(self.shard_path(name)), _size(self._root / name)):
                    found[name] = record
        return found

    def require_room(self, needed: int) -> None:
        """Refuses to start what cannot end well.

        Raises:
            RunError: the disk has less room than that many bytes.
        """
        free = shutil.disk_usage(self._root).free
        if free < needed:
            raise RunError(
                f"{self._root}: expected room for about {needed / 1e6:,.0f} MB, found {free / 1e6:,.0f} MB; "
                "make room, give another folder, or reduce the pictures with --short-side"
            )

    def finish(self, index: PackedIndex) -> None:
        """Shows the shards and writes the index.

        Raises:
            OSError: it cannot be written.
        """
        for name in self._plan.shards:
            if self.shard_path(name).exists():
                self.shard_path(name).rename(self._root / name)
        with whole_file(self._root / INDEX_FILE) as file:
            file.write(f"{index.model_dump_json(indent=1)}\n".encode())
        shutil.rmtree(self._hidden)

    def _be_alone(self) -> None:
        """Takes the lock of the folder, which goes with this process and those that it started."""
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunError(
                f"{self._root}: expected a folder that nobody packs into, found another process at work; "
                "wait for it"
            ) from None
        except OSError:
            return  # a file system without locks

    def _begin(self) -> None:
        names = {path.name for path in self._root.iterdir()}
        if INDEX_FILE in names:
            raise RunError(
                f"{self._root}: expected a folder that is missing or empty, found shards packed before; give "
                "another folder, or remove this one"
            )
        shown = (name for name in self._plan.shards if self.record_path(name).is_file())
        others = sorted(names - {_UNFINISHED, *shown})
        if others:
            more = f" and {len(others) - 1} more" if len(others) > 1 else ""
            raise RunError(
                f"{self._root}: expected a folder that is missing or empty, found {others[0]!r}{more}; give "
                "another folder"
            )
        self._require_same_plan()
        self._hidden.mkdir(exist_ok=True)
        for part in self._hidden.glob(".*.part"):
            part.unlink()
        with whole_file(self._hidden / _PLAN) as file:
            file.write(self._plan.model_dump_json().encode())

    def _require_same_plan(self) -> None:
        """Refuses to go on with what was begun otherwise, unless no shard of it was finished.

        Raises:
            RunError: it was.
        """
        if not any(self._hidden.glob(f"*{_RECORD}")):
            return
        try:
            found = Plan.model_validate_json((self._hidden / _PLAN).read_bytes())
        except (OSError, ValidationError) as error:
            raise RunError(
                f"{self._hidden}: expected an unfinished pack, found one whose plan cannot be read; remove it"
            ) from error
        if found != self._plan:
            raise RunError(
                f"{self._root}: expected an empty folder or an unfinished pack of the same pictures, found "
                f"one {_difference(found, self._plan)}; give what it was begun with, or remove {self._hidden}"
            )


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None


def _difference(found: Plan, wanted: Plan) -> str:
    for key in ("short_side", "quality", "per_shard"):
        if getattr(found, key) != getattr(wanted, key):
            return f"with {key.replace('_', ' ')} {getattr(found, key)}"
    return "of other pictures"
