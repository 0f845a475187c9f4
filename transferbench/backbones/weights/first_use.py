"""What weights were when they were first used here: a record outside all caches of downloads."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path

from transferbench.errors import WeightsError
from transferbench.files import whole_file

CACHE_VARIABLE = "TRANSFERBENCH_CACHE"


def record_path() -> Path:
    """Returns where the record is: in TRANSFERBENCH_CACHE, else in the user's folder of caches."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get(CACHE_VARIABLE) or caches / "transferbench") / "first_use.json"


def sha256_at_first_use(key: str, sha256: str) -> tuple[bool, str]:
    """Returns whether a sha256 was recorded under a key, and which is now: this one if there was none.

    Args:
        key: of the file: its place without the commit.
        sha256: of the file as it is now.

    Raises:
        WeightsError: the record cannot be read or written.
    """
    path = record_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with alone(path.parent):
            known = _read(path)
            if key in known:
                return True, known[key]
            text = json.dumps({**known, key: sha256}, indent=2, sort_keys=True)
            with whole_file(path) as file:
                file.write(text.encode() + b"\n")
        return False, sha256
    except OSError as error:
        raise WeightsError(
            f"{path}: expected to record here what weights are on first use, "
            f"found {error.strerror or error!r}; make room, or set {CACHE_VARIABLE} to another folder"
        ) from error


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Waits until no other process of ours writes to the folder; the lock goes with whoever holds it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _read(path: Path) -> dict[str, str]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        content = None
    if not isinstance(content, dict) or not all(isinstance(value, str) for value in content.values()):
        raise WeightsError(
            f"{path}: expected the record of weights at their first use, found another content; "
            "mend it, or remove it to trust once more what is downloaded next"
        )
    return content
