"""The folder of a run: who may write in it, and what may be there already."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal

from transferbench.errors import RunError
from transferbench.runs.record import FILE_NAME as RECORD_FILE
from transferbench.runs.record import read_record

IfFull = Literal["refuse", "resume", "overwrite"]
LOCK_NAME = ".lock"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def opened(folder: Path, if_full: IfFull, *, patience_seconds: float = 30.0) -> Iterator[None]:
    """Makes a run's folder, or takes one that is there, and keeps other processes out of it.

    Args:
        folder: of the run.
        if_full: what to do where there is something in it.
        patience_seconds: how long to wait for another process to leave.

    Raises:
        RunError: the folder cannot be written, is full, or another process is at work in it; or the disk is
            full at any time.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = _locked(folder, patience_seconds)
    except OSError as error:
        reason = error.strerror or error
        raise RunError(
            f"{folder}: expected a folder that can be written, found {reason}; give another --out"
        ) from error
    with lock:
        try:
            if if_full == "refuse":
                _refuse_if_full(folder)
            elif if_full == "overwrite":
                _empty(folder)
            for part in folder.glob(".*.part"):  # of a process that was killed while it wrote
                part.unlink()
            yield
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            raise RunError(
                f"{folder}: expected room to write, found {error.strerror!r}; what was saved before is "
                "whole: make room and start again with --resume"
            ) from error
        finally:
            (folder / LOCK_NAME).unlink(missing_ok=True)


def is_at_work(folder: Path) -> bool:
    """Whether a process has opened a run's folder and not left it."""
    try:
        with (folder / LOCK_NAME).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _locked(folder: Path, patience_seconds: float) -> IO[str]:
    until = time.monotonic() + patience_seconds
    while True:
        lock = (folder / LOCK_NAME).open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_still_there(lock, folder / LOCK_NAME):
                return lock
        except BlockingIOError as error:
            if time.monotonic() > until:
                lock.close()
                raise RunError(
                    f"{folder}: another process is at work on this run; wait for it, or give another --out"
                ) from error
            time.sleep(0.2)
        lock.close()


def _is_still_there(lock: IO[str], path: Path) -> bool:
    """Whether who held the lock before has not removed the file since it was opened here."""
    try:
        return os.path.samestat(path.stat(), os.fstat(lock.fileno()))
    except FileNotFoundError:
        return False


def _refuse_if_full(folder: Path) -> None:
    found = sorted(path.name for path in folder.iterdir() if path.name != LOCK_NAME)
    finished = read_record(folder)
    if finished is not None:
        raise RunError(
            f"{folder}: expected an empty folder, found a finished run by {finished.protocol}; give another "
            "--out, --resume to have its scores, or --overwrite to delete it and start anew"
        )
    if found:
        raise RunError(
            f"{folder}: expected an empty folder, found {found[0]!r}"
            + (f" and {len(found) - 1} more" if len(found) > 1 else "")
            + "; give --resume to go on with it, --overwrite to start anew, or another --out"
        )


def _empty(folder: Path) -> None:
    foreign = [p for p in folder.iterdir() if p.name != LOCK_NAME and not _is_ours(p)]
    if foreign:
        raise RunError(
            f"{folder}: --overwrite empties the folder of a run, found {foreign[0].name!r}, "
            "which no run writes; give another --out"
        )
    (folder / RECORD_FILE).unlink(missing_ok=True)  # first: without the rest it would tell of no run
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != LOCK_NAME:
            path.unlink()


def _is_ours(path: Path) -> bool:
    names = (
        "record.json",
        "metrics.jsonl",
        "last.ckpt",
        "backbone.safetensors",
        "error.txt",
        "failed_batch.txt",
        "failure.json",
        "replicates.npz",
        "pictures",
    )
    return path.name in names or path.name.startswith("predictions.") or path.name.endswith(".part")
