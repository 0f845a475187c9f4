"""Decoded pictures and labels in memory, each decoded once for all epochs and all processes that load.

Dimension key: H x W pixels.
"""

from __future__ import annotations

import math
import mmap
from collections.abc import Callable, Sequence
from itertools import accumulate
from pathlib import Path

import numpy as np

from transferbench.errors import RunError
from transferbench.tasks.base import CacheMode

_PICTURE_DIMENSIONS = 3
_SHARE = 0.5
"""Of the free memory that `auto` takes at most."""
_GIB = 2**30
_KEPT = 1


class PictureCache:
    """One stretch of memory with room for every picture of a split, and for what belongs to each, as labels.

    It is shared by this process and those forked from it after it was made: whichever decodes an array first
    leaves it to all. Memory is taken array by array, as they are decoded. Two processes that decode the
    same one at once write the same bytes. It holds what one decoder gives; for another decoder take
    another cache.
    """

    def __init__(self, shapes: Sequence[tuple[int, ...]], note: str = "") -> None:
        """Reserves addresses, not memory.

        Args:
            shapes: of each array of bytes as it is decoded, as (H, W, 3) for a picture or (H, W) for labels;
                none keeps nothing.
            note: for the log: why it is as it is.

        Raises:
            OSError: the system refuses so many addresses.
        """
        self.note = note
        self._shapes = tuple(shapes)
        self._starts = list(accumulate(map(math.prod, shapes), initial=len(shapes)))
        self._bytes = np.frombuffer(mmap.mmap(-1, max(1, self._starts[-1])), dtype=np.uint8)

    @classmethod
    def for_shapes(
        cls, shapes: Sequence[tuple[int, ...]], mode: CacheMode, *, processes: int = 1
    ) -> PictureCache:
        """Returns a cache for arrays of these shapes, or one that keeps nothing.

        Args:
            shapes: see `__init__`; any order, in which they are then asked for.
            mode: whether arrays are kept.
            processes: that make a cache of their own on this machine.

        Raises:
            RunError: arrays are to be kept and do not fit into the free memory.
        """
        needed, free = processes * sum(map(math.prod, shapes)), free_bytes()
        about = f"{_counted(shapes)} take {needed / _GIB:,.2f} GiB"
        about += f" in {processes} processes" if processes > 1 else ""
        about += f", {free / _GIB:,.2f} GiB are free" if free is not None else ", what is free is not known"
        if mode == "off":
            return cls((), "pictures are decoded anew each epoch, as asked")
        if mode == "auto" and (free is None or needed > _SHARE * free):
            return cls((), f"pictures are decoded anew each epoch: {about}")
        try:
            if free is not None and needed > free:
                raise OSError("that is more")
            return cls(shapes, f"pictures are decoded once: {about}")
        except OSError as error:
            raise RunError(
                f"--cache {mode}: expected all decoded pictures to fit into memory, found that {about} "
                f"({error}); give --cache off"
            ) from error

    @property
    def is_on(self) -> bool:
        """Whether arrays are kept."""
        return bool(self._shapes)

    def shape(self, index: int) -> tuple[int, ...] | None:
        """Returns the shape that was said of an array, None where none are kept."""
        return self._shapes[index] if self._shapes else None

    def array(self, index: int, decode: Callable[[], np.ndarray]) -> np.ndarray:
        """Returns an array of bytes, decoded only if nobody has done so before.

        What is kept is returned itself: it is not to be written to.

        Args:
            index: of its shape.
            decode: gives it, always the same.

        Raises:
            ValueError: it has another shape than was said.
        """
        if not self._shapes:
            return decode()
        shape = self._shapes[index]
        kept = self._bytes[self._starts[index] : self._starts[index + 1]].reshape(shape)
        if self._bytes[index] != _KEPT:
            decoded = decode()
            if decoded.shape != shape:
                raise ValueError(f"expected an array of {shape}, found {decoded.shape}")
            kept[:] = decoded
            self._bytes[index] = _KEPT  # last, so that nobody takes half a picture
        return kept


def free_bytes(proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Returns the memory that a process may still take, None where the system does not say.

    It is the least of what the machine has and what the control groups of this process, as of a container or
    a batch job, leave. File pages that can be dropped count as free.

    Args:
        proc: where Linux tells of processes and memory.
        cgroups: where it tells of control groups.
    """
    found = [kibibytes * 1024 for kibibytes in _numbers(proc / "meminfo", "MemAvailable:")]
    for line in _lines(proc / "self/cgroup"):
        _, controllers, path = line.split(":", 2)
        is_first = "memory" in controllers.split(",")
        if is_first or not controllers:
            home = cgroups / "memory" if is_first else cgroups
            names = _FIRST_VERSION if is_first else _SECOND_VERSION
            group = home / path.strip("/")
            found += [left for folder in (group, *group.parents) for left in _left(folder, names)]
    return min(found, default=None)


_FIRST_VERSION = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
_SECOND_VERSION = ("memory.max", "memory.current", "inactive_file")


def _left(group: Path, names: tuple[str, str, str]) -> list[int]:
    """Returns what a control group leaves, nothing where it has no limit."""
    limit, used, droppable = names
    limits, useds = _lines(group / limit), _lines(group / used)
    if not limits or not useds or not limits[0].isdigit():
        return []
    return [max(0, int(limits[0]) - int(useds[0]) + sum(_numbers(group / "memory.stat", droppable)))]


def _numbers(path: Path, key: str) -> list[int]:
    return [int(words[1]) for line in _lines(path) if (words := line.split())[:1] == [key]]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []


def _counted(shapes: Sequence[tuple[int, ...]]) -> str:
    pictures = sum(len(shape) == _PICTURE_DIMENSIONS for shape in shapes)
    others = len(shapes) - pictures
    return f"{pictures:,} decoded pictures" + (f" and {others:,} masks" if others else "")
