"""The classes of a data set: names, their values in a mask, their colours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from transferbench.errors import DataError
from transferbench.tasks.faults import raise_together

_LINE = re.compile(r"(?:(?P<value>\d+)\s+)?(?P<name>[^#\s].*?)(?:\s+(?P<colour>#[0-9a-fA-F]{6}))?")
_LOOKS_WRONG = re.compile(r"\s#\w*$|^\d+\s*[,;:\t]")
"""A colour that is none, or a value and a name with something else between them, taken for a name."""
_LARGEST = 255
_MOST = 255
_FORM = "'NAME', 'VALUE NAME' or 'VALUE NAME #rrggbb'"


@dataclass(frozen=True)
class ClassRow:
    """One class."""

    place: str
    """As file and line, for messages."""
    name: str
    value: int | None = None
    """In a mask; None where it follows from the place in the list."""
    colour: str | None = None


def read_class_file(path: Path) -> list[ClassRow]:
    """Returns the classes of a file, one a line; blank lines and those that start with `# ` are left out.

    Raises:
        DataError: the file is missing, is no text, names no class, or has lines of another form.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except FileNotFoundError as error:
        raise DataError(
            f"{path}: expected a file with a class a line, found no such file; write it, or give the names "
            "(data.classes of the protocol)"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"{path}: expected a class a line, {_FORM}, found a file that is no text in UTF-8 ({error}); "
            "save it so"
        ) from error
    told = [(f"{path}:{number}", line.strip()) for number, line in enumerate(lines, start=1)]
    told = [(place, line) for place, line in told if line and line != "#" and not line.startswith("# ")]
    if not told:
        raise DataError(f"{path}: expected a class a line, {_FORM}, found none; write them")
    found = [(place, line, _LINE.fullmatch(line)) for place, line in told]
    raise_together(
        [
            f"{place}: expected {_FORM}, found {line[:80]!r}; write the line so"
            for place, line, match in found
            if match is None or _LOOKS_WRONG.search(match["name"])
        ]
    )
    return [
        ClassRow(
            place=place,
            name=match["name"],
            value=int(match["value"]) if match["value"] else None,
            colour=match["colour"].lower() if match["colour"] else None,
        )
        for place, _, match in found
        if match is not None
    ]


def rows_of(names: Sequence[str], place: str = "data.classes of the protocol") -> list[ClassRow]:
    """Returns the classes of a list of names.

    Raises:
        DataError: there are none.
    """
    if not names:
        raise DataError(f"{place}: expected the names of the classes, found none; give them")
    return [ClassRow(f"{place}, class {number}", name) for number, name in enumerate(names, start=1)]


def values_of(rows: Sequence[ClassRow], first_value: int, ignored: Sequence[int]) -> tuple[int, ...]:
    """Returns the value of each class in a mask.

    Args:
        rows: the classes.
        first_value: of the first class, where the rows have none; the others follow.
        ignored: values that are no class.

    Raises:
        DataError: some rows have a value and others none, or names or values are not one a class, too large
            or ignored.
    """
    raise_together(list(_mixed(rows)))
    if len(rows) > _MOST:
        raise DataError(
            f"{rows[_MOST].place}: expected at most {_MOST} classes, found {len(rows)}; use fewer, because "
            "a label has one byte, and 255 is for ignored pixels"
        )
    values = [first_value + place if row.value is None else row.value for place, row in enumerate(rows)]
    faults = [*_doubles(rows, [row.name for row in rows], "name"), *_doubles(rows, values, "value")]
    for row, value in zip(rows, values, strict=True):
        if value > _LARGEST:
            faults.append(
                f"{row.place}: expected values of 0 to {_LARGEST}, as a mask of one byte a pixel has, found "
                f"{value} for {row.name!r}; use fewer classes"
            )
        elif value in ignored:
            faults.append(
                f"{row.place}: expected another value than the ignored {', '.join(map(str, ignored))}, found "
                f"{value} for {row.name!r}; give the class another value, or take it from those ignored"
            )
    raise_together(faults)
    return tuple(values)


def _mixed(rows: Sequence[ClassRow]) -> Iterator[str]:
    without = [row for row in rows if row.value is None]
    if without and len(without) < len(rows):
        yield (
            f"{without[0].place}: expected a value before each name or before none, found none before "
            f"{without[0].name!r}, as in {len(without)} of {len(rows)} lines; write 'VALUE NAME' in all"
        )


def _doubles(rows: Sequence[ClassRow], keys: Sequence[str | int], what: str) -> Iterator[str]:
    first: dict[str | int, ClassRow] = {}
    for row, key in zip(rows, keys, strict=True):
        other = first.setdefault(key, row)
        if other is not row:
            yield (
                f"{row.place}: expected a {what} that no other class has, found {key!r}, which "
                f"{other.place} has too; give each class its own"
            )
