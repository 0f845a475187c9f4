"""The published weights that have a name here: `weights/index.toml`. Imports no torch."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, PositiveInt, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from transferbench.backbones.card import Form, Pixels
from transferbench.backbones.weights.faults import in_words
from transferbench.errors import WeightsError

_FILE = Path("weights") / "index.toml"


@dataclass(frozen=True)
class IndexEntry:
    """Weights, where they are and what is claimed of them."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1)]
    source: Annotated[str, Field(pattern=r"^hf:[^/]+/[^/]+$")]
    """As `hf:ORG/REPO`."""
    arch: str
    """Name in the catalog."""
    about: str
    row: str
    """Of the paper's tables, that the weights stand for, and how sure that is; empty if none."""
    licence: str
    top1: Annotated[float, Field(gt=0, le=1)]
    """Fraction of ImageNet's validation set."""
    top5: Annotated[float, Field(gt=0, le=1)]
    measured: str
    """Who measured the two, and how."""
    sha256: Annotated[str, Field(pattern="^([0-9a-f]{64})?$")]
    """Of the file; empty where unknown."""
    pixels: Pixels
    form: Form | None = None
    """None for the architecture's own."""
    classes: PositiveInt = 1000
    """Outputs of the classifier."""


def read_index(path: Path | None = None) -> dict[str, IndexEntry]:
    """Returns the entries by name, in the order of the file.

    Args:
        path: of another index; None for the one that comes with the program.

    Raises:
        WeightsError: the index cannot be read or says something it may not; all faults are told.
    """
    path = path or _shipped()
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WeightsError(
            f"{path}: expected an index of weights in TOML, found a mistake: {error}; mend the file"
        ) from error
    try:
        return _INDEX.validate_python({name: _named(name, table) for name, table in tables.items()})
    except ValidationError as error:
        faults = [_fault(details) for details in error.errors()]
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        lines = "\n".join(f"  {fault}" for fault in faults)
        raise WeightsError(f"{path}: expected an index of weights, found {count}:\n{lines}") from error


def _named(name: str, table: Any) -> Any:
    return {**table, "name": name} if isinstance(table, Mapping) else table


def _fault(details: ErrorDetails) -> str:
    key = ".".join(str(part) for part in details["loc"])
    if details["type"] == "missing":
        return f"{key}: expected a value, found none; add the key"
    if details["type"] == "unexpected_keyword_argument":
        return f"{key}: unknown key; take it out"
    return in_words(details)


def _shipped() -> Path:
    package = Path(__file__).parents[2]
    return next(path for path in (package / _FILE, package.parent / _FILE) if path.is_file())


_INDEX = TypeAdapter(dict[str, IndexEntry])
