"""From a run's scores back to the recipe and weights behind them, each held against its file.

Imports no torch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from transferbench.backbones.card import FILE_NAME as BACKBONE_FILE
from transferbench.backbones.card import WeightsCard, read_card
from transferbench.backbones.weights.index import IndexEntry, read_index
from transferbench.backbones.weights.local import SHUFFLED
from transferbench.backbones.weights.tensors import SUFFIXES
from transferbench.errors import WeightsError
from transferbench.runs.record import Record, finished_record, read_record

_LEVELS_OF_A_SUITE = 3
"""Folders of a run below its suite's: recipe, task, seed."""


@dataclass(frozen=True)
class Finding:
    """What holding a link against the files that are there gave."""

    holds: bool | None
    """None where there is nothing to hold it against."""
    text: str


@dataclass(frozen=True)
class Link:
    """One step on the way to scores."""

    kind: Literal["pretraining", "weights", "run"]
    role: str
    """In words, as `the teacher's pretraining`."""
    place: str
    """Folder of a run; path or name of weights."""
    record: Record | None = None
    """Of a run."""
    card: WeightsCard | None = None
    """Of weights, where their file has one."""
    entry: IndexEntry | None = None
    """Of weights that have a name in the index."""
    loaded_by: Record | None = None
    """Of weights: the run that loaded them."""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Chain:
    """Where the scores of a run come from."""

    links: tuple[Link, ...]
    """First cause first; the run itself is the last."""

    @property
    def breaks(self) -> tuple[str, ...]:
        """In words, each place where what is there is not what the run says it was made from."""
        return tuple(f.text for link in self.links for f in link.findings if f.holds is False)

    @property
    def open_ends(self) -> tuple[str, ...]:
        """In words, what nothing here proves or refutes."""
        return tuple(f.text for link in self.links for f in link.findings if f.holds is None)


def trace(folder: Path) -> Chain:
    """Returns the chain that ends in a finished run.

    Args:
        folder: of the run.

    Raises:
        RunError: the run is not finished, or the record of a run before it is broken.
    """
    return Chain(tuple(_run(folder, finished_record(folder))))


def _run(
    folder: Path, record: Record, *, role: str = "", kind: Literal["pretraining", "run"] = "run"
) -> Iterator[Link]:
    """Yields what a run comes from, then the run."""
    yield from _teacher(folder, record)
    if record.task != "classify":
        yield from _weights(folder, record)
    findings: tuple[Finding, ...] = ()
    if record.task == "classify":
        findings = tuple(_own_weights(folder, record))
    name = role or ("pretraining" if record.task == "classify" else "transfer")
    yield Link(kind, name, str(folder), record, findings=findings)


def _teacher(folder: Path, record: Record) -> Iterator[Link]:
    if record.teacher is None:
        return
    source, sha256 = record.teacher.source, record.teacher.sha256
    path = _path_of(source)
    found = None if path is None else _there(path, folder)
    yield from _before(found, role="the teacher's pretraining")
    yield Link(
        "weights",
        "the teacher's weights",
        source,
        card=_card_of(found)[0],
        entry=_entry_of(source),
        findings=tuple(_held(found, sha256, source, "the student learnt from")),
    )


def _weights(folder: Path, record: Record) -> Iterator[Link]:
    weights = record.weights
    origin, source = str(weights.get("origin", "")), str(weights.get("source", ""))
    if weights.get("was_random"):
        yield Link("weights", "random weights, the control", source, loaded_by=record)
        return
    sha256 = str(weights.get("shuffled_from") or weights.get("sha256", ""))
    if weights.get("sha256_from"):
        finding = Finding(None, f"{origin}: expected in the cache of downloads, which was not searched")
        entry = _entry_of(source.removeprefix(SHUFFLED))
        yield Link("weights", "weights", source, entry=entry, loaded_by=record, findings=(finding,))
        return
    found = _there(Path(origin), folder)
    yield from _before(found, role="pretraining")
    yield Link(
        "weights",
        "weights",
        source,
        card=_card_of(found)[0],
        loaded_by=record,
        findings=tuple(_held(found, sha256, origin, "the run loaded")),
    )


