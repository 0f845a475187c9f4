"""Rows that another tool measured, and the table of comma-separated values they come in."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Literal

from transferbench.errors import DataError, nearest
from transferbench.runs.record import SCORES

_NEEDED, _FREE = ("recipe", "score"), ("seed", "protocol", "source")
_PARTS = {"value": 1.0, "percent": 100.0}
"""Name of the column of numbers to what is the whole in it."""
_FAULTS_TOLD = 10
NO_PROTOCOLS: Mapping[str, str] = {}
"""Where nobody says what another tool's scores obey."""


Teller = Literal["file", "flag", "scoring"]
"""The file itself, the flag `--protocol`, or the scoring here by its rules."""


@dataclass(frozen=True)
class ForeignRow:
    """One backbone by one protocol, as another tool measured it."""

    name: str
    """Of the row."""
    task: str
    protocol: str
    """Name and version of the protocol that it is said to obey; empty where nothing says."""
    values: Mapping[str, Mapping[int, float]]
    """Name of a score, as `detect/map_voc07`, to seed, to fraction. Seeds are the other tool's own: they
    pair with nothing. A value that states none has seed 0."""
    source: str
    """Where the numbers come from: the file, and what it says of itself."""
    sha256: str
    """Of the file."""
    remarks: tuple[str, ...] = ()
    """What a reader of the numbers should know."""
    told_by: Teller = "file"
    """Who says that it obeys the protocol."""


def read_csv(path: Path, *, protocols: Mapping[str, str] = NO_PROTOCOLS) -> list[ForeignRow]:
    """Returns the rows of a table of scores.

    Its first line names the columns: `recipe`, `score`, and either `value`, fractions, or `percent`; and, if
    it likes, `seed`, `protocol` and `source`. Each line gives one score of one recipe.

    Args:
        path: of the file, in UTF-8.
        protocols: task to the protocol of lines that state none.

    Raises:
        DataError: the file is missing or malformed; all faults of its lines are told at once.
    """
    content = read_bytes(path)
    table = csv.DictReader(io.StringIO(_text(path, content), newline=""), strict=True)
    try:
        column = _column_of_numbers(path, table.fieldnames or ())
        lines = list(_lines(table, column, protocols))
    except csv.Error as error:
        raise DataError(
            f"{path}: line {table.reader.line_num}: expected comma-separated values, found a "
            f"fault ({error}); save the table anew"
        ) from error
    faults = [fault for line in lines for fault in line.faults] + _repeated(lines)
    if faults:
        more = f"; and {len(faults) - _FAULTS_TOLD} more" if len(faults) > _FAULTS_TOLD else ""
        raise DataError(f"{path}: {'; '.join(faults[:_FAULTS_TOLD])}{more}; mend these lines")
    if not lines:
        raise DataError(f"{path}: expected a score a line, found the names of columns alone; add lines")
    return _rows(lines, path, hashlib.sha256(content).hexdigest(), column)


