"""Writes a miniature world to a folder, whole or not at all."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transferbench.errors import ConfigError, DataError
from transferbench.miniature.draw import LAYOUTS, Report, draw_all
from transferbench.miniature.sizes import SIZES, Size, SizeName

VERSION = 1
"""Of the drawing: raised whenever any picture or truth changes."""
MANIFEST = "miniature.json"
_UNFINISHED = ".miniature-"
"""How the name of the folder begins in which a world is drawn."""


@dataclass(frozen=True)
class World:
    """A world that is whole."""

    root: Path
    size: str
    seed: int
    fingerprint: str
    """sha256 over the names and contents of all its files."""
    pictures: dict[str, int]
    """Number of pictures of each split of each data set, as `imagenet/train`."""
    was_reused: bool
    """Whether it was there already."""


def make(
    root: Path,
    *,
    size: SizeName | Size = "small",
    seed: int = 0,
    processes: int | None = None,
    report: Report | None = None,
) -> World:
    """Draws a world and writes it as ImageNet, Pascal VOC and ADE20K are laid out, or finds it there.

    It is drawn in a hidden folder of `root` and moved into place; `miniature.json` comes last, so that it is
    there if and only if the world is whole. What an interrupted call left is removed and drawn again; a call
    that finds another at work waits for it. A world that is there is taken for whole if the names and sizes
    of its files are as they were: their contents are not read.

    Args:
        root: a folder that is missing, empty or holds such a world.
        size: one of the three, or numbers of one's own.
        seed: 0 or more; another seed gives other pictures.
        processes: 1 or more; None for as many as there are processors to use. What is drawn is the same.
        report: is given the number of pictures done, and of all.

    Raises:
        ConfigError: the seed is negative.
        DataError: the folder cannot be written, or holds something else, another world or a damaged one.
    """
    wanted = size if isinstance(size, Size) else SIZES[size]
    if seed < 0:
        raise ConfigError(f"seed: expected a whole number from 0, found {seed}; give --seed 0")
    try:
        root.mkdir(parents=True, exist_ok=True)
        with _alone(root):
            found = _find(root, wanted, seed)
            if found is not None:
                return found
            _clear(root, wanted)
            _draw(root, wanted, seed, processes=processes, report=report)
            return _world(root, json.loads((root / MANIFEST).read_text()), was_reused=False)
    except OSError as error:
        raise DataError(
            f"{root}: expected a folder that can be written, found {error.strerror or error}; "
            "give another folder or make room in this one"
        ) from error


@contextlib.contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Waits until no other process writes to the folder; the lock goes with whoever holds it."""
    handle = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _find(root: Path, size: Size, seed: int) -> World | None:
    """Returns the world that is there and whole; None if none was finished.

    Raises:
        DataError: what is there was finished and is not what is wanted.
    """
    try:
        manifest = json.loads((root / MANIFEST).read_text())
    except FileNotFoundError:
        return None
    except ValueError:
        manifest = {}
    wanted = {"version": VERSION, "size": size.as_dict(), "seed": seed}
    if any(manifest.get(key) != value for key, value in wanted.items()):
        raise DataError(
            f"{root}: expected a miniature world of size {size.name!r}, seed {seed} and version {VERSION}, "
            f"found {_told(manifest)}; give another folder, or remove this one"
        )
    if manifest["listing"] != _listing(root):
        raise DataError(
            f"{root}: expected the {manifest['files']} files that {MANIFEST} tells of, found that files were "
            "changed, added or removed; remove the folder to have it drawn again"
        )
    return _world(root, manifest, was_reused=True)


def _told(manifest: dict[str, Any]) -> str:
    if not {"version", "size", "seed"} <= set(manifest):
        return f"a {MANIFEST} that cannot be read"
    size = manifest["size"]["name"]
    return f"one of size {size!r}, seed {manifest['seed']} and version {manifest['version']}"


def _clear(root: Path, size: Size) -> None:
    """Removes what an interrupted call left.

    Raises:
        DataError: something else is there, or there is too little room.
    """
    names = sorted(path.name for path in root.iterdir())
    unfinished = [name for name in names if name.startswith(_UNFINISHED)]
    # the data sets are ours only beside the folder that they were moved out of
    ours = {*unfinished, *(layout.FOLDER for layout in LAYOUTS if unfinished)}
    others = [name for name in names if name not in ours]
    if others:
        more = f" and {len(others) - 1} more" if len(others) > 1 else ""
        raise DataError(
            f"{root}: expected a folder that is missing, empty or holds a miniature world, "
            f"found {others[0]!r}{more}; give another folder"
        )
    for name in sorted(ours & set(names), reverse=True):
        shutil.rmtree(root / name)
    free = shutil.disk_usage(root).free
    if free < size.bytes_expected:
        raise DataError(
            f"{root}: expected room for about {size.bytes_expected / 1e6:.0f} MB, found {free / 1e6:.0f} MB; "
            "make room, or give another folder or a smaller --size"
        )


def _draw(root: Path, size: Size, seed: int, *, processes: int | None, report: Report | None) -> None:
    unfinished = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=root))
    draw_all(unfinished, size, seed=seed, processes=processes, report=report)
    splits = {
        f"{layout.FOLDER}/{name}": count for layout in LAYOUTS for name, count in layout.splits(size).items()
    }
    manifest = {
        "about": "a miniature world, drawn by transferbench; every picture is made up",
        "version": VERSION,
        "size": size.as_dict(),
        "seed": seed,
        "pictures": splits,
        "files": len(_files(unfinished)),
        "listing": _listing(unfinished),
        "fingerprint": _fingerprint(unfinished),
    }
    for layout in LAYOUTS:
        (unfinished / layout.FOLDER).rename(root / layout.FOLDER)
    with (unfinished / MANIFEST).open("w") as file:
        file.write(json.dumps(manifest, indent=1) + "\n")
        file.flush()
        os.fsync(file.fileno())
    (unfinished / MANIFEST).rename(root / MANIFEST)
    unfinished.rmdir()


def _world(root: Path, manifest: dict[str, Any], *, was_reused: bool) -> World:
    return World(
        root=root,
        size=manifest["size"]["name"],
        seed=manifest["seed"],
        fingerprint=manifest["fingerprint"],
        pictures=manifest["pictures"],
        was_reused=was_reused,
    )


def _files(root: Path) -> list[tuple[str, Path]]:
    """Returns the files of the data sets below a root, by their names there."""
    paths = (path for layout in LAYOUTS for path in (root / layout.FOLDER).rglob("*") if path.is_file())
    return sorted((path.relative_to(root).as_posix(), path) for path in paths)


def _listing(root: Path) -> str:
    """Returns sha256 over the names and sizes of all files."""
    lines = (f"{name}\t{path.stat().st_size}\n" for name, path in _files(root))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _fingerprint(root: Path) -> str:
    """Returns sha256 over the names and contents of all files."""
    digest = hashlib.sha256()
    for name, path in _files(root):
        digest.update(f"{name}\t{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()
