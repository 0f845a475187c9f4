"""How long a suite at work still takes."""

from __future__ import annotations

import time
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from transferbench.engine.report import Step
from transferbench.reports.words.durations import duration
from transferbench.runs.forecast import Done, Forecast, makespan

if TYPE_CHECKING:
    from transferbench.runs.cell import Cell
    from transferbench.runs.queue import Progress

_ANEW_AFTER_SECONDS = 5.0


class Outlook:
    """Knows when a suite was begun, and learns from each run that it finishes.

    Args:
        forecast: of what runs take.
        jobs: runs at a time.
        finished: folders of runs that were finished before, which take no time.
    """

    def __init__(self, forecast: Forecast, jobs: int, finished: Collection[Path] = ()) -> None:
        self._forecast, self._jobs, self._finished = forecast, jobs, finished
        self._began = time.monotonic()
        self._learnt = 0
        self._told_at, self._told = float("-inf"), (0.0, 0)
        self._state = (-1, -1)

    def spent(self) -> float:
        """Returns the seconds since the suite was begun."""
        return time.monotonic() - self._began

    def left(self, progress: Progress) -> str:
        """Returns in words how long the rest takes."""
        now, state = time.monotonic(), (len(progress.waiting), len(progress.working))
        if state != self._state or now - self._told_at > _ANEW_AFTER_SECONDS:
            self._learn(progress)
            self._told_at, self._told, self._state = now, self._rest(progress, now), state
        seconds, unknown = self._told
        seconds = max(0.0, seconds - (now - self._told_at))
        runs = "1 run" if unknown == 1 else f"{unknown} runs"
        if unknown and not seconds:
            return f"{runs} of unknown length left"
        return f"about {duration(seconds)} left" + (f" and {runs} of unknown length" if unknown else "")

    def _learn(self, progress: Progress) -> None:
        for record, took in list(zip(progress.records, progress.took, strict=True))[self._learnt :]:
            self._learnt += 1
            seconds = max(took, record.wall_seconds)  # what it takes to begin with is in the first alone
            self._forecast.add(Done(record.recipe, record.task, record.protocol, seconds))

    def _rest(self, progress: Progress, now: float) -> tuple[float, int]:
        """Returns the seconds of the rest that is known, and the number of runs of which nothing is."""
        guesses = {cell: self._whole(cell) for cell in (*progress.waiting, *progress.working)}
        working = {cell: self._left_of(progress, cell, guesses[cell], now) for cell in progress.working}
        seconds = makespan(
            progress.waiting,
            lambda cell: guesses[cell] or 0.0,
            jobs=self._jobs,
            working={cell: left or 0.0 for cell, left in working.items()},
        )
        unknown = sum(guesses[cell] is None for cell in progress.waiting)
        return seconds, unknown + sum(left is None for left in working.values())

    def _whole(self, cell: Cell) -> float | None:
        return 0.0 if cell.folder in self._finished else self._forecast.of(cell).seconds

    def _left_of(self, progress: Progress, cell: Cell, whole: float | None, now: float) -> float | None:
        news = progress.working[cell]
        if isinstance(news, Step):
            return (news.steps - news.step - 1) * news.step_seconds
        return None if whole is None else max(0.0, whole - (now - progress.began.get(cell, now)))
