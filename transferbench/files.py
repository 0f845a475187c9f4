"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    import numpy as np


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Gives a file to write; it takes the place of `path`, durably, once it is whole.

    Until then, and after an error, what was at `path` stays.

    Raises:
        OSError: the folder is missing or full.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Returns the arrays of a file that NumPy's `savez` wrote, by name.

    Raises:
        OSError: the file cannot be opened.
        ValueError: it is broken, or no such file.
    """
    import numpy as np

    try:
        # NumPy leaves a broken archive open, so that it is opened here.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as saved:
            return dict(saved)
    except (TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(str(error)) from error
