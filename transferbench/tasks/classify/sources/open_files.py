"""Large files of which parts are read, now from one and now from another."""

from __future__ import annotations

import os
import weakref
from collections import OrderedDict
from pathlib import Path

_MOST_OPEN = 32


class OpenFiles:
    """Reads parts of files, of which the last used stay open; processes that fork may share it."""

    def __init__(self) -> None:
        self._handles: OrderedDict[Path, int] = OrderedDict()
        weakref.finalize(self, _close_all, self._handles)

    def read(self, path: Path, offset: int, size: int) -> bytes:
        """Returns `size` bytes, fewer at the end of the file.

        Raises:
            OSError: the file cannot be read.
        """
        if path not in self._handles:
            self._handles[path] = os.open(path, os.O_RDONLY)
        self._handles.move_to_end(path)
        if len(self._handles) > _MOST_OPEN:
            os.close(self._handles.popitem(last=False)[1])
        return os.pread(self._handles[path], size, offset)


def _close_all(handles: OrderedDict[Path, int]) -> None:
    while handles:
        os.close(handles.popitem()[1])
