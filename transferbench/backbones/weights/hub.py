"""Files of a model hub, by way of huggingface_hub: its cache, its settings, its ways of failing."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from transferbench.backbones.weights.hints import Hints, hints_of_config
from transferbench.backbones.weights.hub_errors import NAMES, complaint, failures, is_absence
from transferbench.backbones.weights.hub_resume import fetch_content
from transferbench.backbones.weights.sources import HUB, Download, HubFile, Report, quietly
from transferbench.errors import WeightsError

_CONFIG = "config.json"


def hub_file(place: HubFile, *, source: str, report: Report) -> Download:
    """Returns a file, downloaded unless the cache has it as it is on the hub, or the hub cannot be reached.

    Args:
        place: the file; one of the usual names if it names none.
        source: that names it, in the user's words.
        report: of progress.

    Raises:
        WeightsError: there is no such file, or the hub, the network or the disk fails.
    """
    _require_library(source)
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError

    # Each of its retries is a line otherwise; what they end in is told.
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)

    names = (place.file,) if place.file else NAMES
    for name in names:
        try:
            fetch_content(place, name, source=source, report=report)
            path = hf_hub_download(place.repo, name, revision=place.revision, tqdm_class=_bar(report))
        except failures() as error:
            if name != names[-1] and isinstance(error, EntryNotFoundError) and is_absence(error):
                continue
            raise complaint(error, place, source) from error
        commit = Path(path.removesuffix(f"/{name}")).name
        return Download(
            Path(path),
            replace(place, revision=commit, file=name),
            key=f"{HUB}{replace(place, file=name).origin}",
            sha256=_stated_sha256(Path(path)),
        )
    raise AssertionError("there is always a name")


def hub_hints(file: HubFile, *, source: str) -> Hints:
    """Returns what the `config.json` beside a file says; nothing if there is none.

    Args:
        file: its revision is a commit.
        source: that names it, in the user's words.

    Raises:
        WeightsError: it cannot be downloaded, or says what it may not.
    """
    _require_library(source)
    from huggingface_hub import _CACHED_NO_EXIST, hf_hub_download, try_to_load_from_cache
    from huggingface_hub.errors import RemoteEntryNotFoundError

    place = replace(file, file=_CONFIG)
    if try_to_load_from_cache(file.repo, _CONFIG, revision=file.revision) is _CACHED_NO_EXIST:
        return Hints()
    try:
        path = hf_hub_download(file.repo, _CONFIG, revision=file.revision, tqdm_class=_bar(quietly))
    except RemoteEntryNotFoundError:
        return Hints()
    except failures() as error:
        raise complaint(error, place, source) from error
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise WeightsError(
            f"{source}: expected JSON in {place.origin}, found a mistake: {error}; "
            "name another revision, or give the file's path and --arch"
        ) from error
    return hints_of_config(file.repo, content)


def _stated_sha256(path: Path) -> str:
    """Returns the hub's own, after which the cache names what a snapshot links to; not if it copies."""
    name = path.readlink().name if path.is_symlink() else ""
    return name if re.fullmatch("[0-9a-f]{64}", name) else ""


def _require_library(source: str) -> None:
    try:
        import huggingface_hub  # noqa: F401
    except ImportError as error:
        raise WeightsError(
            f"{source}: expected huggingface_hub, found it not installed; pip install 'transferbench[hub]'"
        ) from error


def _bar(report: Report) -> type[Any]:
    """Returns what the library takes for a progress bar."""

    class Bar:
        def __init__(self, *, total: int | None = None, initial: int = 0, **_: Any) -> None:
            self.total, self.n = total, initial

        def __enter__(self) -> Bar:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def update(self, count: int = 1) -> None:
            self.n += count
            report(self.n, self.total)

        def ignore(self, *_: Any, **__: Any) -> None:
            pass

        close = refresh = set_postfix_str = update_transfer = set_transfer_postfix_str = ignore

    return Bar
