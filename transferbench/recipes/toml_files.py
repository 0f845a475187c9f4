"""The files that people write: where they are and what is in them. Imports no torch."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from transferbench.errors import ConfigError

Kind = Literal["recipes", "suites"]


def shipped(kind: Kind) -> dict[str, Path]:
    """Returns the files that come with the program, by name."""
    package = Path(__file__).parents[1]
    folder = next(f for f in (package / "configs", package.parent / "configs") if f.is_dir())
    return {path.stem: path for path in sorted((folder / kind).glob("*.toml"))}


def about(path: Path) -> str:
    """Returns what a file says of itself."""
    return str(read(path).get("about", ""))


def find(kind: Kind, name: str, beside: Path | None, *, further: Sequence[str] = ()) -> Path:
    """Returns the file that a name stands for.

    Args:
        kind: of the file.
        name: of a shipped one, or a path.
        beside: folder that a path may be relative to.
        further: names that would be known too, as those written into a suite, for the message.

    Raises:
        ConfigError: there is none.
    """
    files = shipped(kind)
    if name in files:
        return files[name]
    path = Path(name) if beside is None else beside / name
    if path.suffix == ".toml" and path.is_file():
        return path
    own = f", one of the suite's own ({', '.join(map(repr, further))})" if further else ""
    near = get_close_matches(name, [*further, *files], n=1)
    raise ConfigError(
        f"{kind[:-1]} {name!r}: expected a shipped one's name{own} or the path of a .toml file, "
        f"found {'none of them' if further else 'neither'}; "
        + (f"the nearest is {near[0]!r}" if near else f"see `transferbench list {kind}`")
    )


def read(path: Path) -> dict[str, Any]:
    """Returns what a file says.

    Raises:
        ConfigError: it cannot be read, or is no TOML.
    """
    try:
        return tomllib.loads(path.read_text())
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: expected a TOML file, found no such file; check the path") from error
    except OSError as error:
        raise ConfigError(
            f"{path}: expected a TOML file, found one that cannot be read ({error.strerror}); look after it"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path}: expected a TOML file, found one that is no text in UTF-8; save it so"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: expected TOML, found a mistake: {error}; mend the line") from error
