"""What a source that is no local file names: a file of a hub or of a web server.

Imports torchvision and timm only for the sources that name them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path

from transferbench.backbones.catalog import TIMM
from transferbench.backbones.peers import TORCHVISION as PEERS
from transferbench.backbones.weights.hints import Hints as Hints
from transferbench.backbones.weights.hints import hints_of_entry, hints_of_timm, hints_of_torchvision
from transferbench.backbones.weights.index import IndexEntry, read_index
from transferbench.backbones.weights.tensors import SUFFIXES
from transferbench.errors import WeightsError, nearest

HUB, TORCHVISION = "hf:", "torchvision:"
_HUB_FORM = re.compile(r"hf:(?P<repo>[^/@:\s]+/[^/@:\s]+)(@(?P<revision>[^@:\s]+))?(:(?P<file>[^:\s]+))?")
_SHA256_START = re.compile(r"-([0-9a-f]{8,})\.")
"""In the names of files of torchvision and timm."""

Report = Callable[[int, int | None], None]
"""Told the bytes that are there and the bytes there will be, None where unknown."""


@dataclass(frozen=True)
class HubFile:
    """A file of a hub's repository."""

    repo: str
    """As `ORG/REPO`."""
    revision: str | None = None
    """Branch, tag or commit; None for the main branch."""
    file: str | None = None
    """None for the usual ones."""

    @property
    def origin(self) -> str:
        """As `ORG/REPO[@REVISION][:FILE]`."""
        revision = f"@{self.revision}" if self.revision else ""
        return f"{self.repo}{revision}" + (f":{self.file}" if self.file else "")


@dataclass(frozen=True)
class WebFile:
    """A file of a web server."""

    url: str
    file_name: str | None = None
    """On this machine; None for the last part of the URL."""

    @property
    def origin(self) -> str:
        """The URL."""
        return self.url

    @property
    def name(self) -> str:
        """Of the file on this machine."""
        return self.file_name or self.url.rpartition("/")[2]

    @property
    def sha256_start(self) -> str:
        """Its first digits, as the file's name states them; empty if it does not."""
        found = _SHA256_START.search(self.name)
        return found[1] if found else ""


@dataclass(frozen=True)
class Remote:
    """What to download, and what is said of it."""

    source: str
    """As it was asked for."""
    place: HubFile | WebFile
    hints: Hints | None = None
    """None where the repository itself may have some."""
    sha256: str = ""
    """Of the file, as the index states it; empty where unknown."""


@dataclass(frozen=True)
class Download:
    """A file that is here now."""

    path: Path
    place: HubFile | WebFile
    """Where it came from, with the commit if that is a hub."""
    key: str
    """The same without the commit, but with the revision that was asked for."""
    sha256: str = ""
    """As the place states it; empty where it does not."""

    def discard(self) -> None:
        """Takes the file out of its cache, whose snapshots are links if it is a hub's."""
        if self.path.is_symlink():
            (self.path.parent / self.path.readlink()).unlink(missing_ok=True)
        self.path.unlink()


def quietly(done: int, total: int | None) -> None:
    """Tells nobody; a `Report`."""


def is_remote(source: str) -> bool:
    """Whether weights of that name are to be downloaded.

    A path that is there goes before a name of the index.
    """
    if source.startswith((HUB, TORCHVISION, TIMM)):
        return True
    return source in read_index() and not Path(source).exists()


def resolve(source: str) -> Remote:
    """Returns what a source names; nothing is downloaded.

    Args:
        source: `hf:ORG/REPO[@REVISION][:FILE]`, `torchvision:NAME[.WEIGHTS]`, `timm:NAME[.TAG]` or a name
            of the index.

    Raises:
        WeightsError: it names nothing, or takes an extra that is not installed.
    """
    index = read_index()
    if source.startswith(TORCHVISION):
        return _of_torchvision(source)
    if source.startswith(TIMM):
        return _of_timm(source, index)
    if source.startswith(HUB):
        entry = _entry_at(source, index)
    elif source in index:
        entry = index[source]
    else:
        raise WeightsError(
            f"{source}: expected '{HUB}ORG/REPO', '{TORCHVISION}NAME', '{TIMM}NAME' or a name of the index, "
            f"found none of them; {nearest(source, list(index))}"
        )
    place = _hub_file(source if entry is None else entry.source)
    if entry is None:
        return Remote(source, place)
    return Remote(source, place, hints_of_entry(entry), entry.sha256)


