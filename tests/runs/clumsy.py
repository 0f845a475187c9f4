"""The command line with a bug in one run and a death in another, in every process: each imports this file."""

import os
import signal
from typing import Any

from transferbench.cli.main import app
from transferbench.runs import execute

_execute = execute.execute


def _clumsy(cell: Any, *words: Any, **flags: Any) -> Any:
    if cell.label == "mini_random/detect/seed0":
        raise ZeroDivisionError("by nothing")
    if cell.label == "mini_random/segment/seed0":
        os.kill(os.getpid(), signal.SIGKILL)
    return _execute(cell, *words, **flags)


execute.execute = _clumsy

if __name__ == "__main__":
    app()
