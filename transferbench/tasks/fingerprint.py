"""Tells two data sets apart without reading their pictures."""

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path


def fingerprint(root: Path, files: Iterable[Path]) -> str:
    """Returns sha256 over names below `root` and sizes in bytes, in the order of the names."""
    digest = sha256()
    for path in sorted(set(files)):
        line = f"{path.relative_to(root).as_posix()}\t{path.stat().st_size}\n"
        digest.update(line.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()
