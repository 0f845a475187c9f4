"""A few warm processes that do one run after the other. Imports no torch."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from transferbench.engine.report import Scored, Step
from transferbench.errors import TransferbenchError
from transferbench.runs.cell import Cell, Machine
from transferbench.runs.record import Record

_PATIENCE_SECONDS = 60
_CONTEXT = multiprocessing.get_context("spawn")  # a forked torch has dead threads


@dataclass(frozen=True)
class Message:
    """What a process says of the cell that it is at."""

    cell: Cell
    content: Step | Scored | Record | str
    """Progress, the record at the end, or what went wrong."""


@dataclass
class _Worker:
    process: BaseProcess
    connection: Connection[Any, Any]
    cell: Cell | None = None


class Pool:
    """Processes that take cells and send messages.

    A process whose master is gone ends itself at its next message.
    """

    def __init__(self, machine: Machine, size: int) -> None:
        self._machine = machine
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
            if isinstance(content, Record | str):
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
        process = _CONTEXT.Process(target=_work, args=(theirs, self._machine, place))
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def _received(self, worker: _Worker) -> Any:
        try:
            return worker.connection.recv()
        except (EOFError, ConnectionError):
            worker.process.join(timeout=10)
            code = worker.process.exitcode
            place = self._workers.index(worker)
            self._workers[place] = self._started(place)
            return (
                f"the process at work on it ended with status {code}; -9 says that the system stopped it, "
                "most often for want of memory: take fewer --jobs or a smaller batch"
            )


def _work(connection: Connection[Any, Any], machine: Machine, place: int) -> None:
    """Runs in the process."""
    from transferbench.engine.device import device_of
    from transferbench.engine.loop import Interrupted
    from transferbench.runs.execute import execute

    machine = replace(machine, device=device_of(machine.device, place))
    stopped_by = 0

    def on_terminate(number: int, _frame: object) -> None:
        nonlocal stopped_by
        stopped_by = number

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, on_terminate)
    while not stopped_by:
        try:
            cell = connection.recv()
            try:
                result: Record | str = execute(
                    cell, machine, connection.send, if_full="resume", should_stop=lambda: stopped_by
                )
            except TransferbenchError as error:
                result = str(error)
            connection.send(result)
        except (EOFError, ConnectionError, Interrupted):
            os._exit(0)