def _hub_file(source: str) -> HubFile:
    parts = _HUB_FORM.fullmatch(source)
    if parts is None:
        raise WeightsError(
            f"{source}: expected '{HUB}ORG/REPO[@REVISION][:FILE]', found another form; "
            f"write it as in '{HUB}timm/resnet50d.gluon_in1k@main:model.safetensors'"
        )
    if parts["file"] and not parts["file"].endswith(SUFFIXES):
        raise WeightsError(
            f"{source}: expected a file that ends in {', '.join(SUFFIXES)}, found {parts['file']!r}; "
            "name the file of the weights"
        )
    return HubFile(parts["repo"], parts["revision"], parts["file"])


def _entry_at(source: str, index: dict[str, IndexEntry]) -> IndexEntry | None:
    return next((entry for entry in index.values() if entry.source == source), None)


def _of_torchvision(source: str) -> Remote:
    name, dot, version = source.removeprefix(TORCHVISION).partition(".")
    known = sorted(set(PEERS.values()))
    if name not in known:
        raise WeightsError(
            f"{source}: expected a network that is in the catalog too, {', '.join(known)}, found {name!r}; "
            f"take one of these, or '{TIMM}NAME', of which there are many more"
        )
    from torchvision.models import get_model_weights

    versions = get_model_weights(name)
    if dot and version not in versions.__members__:
        raise WeightsError(
            f"{source}: expected weights that torchvision has for {name!r}, found {version!r}; "
            f"{nearest(version, list(versions.__members__))}"
        )
    weights = versions[version if dot else "DEFAULT"]
    return Remote(source, WebFile(weights.url), hints_of_torchvision(name, weights))


def _of_timm(source: str, index: dict[str, IndexEntry]) -> Remote:
    name = source.removeprefix(TIMM)
    try:
        import timm
    except ImportError as error:
        raise WeightsError(
            f"{source}: expected timm, found it not installed; pip install 'transferbench[timm]'"
        ) from error
    try:
        cfg = timm.get_pretrained_cfg(name, allow_unregistered=False)
    except RuntimeError as error:
        raise _unknown_to_timm(source, "found no such") from error
    assert cfg is not None
    hints = hints_of_timm(f"{cfg.architecture}.{cfg.tag}", asdict(cfg))
    if cfg.hf_hub_id:
        file = f":{cfg.hf_hub_filename}" if cfg.hf_hub_filename else ""
        place = _hub_file(f"{HUB}{cfg.hf_hub_id}{file}")
        entry = _entry_at(f"{HUB}{place.origin}", index)
        if entry is not None:
            return Remote(source, place, hints_of_entry(entry), entry.sha256)
        return Remote(source, place, hints)
    if cfg.custom_load:
        raise WeightsError(
            f"{source}: expected a file of tensors by name, found one of a form of its own "
            f"({cfg.url}), which only timm's code for that network reads; "
            "save its state dict with timm, and give the path"
        )
    if not isinstance(cfg.url, str) or not cfg.url:
        raise _unknown_to_timm(source, "found none for this")
    return Remote(source, WebFile(cfg.url), hints)


def _unknown_to_timm(source: str, found: str) -> WeightsError:
    import timm

    name = source.removeprefix(TIMM)
    known = timm.list_models(pretrained=True)
    near = [each for each in known if each.startswith(f"{name.partition('.')[0]}.")]
    near = near or get_close_matches(name, known, n=3)
    hint = f"there are {', '.join(near)}" if near else "see timm.list_models(pretrained=True)"
    return WeightsError(f"{source}: expected a name of timm's with pretrained weights, {found}; {hint}")
