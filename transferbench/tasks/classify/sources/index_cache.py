"""What was found by going through a large file once, kept for the next time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from transferbench.backbones.weights.first_use import record_path
from transferbench.files import whole_file

Index = Mapping[str, np.ndarray]
_STAMP = "stamp"
_VERSION = 2
"""Of what the arrays mean; another one makes all of them anew."""


def indexed(path: Path, make: Callable[[Path], Index]) -> Index:
    """Returns what `make` finds in a file, from the cache if the file is the one that it was then.

    A cache that cannot be written, or holds something else, does no harm: the file is gone through.

    Args:
        path: of the file; its size, times of change and inode tell whether it is the same.
        make: goes through it; raises what it raises.
    """
    state = path.stat()
    known_by = _VERSION, state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino
    stamp = np.frombuffer(sha256(repr(known_by).encode()).digest(), np.uint8)
    kept = _kept_at(path)
    known = _read(kept)
    if known is not None and np.array_equal(known.get(_STAMP, 0), stamp):
        return known
    found = make(path)
    with suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(kept) as file:
            file.write(save({**found, _STAMP: stamp}))
    return found


def _kept_at(path: Path) -> Path:
    name = sha256(str(path.absolute()).encode("utf-8", "surrogateescape")).hexdigest()[:32]
    return record_path().parent / "indexes" / f"{name}.safetensors"


def _read(kept: Path) -> dict[str, np.ndarray] | None:
    try:
        return load(kept.read_bytes())
    except (OSError, SafetensorError):
        return None
