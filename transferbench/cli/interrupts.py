"""Ctrl-C and SIGTERM end a run after the step at hand, its state saved."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

from transferbench.cli.failures import TerminatedError


@contextmanager
def terminable() -> Iterator[None]:
    """Turns SIGTERM into an exception, so that what is at work can save its state as after Ctrl-C."""

    def stop(_number: int, _frame: object) -> None:
        raise TerminatedError

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def interruptible() -> Iterator[Callable[[], int]]:
    """Gives a function that tells the number of the signal that came, or 0; exits with 128 and it.

    A second Ctrl-C ends the program where it stands.
    """
    from transferbench.cli.console import err
    from transferbench.engine.loop import Interrupted

    came = 0

    def remember(number: int, _frame: object) -> None:
        nonlocal came
        came = number
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = {number: signal.signal(number, remember) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: came
    except Interrupted as interruption:
        err.print("interrupted; the state is saved: start again with --resume to go on")
        raise typer.Exit(128 + interruption.signal_number) from interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
