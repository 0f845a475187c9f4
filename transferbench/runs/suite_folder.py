"""What a folder of runs remembers of the suite they belong to. Imports no torch."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from transferbench.errors import RunError
from transferbench.recipes.suite import Suite
from transferbench.runs.record import write_atomically

FILE_NAME = "suite.json"


def remember_suite(folder: Path, suite: Suite) -> None:
    """Writes the suite beside its runs.

    Raises:
        RunError: the folder cannot be written, or holds the runs of another suite, or transfers of a row
            that took other weights.
    """
    there = recall_suite(folder)
    if there is not None and there.name != suite.name:
        raise RunError(
            f"{folder}: expected the runs of the suite {suite.name!r}, found those of {there.name!r}; "
            "give another --out"
        )
    if there is None and folder.is_dir() and (found := sorted(path.name for path in folder.iterdir())):
        raise RunError(
            f"{folder}: expected an empty folder or the runs of a suite, found {found[0]!r}; "
            "give another --out"
        )
    if there is not None:
        _require_same_weights(folder, there, suite)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / FILE_NAME, (suite.model_dump_json(indent=1) + "\n").encode())
    except OSError as error:
        reason = error.strerror or error
        raise RunError(
            f"{folder}: expected a folder that can be written, found {reason}; give another --out"
        ) from error


def recall_suite(folder: Path) -> Suite | None:
    """Returns the suite whose runs a folder holds; None if it does not say.

    Raises:
        RunError: the file is there and is no suite.
    """
    path = folder / FILE_NAME
    try:
        return Suite.model_validate_json(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise RunError(f"{path}: expected a suite, found something else ({reason}); move it away") from error


def _require_same_weights(folder: Path, there: Suite, suite: Suite) -> None:
    for recipe in sorted(there.weights.keys() | suite.weights.keys()):
        before, now = there.weights.get(recipe), suite.weights.get(recipe)
        transfers = (folder / recipe / task for task in suite.protocols)
        if before != now and any(next(path.glob("*/record.json"), None) for path in transfers):
            was = f"--weights {recipe}={before}" if before else f"no --weights for {recipe!r}"
            found = f"--weights {recipe}={now}" if now else "none"
            raise RunError(
                f"{folder}: expected {was}, as its runs had, found {found}; give it so, or another --out"
            )
