"""Decoded pictures in memory, each decoded once for all epochs and all processes that load.

Dimension key: H x W pixels.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable, Sequence
from itertools import accumulate
from pathlib import Path

import numpy as np

from transferbench.errors import RunError
from transferbench.tasks.base import CacheMode

_COLOURS = 3
_SHARE = 0.5
"""Of the free memory that `auto` takes at most."""
_GIB = 2**30
_KEPT = 1


class PictureCache:
    """One stretch of memory with room for every picture of a split.

    It is shared by this process and those forked from it after it was made: whichever decodes a picture first
    leaves it to all. Memory is taken picture by picture, as they are decoded. Two processes that decode the
    same picture at once write the same bytes. It holds what one decoder gives; for another decoder take
    another cache.
    """

    def __init__(self, sizes: Sequence[tuple[int, int]], note: str = "") -> None:
        """Reserves addresses, not memory.

        Args:
            sizes: (width, height) in pixels of each picture as it is decoded; none keeps nothing.
            note: for the log: why it is as it is.

        Raises:
            OSError: the system refuses so many addresses.
        """
        self.note = note
        self._sizes = tuple(sizes)
        self._starts = list(accumulate(map(_picture_bytes, sizes), initial=len(sizes)))
        self._bytes = np.frombuffer(mmap.mmap(-1, max(1, self._starts[-1])), dtype=np.uint8)

    @classmethod
    def for_sizes(
        cls, sizes: Sequence[tuple[int, int]], mode: CacheMode, *, processes: int = 1
    ) -> PictureCache:
        """Returns a cache for pictures of these sizes, or one that keeps nothing.

        Args:
            sizes: (width, height) in pixels of each picture as it is decoded.
            mode: whether pictures are kept.
            processes: that make a cache of their own on this machine.

        Raises:
            RunError: pictures are to be kept and do not fit into the free memory.
        """
        needed, free = processes * sum(map(_picture_bytes, sizes)), free_bytes()
        about = f"{len(sizes):,} decoded pictures take {needed / _GIB:,.2f} GiB"
        about += f" in {processes} processes" if processes > 1 else ""
        about += f", {free / _GIB:,.2f} GiB are free" if free is not None else ", what is free is not known"
        if mode == "off":
            return cls((), "pictures are decoded anew each epoch, as asked")
        if mode == "auto" and (free is None or needed > _SHARE * free):
            return cls((), f"pictures are decoded anew each epoch: {about}")
        try:
            if free is not None and needed > free:
                raise OSError("that is more")
            return cls(sizes, f"pictures are decoded once: {about}")
        except OSError as error:
            raise RunError(
                f"--cache {mode}: expected all decoded pictures to fit into memory, found that {about} "
                f"({error}); give --cache off"
            ) from error

    @property
    def is_on(self) -> bool:
        """Whether pictures are kept."""
        return bool(self._sizes)

    def picture(self, index: int, decode: Callable[[], np.ndarray]) -> np.ndarray:
        """Returns a picture as RGB bytes (H, W, 3), decoded only if nobody has done so before.

        What is kept is returned itself: it is not to be written to.

        Args:
            index: of the picture.
            decode: gives it, always the same.

        Raises:
            ValueError: it has another size than was said.
        """
        if not self._sizes:
            return decode()
        width, height = self._sizes[index]
        kept_HW3 = self._bytes[self._starts[index] : self._starts[index + 1]].reshape(height, width, _COLOURS)
        if self._bytes[index] != _KEPT:
            decoded_HW3 = decode()
            if decoded_HW3.shape != kept_HW3.shape:
                raise ValueError(f"expected a picture of {kept_HW3.shape}, found {decoded_HW3.shape}")
            kept_HW3[:] = decoded_HW3
            self._bytes[index] = _KEPT  # last, so that nobody takes half a picture
        return kept_HW3


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


def _picture_bytes(size: tuple[int, int]) -> int:
    return size[0] * size[1] * _COLOURS