def read_bytes(path: Path) -> bytes:
    """Returns what is in a file of another tool.

    Raises:
        DataError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(
            f"{path}: expected a file of scores, found {error.strerror!r}; check the path"
        ) from error


def sha256_of(path: Path) -> str:
    """Returns the sha256 of a file, or over names and contents of the files of a folder.

    Raises:
        DataError: one cannot be read.
    """
    if not path.is_dir():
        return hashlib.sha256(read_bytes(path)).hexdigest()
    whole = hashlib.sha256()
    for file in sorted(file for file in path.rglob("*") if file.is_file()):
        whole.update(f"{file.relative_to(path)}:{sha256_of(file)};".encode())
    return whole.hexdigest()


@dataclass(frozen=True)
class _Line:
    number: int
    """In the file, from 1."""
    recipe: str
    score: str
    seed: int = 0
    value: float = 0.0
    protocol: str = ""
    states_protocol: bool = False
    source: str = ""
    faults: list[str] = field(default_factory=list)

    @property
    def place(self) -> tuple[str, str, str, int]:
        """What at most one line may give."""
        return self.recipe, self.protocol, self.score, self.seed


def _text(path: Path, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataError(
            f"{path}: line {line}: expected text in UTF-8, found the byte "
            f"{content[error.start]:#x}; save it so"
        ) from error


def _column_of_numbers(path: Path, names: Sequence[str]) -> str:
    """Returns the name of the column of numbers; refuses a header that is not one."""
    known = (*_NEEDED, *_PARTS, *_FREE)
    numbers = [name for name in _PARTS if name in names]
    unknown = next((name for name in names if name not in known), None)
    missing = [name for name in _NEEDED if name not in names]
    if unknown is not None:
        found = f"{unknown!r}; {nearest(unknown, known)}"
    elif len(set(names)) < len(names):
        found = "one of them twice"
    elif missing:
        found = f"no {missing[0]!r}" if names else "an empty file"
    elif len(numbers) == 1:
        return numbers[0]
    else:
        found = "both of the last" if numbers else "none of the last"
    raise DataError(
        f"{path}: line 1: expected names of columns, separated by commas ({', '.join((*_NEEDED, *_FREE))}, "
        f"and either 'value' for fractions or 'percent'), found {found}; name them so"
    )


def _lines(table: csv.DictReader[str], column: str, protocols: Mapping[str, str]) -> Iterator[_Line]:
    names = table.fieldnames or ()
    for cells in table:
        number = table.line_num
        if None in cells or None in cells.values():
            found = "more" if None in cells else "fewer"
            fault = f"line {number}: expected {len(names)} values, found {found}"
            yield _Line(number, "", "", faults=[fault])
        else:
            in_one_line = {name: " ".join(cells[name].split()) for name in names}
            yield _line(number, in_one_line, column, protocols)


def _line(number: int, cells: Mapping[str, str], column: str, protocols: Mapping[str, str]) -> _Line:
    recipe, score, seed = cells["recipe"], cells["score"], cells.get("seed") or "0"
    whole, value = _PARTS[column], _number(cells[column])
    faults = []
    if not recipe:
        faults.append("recipe: expected a name, found nothing")
    if score not in SCORES:
        faults.append(f"score: found {score!r}; {nearest(score, list(SCORES))}")
    if not (seed.isascii() and seed.isdigit()):
        faults.append(f"seed: expected a whole number from 0 on, found {seed!r}")
    if value is None or not 0 <= value <= whole:
        faults.append(f"{column}: expected a number from 0 to {whole:g}, found {cells[column]!r}")
    return _Line(
        number,
        recipe,
        score,
        seed=0 if faults else int(seed),
        value=(value or 0.0) / whole,
        protocol=cells.get("protocol") or protocols.get(score.partition("/")[0], ""),
        states_protocol=bool(cells.get("protocol")),
        source=cells.get("source", ""),
        faults=[f"line {number}: {fault}" for fault in faults],
    )


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None


def _repeated(lines: Sequence[_Line]) -> list[str]:
    first: dict[tuple[str, str, str, int], int] = {}
    faults = []
    for line in lines:
        if line.faults:
            continue
        before = first.setdefault(line.place, line.number)
        if before != line.number:
            faults.append(
                f"line {line.number}: expected one value of {line.score} for {line.recipe!r} and seed "
                f"{line.seed}, found another in line {before}"
            )
    return faults


def _rows(lines: Sequence[_Line], path: Path, sha256: str, column: str) -> list[ForeignRow]:
    groups: dict[tuple[str, str, str], list[_Line]] = {}
    for line in lines:
        groups.setdefault((line.recipe, line.score.partition("/")[0], line.protocol), []).append(line)
    are_small = column == "percent" and all(line.value <= 0.01 for line in lines)
    remarks = (f"{path}: no value is above 1 %: are they fractions?",) if are_small else ()
    rows = []
    for (recipe, task, protocol), own in groups.items():
        values: dict[str, dict[int, float]] = {}
        for line in own:
            values.setdefault(line.score, {})[line.seed] = line.value
        told = ", ".join(dict.fromkeys(line.source for line in own if line.source))
        source = f"{path}: {told}" if told else str(path)
        told_by: Teller = "flag" if protocol and not all(line.states_protocol for line in own) else "file"
        rows.append(ForeignRow(recipe, task, protocol, values, source, sha256, remarks, told_by))
    return rows
