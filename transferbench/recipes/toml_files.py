"""The files that people write: where they are and what is in them. Imports no torch."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal

from transferbench.errors import ConfigError, nearest

Kind = Literal["recipes", "suites"]


def shipped(kind: Kind) -> dict[str, Path]:
    """Returns the files that come with the program, by name."""
    package = Path(__file__).parents[1]
    folder = next(f for f in (package / "configs", package.parent / "configs") if f.is_dir())
    return {path.stem: path for path in sorted((folder / kind).glob("*.toml"))}


def about(path: Path) -> str:
    """Returns what a file says of itself."""
    return str(read(path).get("about", ""))


def find(kind: Kind, name: str, beside: Path | None) -> Path:
    """Returns the file that a name stands for.

    Args:
        kind: of the file.
        name: of a shipped one, or a path.
        beside: folder that a path may be relative to.

    Raises:
        ConfigError: there is none.
    """
    files = shipped(kind)
    if name in files:
        return files[name]
    path = Path(name) if beside is None else beside / name
    if path.suffix == ".toml" and path.is_file():
        return path
    raise ConfigError(
        f"{kind[:-1]} {name!r}: expected a shipped one's name or the path of a .toml file, found neither; "
        + nearest(name, list(files))
    )


def read(path: Path) -> dict[str, Any]:
    """Returns what a file says.

    Raises:
        ConfigError: it cannot be read, or is no TOML.
    """
    try:
        return tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: expected a TOML file, found one that cannot be read ({error})") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: expected TOML, found a mistake: {error}; mend the line") from error
