"""How long runs will take, by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.runs.tiny import pretraining
from transferbench.runs.cell import Cell
from transferbench.runs.forecast import Done, Forecast, makespan


def cell(name: str, *needs: str) -> Cell:
    made = pretraining(Path("data"), Path(name))
    recipe = made.recipe.model_copy(update={"name": name})
    return replace(made, recipe=recipe, needs=tuple(map(Path, needs)))


def done(recipe: str, seconds: float, **other: str) -> Done:
    return replace(Done(recipe, "classify", "tiny@1", seconds), **other)  # type: ignore[arg-type]


def test_the_same_recipe_counts_before_others() -> None:
    forecast = Forecast([done("a", 10), done("a", 20), done("b", 100)])

    guess = forecast.of(cell("a"))

    assert (guess.seconds, guess.basis) == (15, "the same recipe")


def test_other_recipes_count_where_the_same_has_no_run() -> None:
    guess = Forecast([done("a", 10), done("b", 100)]).of(cell("c"))

    assert (guess.seconds, guess.basis) == (55, "other recipes")


@pytest.mark.parametrize("other", [{"task": "detect"}, {"protocol": "tiny@1 (limit=4)"}])
def test_runs_of_another_task_or_protocol_count_nothing(other: dict[str, str]) -> None:
    guess = Forecast([done("a", 10, **other)]).of(cell("a"))

    assert (guess.seconds, guess.bytes, guess.basis) == (None, None, "nothing")


def test_a_run_takes_as_much_room_as_its_like(tmp_path: Path) -> None:
    for name, size in (("a", 100), ("b", 300)):
        (tmp_path / name / "inside").mkdir(parents=True)
        (tmp_path / name / "inside" / "file").write_bytes(bytes(size))
    forecast = Forecast(replace(done(name, 1), folder=tmp_path / name) for name in "ab")

    assert (forecast.of(cell("a")).bytes, forecast.of(cell("c")).bytes) == (100, 200)


def test_a_forecast_learns() -> None:
    forecast = Forecast()
    forecast.add(done("a", 10))

    assert forecast.of(cell("a")).seconds == 10


@pytest.mark.parametrize(("jobs", "seconds"), [(1, 10), (2, 6), (3, 5)])
def test_runs_are_shared_among_processes_as_the_queue_shares_them(jobs: int, seconds: float) -> None:
    lengths = {"a": 1, "b": 2, "c": 3, "d": 4}
    cells = [cell(name) for name in lengths]

    assert makespan(cells, lambda each: lengths[each.recipe.name], jobs=jobs) == seconds


def test_a_run_waits_for_what_it_needs() -> None:
    cells = [cell("of a", "a"), cell("a"), cell("b")]

    assert makespan(cells, lambda _: 5, jobs=3) == 10


def test_what_is_at_work_takes_a_place_and_is_waited_for() -> None:
    at_work = cell("a")

    assert makespan([cell("of a", "a")], lambda _: 5, jobs=4, working={at_work: 2}) == 7
    assert makespan([cell("b")], lambda _: 5, jobs=1, working={at_work: 2}) == 7


def test_nothing_takes_no_time_and_what_never_comes_is_not_waited_for() -> None:
    assert makespan([], lambda _: 5, jobs=1) == 0
    assert makespan([cell("b", "a"), cell("a", "b")], lambda _: 5, jobs=1) == 0
