"""How far a run is: one line on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.text import Text

from transferbench.cli.console import err
from transferbench.engine.report import Report, Scored, Step
from transferbench.reports.words.durations import duration

_PLAIN_EVERY_SECONDS = 10.0


@contextmanager
def shown(label: str) -> Iterator[Report]:
    """Gives a `report` that shows progress; on a terminal the line is gone when done."""
    if err.is_terminal:
        with err.status(label) as status:
            yield lambda news: status.update(Text(f"{label}  {words(news)}"))
        return
    told = _now_and_then()
    yield lambda news: told(f"{label}  {words(news)}")


@contextmanager
def fetching(what: str) -> Iterator[Callable[[int, int | None], None]]:
    """Gives a `report(done, total)` that shows how far a download is, in bytes; the total may be None."""
    if not err.is_terminal:
        told = _now_and_then()
        yield lambda done, total: told(f"{what}  {done:,} bytes" + (f" of {total:,}" if total else ""))
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


@contextmanager
def counting() -> Iterator[Callable[[str, int, int], None]]:
    """Gives a `report(what, done, of)` that shows how far something is."""
    if not err.is_terminal:
        told = _now_and_then()
        yield lambda what, done, of: told(f"{what}: {done:,} of {of:,}")
        return
    with err.status("starting") as status:
        yield lambda what, done, of: status.update(f"{what}: {done:,} of {of:,}")


def fetch_first(source: str) -> None:
    """Fetches what is not on this machine yet, in sight; whoever loads the source then finds it here.

    Raises:
        WeightsError: see `fetch`; or it is no source, which is told before anything is done for it.
    """
    from transferbench.backbones.weights.fetch import fetch, is_remote
    from transferbench.backbones.weights.local import require_local, unshuffled

    source = unshuffled(source)
    if is_remote(source):
        with fetching(source) as report:
            fetch(source, report)
    else:
        require_local(source)


def _now_and_then() -> Callable[[str], None]:
    printed = time.monotonic()

    def tell(line: str) -> None:
        nonlocal printed
        if time.monotonic() - printed >= _PLAIN_EVERY_SECONDS:
            printed = time.monotonic()
            err.print(line, markup=False, soft_wrap=True)

    return tell


def words(news: Step | Scored | None) -> str:
    """Returns one line on where a run stands."""
    if news is None:
        return "starting"
    if isinstance(news, Scored):
        return f"scoring {news.done:,} of {news.pictures:,} pictures"
    left = (news.steps - news.step - 1) * news.step_seconds
    return (
        f"epoch {news.epoch:.1f}  step {news.step + 1:,} of {news.steps:,}  loss {news.loss:.3f}  "
        f"rate {news.lr:.4g}  {news.images_per_second:.0f} images/s  "
        f"waiting for data {news.waiting_share:.0%}  {duration(left)} left"
    )
