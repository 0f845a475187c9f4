"""How long runs will take and how much room, from runs that are finished. Imports no torch."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Literal

from transferbench.runs.cell import Cell

Basis = Literal["the same recipe", "other recipes", "nothing"]
_MEASURED = 3
"""Folders whose size is taken; the runs of a task are alike."""


@dataclass(frozen=True)
class Guess:
    """What a run will take."""

    seconds: float | None
    bytes: int | None
    basis: Basis
    """Finished runs of what it was taken from, by the same protocol."""


@dataclass(frozen=True)
class Done:
    """What a finished run took."""

    recipe: str
    task: str
    protocol: str
    wall_seconds: float
    folder: Path | None = None
    """None where its size is of no interest."""


_Key = tuple[str, str, str]


class Forecast:
    """Learns from finished runs what others will take: the mean over those most alike."""

    def __init__(self, finished: Iterable[Done] = ()) -> None:
        self._done: dict[_Key, list[Done]] = defaultdict(list)
        self._bytes: dict[_Key, int | None] = {}
        for done in finished:
            self.add(done)

    def add(self, done: Done) -> None:
        """Takes in one more finished run."""
        for recipe in (done.recipe, ""):
            self._done[recipe, done.task, done.protocol].append(done)

    def of(self, cell: Cell) -> Guess:
        """Returns what a run will take, all of it."""
        bases: tuple[tuple[str, Basis], ...] = ((cell.recipe.name, "the same recipe"), ("", "other recipes"))
        for recipe, basis in bases:
            key = (recipe, cell.task, cell.protocol_key)
            if self._done.get(key):
                seconds = fmean(done.wall_seconds for done in self._done[key])
                return Guess(seconds, self._size(key), basis)
        return Guess(None, None, "nothing")

    def _size(self, key: _Key) -> int | None:
        if key not in self._bytes:
            folders = [done.folder for done in self._done[key] if done.folder is not None][-_MEASURED:]
            self._bytes[key] = round(fmean(map(_bytes_in, folders))) if folders else None
        return self._bytes[key]


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def makespan(
    waiting: Sequence[Cell],
    seconds: Callable[[Cell], float],
    *,
    jobs: int,
    working: Mapping[Cell, float] | None = None,
) -> float:
    """Returns the seconds until all runs are done, each given to the first free process, in their order.

    Args:
        waiting: runs that are not begun.
        seconds: that each of them takes.
        jobs: processes, one at least.
        working: seconds that are left of those that are at work.
    """
    left = dict(working or {})
    coming = {cell.folder for cell in (*waiting, *left)}
    running = [(ends, place, cell) for place, (cell, ends) in enumerate(left.items())]
    heapq.heapify(running)
    queue, now, place = list(waiting), 0.0, len(running)
    while queue or running:
        while len(running) < jobs:
            ready = next((cell for cell in queue if coming.isdisjoint(cell.needs)), None)
            if ready is None:
                break
            queue.remove(ready)
            heapq.heappush(running, (now + seconds(ready), place, ready))
            place += 1
        if not running:  # the rest needs what will not come
            break
        now, _, ended = heapq.heappop(running)
        coming.discard(ended.folder)
    return now
