"""The order in which the runs of a suite are done, and what a failure stops."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fabricate.records import record
from tests.runs.tiny import CLASSIFY, RECIPE
from transferbench.engine.report import Scored
from transferbench.errors import RunError
from transferbench.recipes.recipe import Recipe
from transferbench.runs import queue
from transferbench.runs.cell import Cell, Machine
from transferbench.runs.failure import FILE_NAME, failure_of
from transferbench.runs.pool import Message
from transferbench.runs.queue import Progress, run_cells
from transferbench.runs.reuse import NOWHERE

Patch = pytest.MonkeyPatch


class FakePool:
    """Finishes one run a call, the last given first; fails those that are named."""

    def __init__(self, size: int, faults: Mapping[str, str], elsewhere: Mapping[str, Path] = NOWHERE) -> None:
        self.elsewhere = elsewhere
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
        done = record(cell.recipe.name, "classify", 0, {"top1": 0.5})
        yield Message(cell, failure_of(cell, RunError(fault)) if fault else done)

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


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.chdir(tmp_path)


def worked_off(
    patch: Patch, *cells: Cell, jobs: int = 1, is_retried: bool = False, **faults: str
) -> tuple[Progress, FakePool]:
    """Returns where a suite stands in the end, and the pool that did it."""
    pools: list[FakePool] = []

    def pool(_machine: Machine, size: int, elsewhere: Mapping[str, Path]) -> FakePool:
        pools.append(FakePool(size, faults, elsewhere))
        return pools[0]

    patch.setattr(queue, "Pool", pool)
    progress = run_cells(cells, Machine(), jobs=jobs, report=lambda progress: None, is_retried=is_retried)
    return progress, pools[0]


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
    monkeypatch.setattr(queue, "Pool", lambda machine, size, elsewhere: pool)

    def leave(progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_cells([cell("a")], Machine(), jobs=1, report=leave)

    assert pool.is_stopped


def test_what_failed_is_told_and_left_out_the_next_time(monkeypatch: Patch) -> None:
    worked_off(monkeypatch, cell("a"), cell("b"), a="the loss is nan")

    progress, pool = worked_off(monkeypatch, cell("a"), cell("of a", "a"), cell("b"))

    assert pool.given == ["b"]
    assert progress.failures["a/classify/seed0"].startswith("the loss is nan (it failed on 2")
    assert progress.failures["a/classify/seed0"].endswith("; --retry-failed tries again)")
    assert progress.failures["of a/classify/seed0"] == "a: the run that this one needs did not finish"


def test_what_failed_is_tried_again_on_demand_and_forgotten_once_done(monkeypatch: Patch) -> None:
    worked_off(monkeypatch, cell("a"), a="the loss is nan")
    assert Path("a", FILE_NAME).is_file()

    progress, pool = worked_off(monkeypatch, cell("a"), is_retried=True)

    assert pool.given == ["a"] and not progress.failures
    assert not Path("a", FILE_NAME).exists()


def test_a_failed_run_with_other_settings_is_another_run(monkeypatch: Patch) -> None:
    worked_off(monkeypatch, cell("a"), a="the loss is nan")
    mended = replace(cell("a"), seed=1)

    _, pool = worked_off(monkeypatch, mended)

    assert pool.given == ["a"]


def test_a_run_that_only_lacks_what_it_needs_is_not_remembered_as_failed(monkeypatch: Patch) -> None:
    worked_off(monkeypatch, cell("a"), cell("of a", "a"), a="no")

    _, pool = worked_off(monkeypatch, cell("a"), cell("of a", "a"), is_retried=True)

    assert pool.given == ["a", "of a"]


def test_a_run_tells_since_when_it_is_at_work(monkeypatch: Patch) -> None:
    first = cell("a")

    progress, _ = worked_off(monkeypatch, first)

    assert progress.began.keys() == {first}
