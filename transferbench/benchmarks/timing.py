"""Ways of doing one thing, timed in turns, so that whatever else the machine does slows all of them alike."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch

Way = Callable[[], object]
Clock = Callable[[], float]

OURS = "ours"
"""The way that the others are compared with."""


def interleaved(
    ways: Mapping[str, Way], *, rounds: int, clock: Clock = time.process_time
) -> dict[str, list[float]]:
    """Returns the seconds of each way in each round, after one round that does not count.

    Args:
        ways: by name; each is called once a round.
        rounds: at least 1.
        clock: in seconds; processor time of this process if left out.
    """
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    with _without_collection():
        for counts in [False, *[True] * rounds]:
            for name, way in ways.items():
                began = clock()
                way()
                if counts:
                    seconds[name].append(clock() - began)
    return seconds


def median_ratio(slow: Sequence[float], fast: Sequence[float]) -> float:
    """Returns how many times as long the first take as the second, the median over rounds."""
    return statistics.median(a / b for a, b in zip(slow, fast, strict=True))


@contextmanager
def one_thread() -> Iterator[None]:
    """Has torch work on one thread within."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def wall_clock(device: torch.device) -> Clock:
    """Returns a clock that waits for what the device still has to do."""

    def now() -> float:
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        return time.perf_counter()

    return now


@contextmanager
def _without_collection() -> Iterator[None]:
    """Keeps Python from looking for garbage within, which would be counted on whoever is at it."""
    was_enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
