"""Work on many items in several processes, which end when the first one does."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import sys
import traceback
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, NamedTuple, TypeVar

from transferbench.errors import RunError

Item = TypeVar("Item")
News = TypeVar("News")
Work = Callable[[Item], Iterator[News]]
Report = Callable[[str, int, int], None]
"""Is given what is done, how much of it, and of how much."""

_PATIENCE_SECONDS = 10
_ENDING = (signal.SIGINT, signal.SIGTERM)
_CONTEXT = multiprocessing.get_context("fork")  # lists of a million pictures are shared, not sent


class _Message(NamedTuple):
    """What a process says: a piece of news, an error, or with neither that an item is done."""

    news: Any = None
    error: Exception | None = None


@dataclass
class _Hand:
    process: BaseProcess
    connection: Connection[Any, Any]


def news_of(
    work: Work[Item, News], items: Sequence[Item], processes: int
) -> Generator[tuple[int, News], None, None]:
    """Yields what `work` yields on each item, with the number of the item, in the order in which it comes.

    Items are begun in their order. Whoever does not read to the end closes the iterator, which ends the
    processes; one that is ended leaves `work` through its `finally` clauses.

    Args:
        work: what is done with one item; it runs in a copy of this process and changes nothing here.
        items: all that there is to do.
        processes: 1 works in this process.

    Raises:
        RunError: a process was ended from outside.
    """
    if min(processes, len(items)) <= 1:
        for number, item in enumerate(items):
            for news in work(item):
                yield number, news
        return
    hands: list[_Hand] = []
    try:
        with _signals_held():
            for _ in range(min(processes, len(items))):
                hands.append(_started(work, items, hands))
        yield from _heard(hands, len(items))
    finally:
        for hand in hands:
            hand.process.terminate()
            hand.connection.close()  # wakes one that began to wait for news just as the signal came
        for hand in hands:
            hand.process.join(_PATIENCE_SECONDS)
            hand.process.kill()


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    """Lets signals wait until every process that was started is known, and has its own way to end."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _started(work: Work[Any, Any], items: Sequence[Any], others: Sequence[_Hand]) -> _Hand:
    ours, theirs = _CONTEXT.Pipe()
    inherited = [ours, *(other.connection for other in others)]
    process = _CONTEXT.Process(target=_work, args=(theirs, inherited, work, items), daemon=True)
    process.start()
    theirs.close()
    return _Hand(process, ours)


def _heard(hands: Sequence[_Hand], items: int) -> Iterator[tuple[int, Any]]:
    waiting = iter(range(items))
    busy: dict[Any, int] = {}
    for hand in hands:
        _give(hand.connection, waiting, busy)
    while busy:
        for connection in wait(list(busy)):
            number = busy[connection]
            message = _received(connection)
            if message.error is not None:
                raise message.error
            if message.news is not None:
                yield number, message.news
            else:
                _give(connection, waiting, busy)


def _give(connection: Any, waiting: Iterator[int], busy: dict[Any, int]) -> None:
    """Hands the next item to a process, or remembers that it has none."""
    busy.pop(connection, None)
    number = next(waiting, None)
    if number is not None:
        busy[connection] = number
        with contextlib.suppress(ConnectionError):  # one that is gone is told of when it should answer
            connection.send(number)


def _received(connection: Any) -> _Message:
    try:
        message: _Message = connection.recv()
    except (EOFError, ConnectionError):
        raise RunError(
            "expected every process to finish its work, found that one was ended from outside, most often "
            "for want of memory; take fewer --workers and start again"
        ) from None
    return message


def _work(
    connection: Connection[Any, Any], inherited: Sequence[Any], work: Work[Any, Any], items: Sequence[Any]
) -> None:
    """Runs in the process, until its connection is closed at the other end."""
    # Ctrl-C reaches the whole group; the first process alone answers it
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
    for other in inherited:
        other.close()
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            item = items[connection.recv()]
            try:
                for news in work(item):
                    connection.send(_Message(news))
                connection.send(_Message())
            except ConnectionError:
                raise
            except Exception as error:
                error.add_note(traceback.format_exc())
                connection.send(_Message(error=error))
