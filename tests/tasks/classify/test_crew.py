from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from transferbench.errors import DataError, RunError
from transferbench.tasks.classify.crew import news_of

PROCESSES = pytest.mark.parametrize("processes", [1, 3])


def halves(item: int) -> Iterator[tuple[int, str]]:
    yield item, "begun"
    yield item, "done"


@PROCESSES
@pytest.mark.parametrize("count", [0, 1, 7])
def test_all_news_of_all_items_come_and_those_of_one_in_order(processes: int, count: int) -> None:
    items = list(range(100, 100 + count))

    news = list(news_of(halves, items, processes))

    for number, item in enumerate(items):
        assert [said for of, said in news if of == number] == [(item, "begun"), (item, "done")]
    assert len(news) == 2 * count


def test_items_are_worked_on_in_other_processes() -> None:
    def whose(item: int) -> Iterator[int]:
        yield os.getpid()

    assert os.getpid() not in {process for _, process in news_of(whose, range(5), 2)}


@PROCESSES
@pytest.mark.parametrize("error", [DataError("a: expected b"), OSError(28, "No space left"), KeyError("bug")])
def test_an_error_is_raised_where_the_news_are_read(processes: int, error: Exception) -> None:
    def work(item: int) -> Iterator[int]:
        yield item
        raise error

    with pytest.raises(type(error)) as caught:
        list(news_of(work, range(3), processes))

    assert caught.value.args == error.args


def test_a_process_that_is_killed_is_told() -> None:
    def work(item: int) -> Iterator[int]:
        if item == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        yield item

    with pytest.raises(RunError, match="found that one was ended from outside"):
        list(news_of(work, range(9), 2))


@PROCESSES
def test_stopping_ends_the_work_through_its_finally_clauses(processes: int, tmp_path: Path) -> None:
    def work(item: int) -> Iterator[int]:
        try:
            (tmp_path / f"{item}").touch()
            yield item
            while True:
                select.select((), (), (), 0.01)
        finally:
            (tmp_path / f"{item}").unlink(missing_ok=True)

    with closing(news_of(work, range(9), processes)) as news:
        next(news)

    assert list(tmp_path.iterdir()) == []


def test_a_process_whose_first_one_is_gone_ends_itself(tmp_path: Path) -> None:
    def work(item: int) -> Iterator[int]:
        (tmp_path / str(os.getpid())).touch()
        yield item

    reader, writer = os.pipe()
    if (first := os.fork()) == 0:
        news = news_of(work, range(10_000_000), 2)
        next(news)
        os._exit(0)  # as after SIGKILL: nothing is closed in order
    os.close(writer)
    os.waitpid(first, 0)

    assert os.read(reader, 1) == b""  # comes once the last process that holds the other end is gone
    os.close(reader)
