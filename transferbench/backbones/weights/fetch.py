"""Weights from elsewhere: downloaded once, and the same file ever after."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from safetensors import SafetensorError, safe_open

from transferbench.backbones.card import what_it_is
from transferbench.backbones.weights.first_use import record_path, sha256_at_first_use
from transferbench.backbones.weights.hints import Hints as Hints
from transferbench.backbones.weights.hub import hub_file, hub_hints
from transferbench.backbones.weights.sources import Download, HubFile, Remote, Report, quietly, resolve
from transferbench.backbones.weights.sources import is_remote as is_remote
from transferbench.backbones.weights.web import web_file
from transferbench.errors import WeightsError

Voucher = Literal["the index", "recorded before", "recorded now"]
"""What stands for a sha256: the index, or the record of first uses, which knew it or learnt it just now."""

_ZIP, _PICKLE = b"PK\x03\x04", b"\x80"
"""How torch's files start, those of today and those before."""


@dataclass(frozen=True)
class Fetched:
    """A file of weights that is here now, and where it came from."""

    path: Path
    sha256: str
    sha256_from: Voucher | None
    """None for a file that nobody vouches for: one of this machine."""
    origin: str
    """As `ORG/REPO@COMMIT:FILE`, or a URL."""
    hints: Hints


def fetch(source: str, report: Report | None = None) -> Fetched:
    """Returns the file that a source names, downloaded unless it is here, and known to be what it was.

    Args:
        source: `hf:ORG/REPO[@REVISION][:FILE]`, `torchvision:NAME[.WEIGHTS]`, `timm:NAME[.TAG]` or a name
            of the index.
        report: told of progress; None for silence.

    Raises:
        WeightsError: the source names nothing, an extra is missing, the network, the server or the disk
            fails, or the file is no file of weights, or not the one it was.
    """
    remote = resolve(source)
    found = _download(remote, report or quietly)
    with found.path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    _require_weights(found, source)
    _require_stated(found, source, sha256)
    voucher = _voucher(remote, found, sha256)
    hints = remote.hints
    if hints is None:
        assert isinstance(found.place, HubFile)
        hints = hub_hints(found.place, source=source)
    return Fetched(found.path, sha256, voucher, found.place.origin, hints)


def _download(remote: Remote, report: Report) -> Download:
    if isinstance(remote.place, HubFile):
        return hub_file(remote.place, source=remote.source, report=report)
    from torch.hub import get_dir

    return web_file(remote.place, Path(get_dir()) / "checkpoints", source=remote.source, report=report)


def _require_weights(found: Download, source: str) -> None:
    """Discards a file that is not whole, or no weights, so that the next download starts anew."""
    try:
        if found.path.suffix == ".safetensors":
            with safe_open(found.path, framework="numpy"):
                return
        with found.path.open("rb") as file:
            start = file.read(4)
        if start.startswith(_PICKLE) or (start.startswith(_ZIP) and zipfile.is_zipfile(found.path)):
            return
        raise OSError(f"it starts with {start!r}")
    except (OSError, SafetensorError) as error:
        found_instead = what_it_is(found.path, error)
        found.discard()
        raise WeightsError(
            f"{source}: expected whole weights at {found.place.origin}, found {found_instead}; "
            "it was not kept; sign in to the network if it asks for that, and try again"
        ) from error


def _require_stated(found: Download, source: str, sha256: str) -> None:
    if found.sha256 and sha256 != found.sha256:
        found.discard()
        raise WeightsError(
            f"{source}: expected sha256 {found.sha256}, which the hub states for {found.place.origin}, "
            f"found {sha256}; it was not kept; try again"
        )


def _voucher(remote: Remote, found: Download, sha256: str) -> Voucher:
    if remote.sha256:
        if sha256 != remote.sha256:
            raise WeightsError(
                f"{remote.source}: expected sha256 {remote.sha256}, which the index states, found {sha256} "
                f"at {found.place.origin}; take another source, or the commit at which it was the same"
            )
        return "the index"
    was_known, recorded = sha256_at_first_use(found.key, sha256)
    if sha256 != recorded:
        raise WeightsError(
            f"{remote.source}: expected sha256 {recorded}, as on its first use here, found {sha256} "
            f"at {found.place.origin}; take the commit at which it was the same, or, if the change is good, "
            f"take {found.key!r} out of {record_path()}"
        )
    return "recorded before" if was_known else "recorded now"