def _before(weights: Path | None, *, role: str) -> Iterator[Link]:
    """Yields the run that made a file of weights, if it lies in the folder of one, and what came before."""
    if weights is None or weights.name != BACKBONE_FILE:
        return
    record = read_record(weights.parent)
    if record is not None and record.task == "classify":
        yield from _run(weights.parent, record, role=role, kind="pretraining")


def _held(found: Path | None, sha256: str, name: str, who: str) -> Iterator[Finding]:
    """Yields what holding weights against the sha256 that was recorded of them gives."""
    if found is None:
        yield Finding(False, f"{name}: expected the weights that {who}, found no such file")
        return
    now = _sha256(found)
    if now != sha256:
        yield Finding(
            False, f"{found}: expected the weights that {who}, sha256 {sha256}, found others, sha256 {now}"
        )
        return
    moved = "" if str(found) == name else f", once at {name}"
    yield Finding(True, f"{found}: the very weights that {who}{moved}")
    fault = _card_of(found)[1]
    if fault:
        yield Finding(False, fault)


def _own_weights(folder: Path, record: Record) -> Iterator[Finding]:
    """Yields whether the file of weights in a pretraining's folder is that pretraining's."""
    path = folder / BACKBONE_FILE
    if not path.is_file():
        yield Finding(False, f"{path}: expected the weights that the run wrote, found no such file")
        return
    card, fault = _card_of(path)
    if card is None:
        yield Finding(False, fault or f"{path}: expected the card of the run, found weights without one")
        return
    lineage = {} if record.teacher is None else {"teacher": record.teacher.sha256}
    pairs = {
        "recipe": (_unnamed(card.recipe), _unnamed(record.resolved.get("recipe", {}))),
        "scores": (card.scores, record.scores),
        "data": (card.data_fingerprint, record.data.get("fingerprint")),
        "teacher": (card.lineage, lineage),
    }
    differing = [name for name, (ours, theirs) in pairs.items() if ours != theirs]
    if differing:
        yield Finding(
            False,
            f"{path}: expected weights of the run beside them, found a card with another {differing[0]}",
        )
    else:
        yield Finding(True, f"{path}: recipe, scores, data and teacher in it are those of the run")


def _unnamed(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a recipe without what a suite may call it."""
    return {key: value for key, value in recipe.items() if key not in ("name", "about", "paper")}


def _path_of(source: str) -> Path | None:
    """Returns the file that a local source stands for; None for one that is fetched."""
    kind, colon, _ = source.partition(":")
    if (colon and kind in ("hf", "timm", "torchvision")) or source in read_index():
        return None
    path = Path(source)
    return path if path.suffix in SUFFIXES else path / BACKBONE_FILE


def _there(path: Path, folder: Path) -> Path | None:
    """Returns a file where a record says it is, or in the same place of a suite that was moved."""
    if path.is_file():
        return path
    levels = folder.resolve().parents
    tail = path.parts[-_LEVELS_OF_A_SUITE - 1 :]
    if len(levels) < _LEVELS_OF_A_SUITE or len(tail) <= _LEVELS_OF_A_SUITE:
        return None
    moved = levels[_LEVELS_OF_A_SUITE - 1].joinpath(*tail)
    return moved if moved.is_file() else None


def _card_of(path: Path | None) -> tuple[WeightsCard | None, str]:
    """Returns a file's card and, where it is broken, in words what is wrong."""
    try:
        return (None if path is None else read_card(path)), ""
    except WeightsError as error:
        return None, str(error)


def _entry_of(source: str) -> IndexEntry | None:
    index = read_index()
    return index.get(source) or next((entry for entry in index.values() if entry.source == source), None)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
