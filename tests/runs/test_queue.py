"""The order in which the runs of a suite are done, and what a failure stops."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.fabricate.records import record
from tests.runs.tiny import CLASSIFY, RECIPE
from transferbench.engine.report import Scored
from transferbench.recipes.recipe import Recipe
from transferbench.runs import queue
from transferbench.runs.cell import Cell, Machine
from transferbench.runs.pool import Message
from transferbench.runs.queue import Progress, run_cells

Patch = pytest.MonkeyPatch


class FakePool:
    """Finishes one run a call, the last given first; fails those that are named."""

    def __init__(self, size: int, faults: Mapping[str, str]) -> None:
        self.size = size
        self.faults = faults
        self.busy: list[Cell] = []
        self.given: list[str] = []
        self.is_stopped = False

    @property
    def idle_count(self) -> int:
        return self.size - len(self.busy)

    def give(self, cell: Cell) -> None:
        assert self.idle_count
        self.busy.append(cell)
        self.given.append(cell.recipe.name)

    def messages(self, timeout_seconds: float) -> Iterator[Message]:
        if not self.busy:
            return
        cell = self.busy.pop()
        yield Message(cell, Scored(1, 2))
        fault = self.faults.get(cell.recipe.name)
        yield Message(cell, fault or record(cell.recipe.name, "classify", 0, {"top1": 0.5}))

    def stop(self) -> None:
        self.is_stopped = True


def cell(name: str, *needs: str) -> Cell:
    recipe: Recipe = RECIPE.model_copy(update={"name": name})
    return Cell(
        recipe=recipe,
        task="classify",
        protocol=CLASSIFY,
        seed=0,
        data=Path("data"),
        folder=Path(name),
        needs=tuple(map(Path, needs)),
    )


def worked_off(patch: Patch, *cells: Cell, jobs: int = 1, **faults: str) -> tuple[Progress, FakePool]:
    """Returns where a suite stands in the end, and the pool that did it."""
    pools: list[FakePool] = []

    def pool(_machine: Machine, size: int) -> FakePool:
        pools.append(FakePool(size, faults))
        return pools[0]

    patch.setattr(queue, "Pool", pool)
    return run_cells(cells, Machine(), jobs=jobs, report=lambda progress: None), pools[0]


def test_runs_are_done_in_order(monkeypatch: Patch) -> None:
    progress, pool = worked_off(monkeypatch, cell("a"), cell("b"), cell("c"))

    assert pool.given == ["a", "b", "c"]
    assert [each.recipe for each in progress.records] == ["a", "b", "c"]
    assert not progress.waiting and not progress.working and not progress.failures


def test_a_run_waits_for_what_it_needs_and_others_pass_it(monkeypatch: Patch) -> None:
    _, pool = worked_off(monkeypatch, cell("a"), cell("of a", "a"), cell("b"), jobs=2)

    assert pool.given == ["a", "b", "of a"]


def test_a_need_that_stands_later_in_the_list_is_done_first(monkeypatch: Patch) -> None:
    _, pool = worked_off(monkeypatch, cell("of a", "a"), cell("a"))

    assert pool.given == ["a", "of a"]


def test_a_run_waits_for_all_that_it_needs(monkeypatch: Patch) -> None:
    _, pool = worked_off(monkeypatch, cell("a"), cell("b"), cell("of both", "a", "b"), cell("c"), jobs=2)

    assert pool.given == ["a", "b", "c", "of both"]


def test_a_failure_of_one_need_of_several_is_enough(monkeypatch: Patch) -> None:
    progress, pool = worked_off(monkeypatch, cell("a"), cell("b"), cell("of both", "a", "b"), b="no")

    assert pool.given == ["a", "b"]
    assert progress.failures["of both/classify/seed0"] == "b: the run that this one needs did not finish"


def test_a_failure_stops_what_needs_it_and_nothing_else(monkeypatch: Patch) -> None:
    cells = cell("a"), cell("of a", "a"), cell("b"), cell("of b", "b")

    progress, pool = worked_off(monkeypatch, *cells, a="the loss is nan")

    assert pool.given == ["a", "b", "of b"]
    assert progress.failures == {
        "a/classify/seed0": "the loss is nan",
        "of a/classify/seed0": "a: the run that this one needs did not finish",
    }


def test_a_failure_goes_down_a_chain(monkeypatch: Patch) -> None:
    progress, _ = worked_off(monkeypatch, cell("a"), cell("b", "a"), cell("c", "b"), a="no")

    assert list(progress.failures) == ["a/classify/seed0", "b/classify/seed0", "c/classify/seed0"]


def test_no_more_processes_are_started_than_there_are_runs(monkeypatch: Patch) -> None:
    _, pool = worked_off(monkeypatch, cell("a"), cell("b"), jobs=16)

    assert pool.size == 2


def test_the_processes_are_stopped_whatever_happens(monkeypatch: Patch) -> None:
    pool = FakePool(1, {})
    monkeypatch.setattr(queue, "Pool", lambda machine, size: pool)

    def leave(progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_cells([cell("a")], Machine(), jobs=1, report=leave)

    assert pool.is_stopped
