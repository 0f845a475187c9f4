"""How long a suite at work still takes, in words."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fabricate.records import record
from tests.runs.test_forecast import cell, done
from transferbench.cli import live
from transferbench.cli.outlook import Outlook
from transferbench.engine.report import Scored, Step
from transferbench.runs.forecast import Forecast
from transferbench.runs.queue import Progress


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Returns a function that sets the clock, which stands otherwise."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return lambda seconds: now.__setitem__(0, seconds)


def step(number: int, of: int) -> Step:
    return Step(number, of, 0.0, 1.0, 0.1, 2.0, 8.0, 0.0)


def test_what_waits_takes_what_its_like_took() -> None:
    progress = Progress(waiting=[cell("a"), cell("b")])

    assert Outlook(Forecast([done("a", 30)]), 1).left(progress) == "about 1 min 00 s left"
    assert Outlook(Forecast([done("a", 30)]), 2).left(progress) == "about 30 s left"


def test_runs_of_which_nothing_is_known_are_counted() -> None:
    assert Outlook(Forecast(), 1).left(Progress(waiting=[cell("a")])) == "1 run of unknown length left"
    at_work = Progress(waiting=[cell("a")], working={cell("b"): step(4, 10)})
    assert Outlook(Forecast(), 2).left(at_work) == "about 10 s left and 1 run of unknown length"


def test_a_run_that_is_scored_has_what_its_like_took_less_what_it_had(
    clock: Callable[[float], None],
) -> None:
    at_work = cell("a")
    progress = Progress(waiting=[], working={at_work: Scored(1, 9)}, began={at_work: 80.0})

    assert Outlook(Forecast([done("a", 30)]), 1).left(progress) == "about 10 s left"


def test_what_was_finished_before_takes_no_time() -> None:
    progress = Progress(waiting=[cell("a"), cell("b")])

    assert Outlook(Forecast([done("a", 30)]), 1, [Path("a")]).left(progress) == "about 30 s left"


def test_it_learns_from_what_finishes_and_counts_down_between(clock: Callable[[float], None]) -> None:
    view = Outlook(Forecast(), 1)
    first = record("a", "classify", 0, {"top1": 0.5}, protocol="tiny@1", wall_seconds=20.0)
    progress = Progress(waiting=[cell("a")], records=[first], took=[25.0])

    assert view.left(progress) == "about 25 s left"
    clock(103.0)
    assert view.left(progress) == "about 22 s left"


def test_elsewhere_than_on_a_terminal_each_run_is_told_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = record("a", "classify", 0, {"top1": 0.5}, machine={"taken_from": "runs/other/a"})
    progress = Progress(waiting=[], records=[taken], took=[1.0], failures={"b/detect/seed0": "no data"})

    with live.live(None, 2, Outlook(Forecast(), 1)) as show:  # type: ignore[arg-type]
        show(progress)
        show(progress)

    assert capsys.readouterr().err.splitlines() == [
        "[1/2] 0 s, about 0 s left  a/classify/seed0: top-1 50.0%, taken from runs/other/a",
        "[2/2] 0 s, about 0 s left  b/detect/seed0: failed",
    ]


def test_what_was_finished_before_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    before = [record(name, "classify", 0, {"top1": 0.5}) for name in ("a", "b")]
    progress = Progress(waiting=[], records=before, took=[0.0, 0.0], found=2)

    with live.live(None, 3, Outlook(Forecast(), 1)) as show:  # type: ignore[arg-type]
        show(progress)
        progress.records.append(record("c", "classify", 0, {"top1": 0.25}))
        progress.took.append(1.0)
        show(progress)

    assert capsys.readouterr().err.splitlines() == [
        "[2/3] 0 s, about 0 s left  2 runs finished before, and nothing has changed for them",
        "[3/3] 0 s, about 0 s left  c/classify/seed0: top-1 25.0%",
    ]


def test_the_table_so_far_is_made_once_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    tables = live._Tables(None)  # type: ignore[arg-type]
    monkeypatch.setattr(tables, "_made", lambda records: made.append(len(records)))
    runs = [record("a", "classify", seed, {"top1": 0.5}) for seed in (0, 1)]

    for count in (0, 1, 1, 2, 2, 2):
        tables.of(runs[:count])

    assert made == [0, 1, 2]
