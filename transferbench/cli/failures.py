"""Errors to exit statuses: 1 with one message, 130 and 143 when a signal ended a run."""

from __future__ import annotations

import functools
import signal
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import typer

P = ParamSpec("P")
T = TypeVar("T")


class TerminatedError(BaseException):
    """SIGTERM came; not an Exception, as KeyboardInterrupt is none."""


def told(command: Callable[P, T]) -> Callable[P, T]:
    """Returns the command with errors of the user told in one message; bugs keep their traceback."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        from transferbench.errors import TransferbenchError

        try:
            return command(*args, **kwargs)
        except TransferbenchError as error:
            print(f"{_who()}error: {error}", file=sys.stderr)
            raise typer.Exit(1) from error
        except (KeyboardInterrupt, TerminatedError) as error:
            print(f"{_who()}interrupted; what is finished is kept: start again to go on", file=sys.stderr)
            number = signal.SIGINT if isinstance(error, KeyboardInterrupt) else signal.SIGTERM
            raise typer.Exit(128 + number) from error
        except BrokenPipeError as error:
            sys.stderr.close()  # the reader of stdout has left, as `head` does: nothing to tell
            raise typer.Exit(0) from error

    return wrapped


def _who() -> str:
    """Returns which of several processes speaks; nothing for the first, or for one alone."""
    from transferbench.engine.world import world_here

    world = world_here()
    return "" if world.is_first else f"process {world.rank}: "
