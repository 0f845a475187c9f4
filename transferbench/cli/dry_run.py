"""`transferbench run --dry-run`: what would be done, and what it would take. Imports no torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from transferbench.cli.sizes import size
from transferbench.reports.words.durations import duration

if TYPE_CHECKING:
    from transferbench.runs.cell import Cell
    from transferbench.runs.forecast import Guess
    from transferbench.runs.selection import Selection
    from transferbench.runs.stand import Stand, State

_STATES: dict[State, str] = {
    "finished": "finished",
    "other": "finished by other settings (in the table under the same name, until moved away)",
    "elsewhere": "to be taken from another suite, if data and weights are the same",
    "failed": "failed before (--retry-failed does it again)",
    "lost": "need one that failed",
    "interrupted": "interrupted, to be gone on with",
    "new": "new",
}


def plan_lines(folder: Path, selection: Selection, *, jobs: int, is_retried: bool) -> Iterator[str]:
    """Yields what a suite's runs would do, a line a run that is not finished, and what all would take.

    Args:
        folder: of the suite.
        selection: the runs that are asked for.
        jobs: runs at a time.
        is_retried: whether what failed before is tried again.
    """
    from transferbench.runs.forecast import Forecast, makespan
    from transferbench.runs.index import finished_beside, finished_in
    from transferbench.runs.stand import stands_of, with_lost

    finished, beside = finished_in(folder, is_kept=False), finished_beside(folder, is_kept=False)
    forecast = Forecast(entry.done(path) for path, entry in {**beside, **finished}.items())
    stands = stands_of(selection.cells, finished, beside)
    stands = stands if is_retried else with_lost(stands)
    todo = [s for s in stands if s.state in ("new", "interrupted") or (is_retried and s.state == "failed")]
    guesses = {stand.cell: forecast.of(stand.cell) for stand in todo}
    seconds = {stand.cell: (1 - stand.share) * (guesses[stand.cell].seconds or 0) for stand in todo}
    yield from _run_lines(stands, guesses, seconds)
    counts = Counter(stand.state for stand in stands)
    states = {**_STATES, "failed": "failed before, to be done again"} if is_retried else _STATES
    yield ("1 run: " if len(stands) == 1 else f"{len(stands)} runs: ") + ", ".join(
        f"{counts[state]} {words}" for state, words in states.items() if counts[state]
    )
    wall = makespan([stand.cell for stand in todo], seconds.__getitem__, jobs=jobs)
    if not todo:
        yield "nothing to train" if counts["elsewhere"] else "nothing to do"
        return
    yield from _sum_lines(list(guesses.values()), wall=wall, work=sum(seconds.values()), jobs=jobs)


def _run_lines(
    stands: Sequence[Stand], guesses: dict[Cell, Guess], seconds: dict[Cell, float]
) -> Iterator[str]:
    shown = [stand for stand in stands if stand.state != "finished"]
    width = max((len(stand.cell.label) for stand in shown), default=0)
    for stand in shown:
        state = f"{stand.state} at {stand.share:.0%}" if stand.state == "interrupted" else stand.state
        guess = guesses.get(stand.cell)
        words = stand.note.partition("\n")[0]
        if guess is not None:
            takes = "unknown"
            if guess.seconds is not None:
                room = "" if guess.bytes is None else f", {size(guess.bytes)}"
                takes = f"about {duration(seconds[stand.cell])}{room} (from {guess.basis})"
            words = f"{takes}  {words}".rstrip()
        yield f"{stand.cell.label:<{width}}  {state:<15}  {words}".rstrip()


def _sum_lines(guesses: Sequence[Guess], *, wall: float, work: float, jobs: int) -> Iterator[str]:
    unknown = sum(guess.seconds is None for guess in guesses)
    if unknown == len(guesses):
        yield f"{unknown} to do, of unknown length: no run of their task is finished by the same protocol"
        return
    at_a_time = "one run at a time" if jobs == 1 else f"{jobs} runs at a time"
    room = sum(guess.bytes or 0 for guess in guesses)
    rest = f"; {unknown} of them of unknown length, left out of these" if unknown else ""
    took = f"about {duration(wall)} with {at_a_time} ({duration(work)} of work), {size(room)}"
    yield f"{len(guesses)} to do: {took}{rest}"
