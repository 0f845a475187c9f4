"""Which layout a folder of labelled pictures has."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any, Literal

from transferbench.errors import DataError
from transferbench.tasks.classify.layouts import (
    SCORE_FOLDERS,
    AnyData,
    FolderData,
    ParquetData,
    PlacesData,
    ShardData,
)
from transferbench.tasks.classify.sources.imagefolder import class_folders
from transferbench.tasks.classify.sources.packed import INDEX_FILE
from transferbench.tasks.classify.sources.places365 import LISTS
from transferbench.tasks.classify.sources.split_files import large_files
from transferbench.tasks.classify.sources.tar_index import LABEL_ENDINGS
from transferbench.tasks.classify.sources.tar_members import members

Layout = FolderData | ShardData | ParquetData | PlacesData

_LOOKED_FOR: dict[type[Layout], str] = {
    FolderData: "folders train/ and val/, with one folder of pictures a class",
    ShardData: f"tar shards of KEY.jpg and KEY.cls, with 'train' and 'val' in their names or {INDEX_FILE}",
    ParquetData: "Parquet files, with 'train' and 'validation' in their names",
    PlacesData: f"the list {LISTS['train']} and its pictures",
}
_FIRST_MEMBERS = 8
_MOST_NAMED = 6
_COMPRESSED = (".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst")


def recognised(folder: Path, data: AnyData) -> Layout:
    """Returns the layout of a folder.

    Raises:
        DataError: there is no such folder, or it has none of the layouts, or several.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: expected a folder of labelled pictures, found none; {_cure(folder)}")
    found = _found(folder, {"folder": data.folder, "classes": data.classes})
    if len(found) == 1:
        return found[0]
    if found:
        several = ", ".join(_LOOKED_FOR[type(layout)] for layout in found)
        raise DataError(
            f"{folder}: expected labelled pictures in one layout, found several: {several}; "
            "move the others away, or give --data a folder with one of them"
        )
    lines = "".join(f"\n  {what}" for what in _LOOKED_FOR.values())
    raise DataError(
        f"{folder}: expected labelled pictures, found {_contents(folder)}; {_cure(folder)}, "
        f"in one of these layouts:{lines}"
    )


def _found(folder: Path, settings: dict[str, Any]) -> list[Layout]:
    tars = _tars(folder)
    found: list[Layout] = []
    score = next((name for name in SCORE_FOLDERS if _has_folders(folder / name)), SCORE_FOLDERS[0])
    if any(_has_folders(folder / split) for split in ("train", score)):
        found.append(FolderData(score=score, **settings))
    if (folder / INDEX_FILE).is_file() or tars == "yes":
        found.append(ShardData(**settings))
    if large_files(folder, ".parquet"):
        found.append(ParquetData(**settings))
    if (folder / LISTS["train"]).is_file():
        found.append(PlacesData(**settings))
    if not found and tars == "broken":  # reading them tells what is wrong
        found.append(ShardData(**settings))
    return found


def _has_folders(folder: Path) -> bool:
    return folder.is_dir() and bool(class_folders(folder))


def _tars(folder: Path) -> Literal["yes", "no", "broken"]:
    """Returns whether any tar file of a folder is a shard; one is enough to know."""
    is_broken = False
    for path in large_files(folder, ".tar"):
        kind = _is_shard(path)
        if kind == "yes":
            return kind
        is_broken = is_broken or kind == "broken"
    return "broken" if is_broken else "no"


def _is_shard(path: Path) -> Literal["yes", "no", "broken"]:
    """Returns whether a tar file holds samples, and not the pictures of a class or a whole data set."""
    try:
        with path.open("rb") as file:
            first = islice(members(file, path), _FIRST_MEMBERS)
            is_label = [member.name.lower().endswith(LABEL_ENDINGS) for member in first]
    except (OSError, DataError):
        return "broken"
    return "yes" if any(is_label) else "no"


def _contents(folder: Path) -> str:
    names = sorted(child.name + "/" * child.is_dir() for child in folder.iterdir())
    listed = ", ".join(map(repr, names[:_MOST_NAMED])) or "nothing"
    return f"{listed} and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else listed


def _cure(folder: Path) -> str:
    if folder.is_dir() and any(child.name.endswith(_COMPRESSED) for child in folder.iterdir()):
        return "unpack the compressed tar files, give --data, or put pictures here"
    return "put them here, or give --data"
