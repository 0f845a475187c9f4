"""Which large files of a folder belong to which split."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from transferbench.errors import DataError
from transferbench.tasks.classify.layouts import Split

_SPLIT_OF_WORD = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
}
_WORDS: dict[Split, tuple[str, ...]] = {"train": ("train",), "score": ("val", "test")}
"""What a split may be called, the first that is there; the labels of a test split are often kept back."""
_PART = re.compile(r"-(\d+)-of-(\d+)\.")
_NUMBER = re.compile(r"(\d+)\.\w+$")
_INFO_FILE = "_info.json"


def large_files(folder: Path, suffix: str) -> list[Path]:
    """Returns the files of that suffix in a folder and in those in it, in alphabetical order."""
    found = [*folder.glob(f"*{suffix}"), *folder.glob(f"*/*{suffix}")]
    return sorted(path for path in found if not path.name.startswith("."))


def files_of_split(folder: Path, suffix: str, split: Split) -> list[Path]:
    """Returns the files of a split, which a word of their names or folders tells, in alphabetical order.

    Raises:
        DataError: there are none.
    """
    every = large_files(folder, suffix)
    for wanted in _WORDS[split]:
        found = [path for path in every if _split_of(path.relative_to(folder)) == wanted]
        if found:
            return found
    words = " or ".join(repr(word) for word in _WORDS[split])
    others = f"{len(every)} others, the first is {every[0].name!r}" if every else "none"
    raise DataError(
        f"{folder}: expected {suffix} files with {words} in their names or folders, found {others}; "
        "put them here or rename them, or give --data"
    )


def require_all(folder: Path, files: Sequence[Path], split: Split) -> None:
    """Checks that no part is lacking, by `-00003-of-00294` or gaps in the names and the hub's `_info.json`.

    Raises:
        DataError: a part is not there.
    """
    names = {path.name for path in files}
    due = dict.fromkeys(_listed(folder, split) + _numbered(files))
    lacking = [name for name in due if name not in names]
    if lacking:
        raise DataError(
            f"{folder}: expected {len(names) + len(lacking)} files of the split {split!r}, "
            f"found that {len(lacking)} are not there, the first is {lacking[0]!r}; get the rest"
        )


def _split_of(path: Path) -> str:
    words = re.findall("[a-z]+", str(path.with_suffix("")).lower())
    return next((_SPLIT_OF_WORD[word] for word in reversed(words) if word in _SPLIT_OF_WORD), "")


def _numbered(files: Sequence[Path]) -> list[str]:
    """Returns the names that all parts have; where they do not say how many, those from first to last."""
    found = _PART.search(files[0].name)
    if not found:
        return _numbered_between(files)
    digits, count = len(found[1]), int(found[2])
    start, end = files[0].name[: found.start()], files[0].name[found.end(1) :]
    return [f"{start}-{part:0{digits}d}{end}" for part in range(count)]


def _numbered_between(files: Sequence[Path]) -> list[str]:
    """Returns the names from the first to the last file, where these differ by a number alone."""
    numbers = [_NUMBER.search(path.name) for path in files]
    forms = {(n.string[: n.start()], n.string[n.end(1) :], len(n[1])) for n in numbers if n is not None}
    found = sorted(int(n[1]) for n in numbers if n is not None)
    if len(forms) != 1 or len(found) != len(files):
        return []
    ((start, end, digits),) = forms
    return [f"{start}{number:0{digits}d}{end}" for number in range(found[0], found[-1] + 1)]


def _listed(folder: Path, split: Split) -> list[str]:
    """Returns the names of the shards in the `_info.json` of the hub's webdatasets; none if it lists none."""
    try:
        splits = json.loads((folder / _INFO_FILE).read_bytes())["splits"]
        found = [part["filenames"] for name, part in splits.items() if _split_of(Path(name)) in _WORDS[split]]
        return [Path(name).name for names in found[:1] for name in names]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []
