"""The line-by-line log of a run. Imports no torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from transferbench.files import whole_file

FILE_NAME = "metrics.jsonl"


class MetricsFile:
    """A JSON line a step; a resumed run takes back the lines of steps that it does again."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._is_cut = False

    def add(self, line: dict[str, Any]) -> None:
        """Appends the line of a step; it has the key `step`."""
        if not self._is_cut:
            self._cut(line["step"])
        with self._path.open("a") as file:
            file.write(json.dumps(line) + "\n")

    def _cut(self, step: int) -> None:
        self._is_cut = True
        if self._path.exists():
            kept = [line for line in read_metrics(self._path) if line["step"] < step]
            with whole_file(self._path) as file:
                file.write("".join(json.dumps(line) + "\n" for line in kept).encode())


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """Returns the lines of a log; a last line that was cut short is left out."""
    lines = []
    for text in path.read_text().splitlines():
        try:
            lines.append(json.loads(text))
        except json.JSONDecodeError:
            break
    return lines
