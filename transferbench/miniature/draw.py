"""Draws all pictures of a world, in several processes.

Every picture has a generator of its own, seeded by the world's seed, its data set, its split and its number:
it is the same whoever draws it and when.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path

import numpy as np

from transferbench.errors import DataError
from transferbench.miniature import ade20k, imagenet, voc
from transferbench.miniature.layout import Item, Layout
from transferbench.miniature.sizes import Size

LAYOUTS: tuple[Layout, ...] = (imagenet, voc, ade20k)
_WORTH_A_PROCESS = 150
"""Pictures that take as long as starting a process."""
_STEP = 16
"""Pictures between two reports of a process."""

Report = Callable[[int, int], None]


def draw_all(
    root: Path, size: Size, *, seed: int, processes: int | None = None, report: Report | None = None
) -> None:
    """Writes every file of a world below `root`, which must not hold any of it.

    Args:
        root: a folder.
        size: how much of it.
        seed: 0 or more.
        processes: None for as many as there are processors to use, if that is worth it.
        report: is given the number of pictures done, and of all.

    Raises:
        DataError: a process ended early.
        OSError: something cannot be written.
    """
    for layout in LAYOUTS:
        for folder in layout.folders(size):
            (root / folder).mkdir(parents=True)
    if processes is None:
        processes = max(1, min(len(os.sched_getaffinity(0)), size.pictures // _WORTH_A_PROCESS))
    steps = _steps(root, size, seed) if processes == 1 else _steps_of_many(root, size, seed, processes)
    done = 0
    for step in steps:
        done += step
        if report is not None:
            report(done, size.pictures)
    for layout in LAYOUTS:
        layout.write_lists(root, size)


def _steps(root: Path, size: Size, seed: int, share: slice = slice(None)) -> Iterator[int]:
    """Draws a share of the pictures; yields how many more are done, now and then."""
    waiting = 0
    for layout_number, split_number, item in _items(size)[share]:
        rng = np.random.default_rng((seed, layout_number, split_number, item.number))
        LAYOUTS[layout_number].draw(root, item, size=size, rng=rng)
        waiting += 1
        if waiting == _STEP:
            yield waiting
            waiting = 0
    yield waiting


def _items(size: Size) -> list[tuple[int, int, Item]]:
    return [
        (layout_number, split_number, Item(split, number))
        for layout_number, layout in enumerate(LAYOUTS)
        for split_number, (split, count) in enumerate(layout.splits(size).items())
        for number in range(count)
    ]


def _steps_of_many(root: Path, size: Size, seed: int, processes: int) -> Iterator[int]:
    """Draws all pictures in processes that share nothing with this one, whose threads must not be forked."""
    context = get_context("spawn")
    readers, workers = [], []
    try:
        for number in range(processes):
            reader, writer = context.Pipe(duplex=False)
            share = slice(number, None, processes)
            worker = context.Process(target=_work, args=(writer, root, size, seed, share), daemon=True)
            worker.start()
            writer.close()
            readers.append(reader)
            workers.append(worker)
        yield from _heard(root, readers)
    finally:
        for worker in workers:
            worker.terminate()
            worker.join()


def _heard(root: Path, readers: list[Connection]) -> Iterator[int]:
    while readers:
        for reader in wait(readers):
            assert isinstance(reader, Connection)
            try:
                message = reader.recv()
            except EOFError:
                raise DataError(
                    f"{root}: expected every process that draws to finish, found that one was ended from "
                    "outside; see whether there is memory enough, and start again"
                ) from None
            if isinstance(message, OSError):
                raise message
            if message is None:
                readers.remove(reader)
            else:
                yield message


def _work(writer: Connection, root: Path, size: Size, seed: int, share: slice) -> None:
    # Ctrl-C reaches the whole group; the first process alone answers it
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # whoever reads may be gone, killed: then there is nobody to draw for
    with contextlib.suppress(BrokenPipeError):
        try:
            for step in _steps(root, size, seed, share):
                writer.send(step)
        except OSError as error:
            writer.send(error)
        writer.send(None)
