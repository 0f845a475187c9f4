"""A few warm processes that do one run after the other. Imports no torch."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from transferbench.engine.report import Scored, Step
from transferbench.runs.cell import Cell, Machine
from transferbench.runs.failure import Failure, ended, failure_of
from transferbench.runs.record import Record
from transferbench.runs.reuse import NOWHERE

_PATIENCE_SECONDS = 60
_CONTEXT = multiprocessing.get_context("spawn")  # a forked torch has dead threads


@dataclass(frozen=True)
class Message:
    """What a process says of the cell that it is at."""

    cell: Cell
    content: Step | Scored | Record | Failure
    """Progress, the record at the end, or what went wrong."""


@dataclass
class _Worker:
    process: BaseProcess
    connection: Connection[Any, Any]
    cell: Cell | None = None


class Pool:
    """Processes that take cells and send messages.

    A process whose master is gone ends itself at its next message; after a bug another takes its place.
    """

    def __init__(self, machine: Machine, size: int, elsewhere: Mapping[str, Path] = NOWHERE) -> None:
        self._machine = machine
        self._elsewhere = {} if elsewhere is NOWHERE else elsewhere  # a proxy does not travel
        self._workers = [self._started(place) for place in range(size)]

    @property
    def idle_count(self) -> int:
        """Processes without a cell."""
        return sum(worker.cell is None for worker in self._workers)

    def give(self, cell: Cell) -> None:
        """Hands a cell to a process without one."""
        worker = next(worker for worker in self._workers if worker.cell is None)
        worker.cell = cell
        worker.connection.send(cell)

    def messages(self, timeout_seconds: float) -> Iterator[Message]:
        """Yields what has been said, after waiting at most that long for it."""
        busy = {worker.connection: worker for worker in self._workers if worker.cell is not None}
        for connection in wait(list(busy), timeout_seconds):
            worker = busy[connection]  # type: ignore[index]
            cell = worker.cell
            assert cell is not None
            content = self._received(worker)
            if isinstance(content, Record | Failure):
                worker.cell = None
            yield Message(cell, content)

    def stop(self) -> None:
        """Asks every process to save what it has and to end."""
        for worker in self._workers:
            if worker.cell is None:
                worker.connection.close()
            else:
                worker.process.terminate()
        for worker in self._workers:
            worker.process.join(timeout=_PATIENCE_SECONDS)
            worker.process.kill()
            worker.connection.close()  # not sooner: while it saves, a process still reports its last steps

    def _started(self, place: int) -> _Worker:
        ours, theirs = _CONTEXT.Pipe()
        process = _CONTEXT.Process(target=_work, args=(theirs, self._machine, place, self._elsewhere))
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def _received(self, worker: _Worker) -> Any:
        assert worker.cell is not None
        try:
            content = worker.connection.recv()
        except (EOFError, ConnectionError):
            return ended(worker.cell, self._replaced(worker))
        if isinstance(content, Failure) and content.kind == "bug":
            self._replaced(worker)  # what a bug leaves behind, as on an accelerator, would fail the next run
        return content

    def _replaced(self, worker: _Worker) -> int | None:
        """Starts a process in the place of one that is at its end; returns the status it ended with."""
        worker.process.join(timeout=10)
        code = worker.process.exitcode
        worker.process.kill()
        worker.connection.close()
        place = self._workers.index(worker)
        self._workers[place] = self._started(place)
        return code


class _MasterIsGoneError(BaseException):
    """Nobody hears what a process says; not an Exception, as it is no fault of the run."""


def _work(
    connection: Connection[Any, Any], machine: Machine, place: int, elsewhere: Mapping[str, Path]
) -> None:
    """Runs in the process."""
    from transferbench.engine.device import device_of
    from transferbench.engine.loop import Interrupted
    from transferbench.runs.execute import execute

    own = machine.devices[place] if machine.devices else device_of(machine.device, place)
    machine = replace(machine, device=own)
    stopped_by = 0

    def on_terminate(number: int, _frame: object) -> None:
        nonlocal stopped_by
        stopped_by = number

    def tell(news: Step | Scored | Record | Failure) -> None:
        try:
            connection.send(news)
        except ConnectionError as error:
            raise _MasterIsGoneError from error

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, on_terminate)
    while not stopped_by:
        try:
            cell = connection.recv()
        except (EOFError, ConnectionError):
            os._exit(0)
        try:
            result: Record | Failure = execute(
                cell, machine, tell, if_full="resume", should_stop=lambda: stopped_by, elsewhere=elsewhere
            )
        except (_MasterIsGoneError, Interrupted):
            os._exit(0)
        except Exception as error:
            result = failure_of(cell, error)
        with suppress(ConnectionError):
            connection.send(result)
        if isinstance(result, Failure) and result.kind == "bug":
            os._exit(1)
