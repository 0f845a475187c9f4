"""What is remembered of a run that failed. Imports no torch."""

from __future__ import annotations

import traceback
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import ValidationError

from transferbench import __version__
from transferbench.errors import TransferbenchError
from transferbench.runs.asked import asked_of
from transferbench.runs.folder import is_at_work
from transferbench.runs.record import FILE_NAME as RECORD_FILE
from transferbench.runs.record import write_atomically
from transferbench.schema import Schema

if TYPE_CHECKING:
    from transferbench.runs.cell import Cell

FILE_NAME = "failure.json"
Kind = Literal["error", "bug", "ended", "stopped"]


class Failure(Schema):
    """Why a run did not finish."""

    cell: str
    """Recipe, task and seed."""
    kind: Kind
    """`error`: settings, data, weights or the machine are at fault. `bug`: the program is. `ended`: the
    process was ended from outside. `stopped`: it was asked to end, and saved its state."""
    message: str
    traceback: str = ""
    """Of a bug."""
    when: str
    """In UTC, as ISO 8601 writes it."""
    transferbench: str = __version__
    asked: str
    """Digest of the settings that failed: with others, a run is tried again."""


def failure_of(cell: Cell, error: Exception) -> Failure:
    """Returns what an error says of a cell; of one that nobody raised on purpose, where it came from."""
    if isinstance(error, TransferbenchError):
        return _failure(cell, "error", str(error))
    message = f"{type(error).__name__}: {error}; this is a bug: {FILE_NAME} has where it happened"
    return _failure(cell, "bug", message, "".join(traceback.format_exception(error)))


def ended(cell: Cell, status: int | None) -> Failure:
    """Returns what is said of a cell whose process ended with that status."""
    if status == 0:
        return _failure(cell, "stopped", "the process at work on it was asked to end; start again to go on")
    return _failure(
        cell,
        "ended",
        f"the process at work on it ended with status {status}; -9 says that the system stopped it, most "
        "often for want of memory: take fewer --jobs or a smaller batch",
    )


def remember_failure(cell: Cell, failure: Failure) -> None:
    """Writes it into the run's folder, whole or not at all; a disk that takes nothing more takes no note."""
    if failure.kind == "stopped" or is_at_work(cell.folder):  # what another process does may well be done
        return
    with suppress(OSError):
        cell.folder.mkdir(parents=True, exist_ok=True)
        write_atomically(cell.folder / FILE_NAME, (failure.model_dump_json(indent=1) + "\n").encode())


def recall_failure(cell: Cell) -> Failure | None:
    """Returns why a run failed before; None if it has not, with these settings, or has finished since."""
    try:
        failure = Failure.model_validate_json((cell.folder / FILE_NAME).read_bytes())
    except (OSError, ValidationError):
        return None
    is_past = failure.asked != asked_of(cell) or (cell.folder / RECORD_FILE).is_file()
    return None if is_past else failure


def forget_failure(cell: Cell) -> None:
    """Takes the note away, if there is one."""
    with suppress(OSError):
        (cell.folder / FILE_NAME).unlink(missing_ok=True)


def _failure(cell: Cell, kind: Kind, message: str, where: str = "") -> Failure:
    when = datetime.now(UTC).isoformat(timespec="seconds")
    return Failure(
        cell=cell.label, kind=kind, message=message, traceback=where, when=when, asked=asked_of(cell)
    )


def failures_in(folder: Path) -> dict[str, str]:
    """Returns why runs below a folder failed and have not finished since, by recipe, task and seed."""
    failures = {}
    for path in sorted(Path(folder).glob(f"*/*/seed*/{FILE_NAME}")):
        if not (path.parent / RECORD_FILE).is_file():
            with suppress(OSError, ValidationError):
                failure = Failure.model_validate_json(path.read_bytes())
                failures[failure.cell] = failure.message
    return failures
