"""The index that lies beside packed shards: what must be there, and what the labels mean."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import NonNegativeInt, PositiveInt, ValidationError

from transferbench.errors import DataError
from transferbench.schema import Schema

INDEX_FILE = "index.json"
SplitName = Literal["train", "val"]
"""Of a split in an index, and in the names of its shards."""


class PackedShard(Schema):
    """One tar file."""

    name: str
    bytes: NonNegativeInt
    sha256: str
    pictures: NonNegativeInt


class PackedSplit(Schema):
    """The shards of a split, in order."""

    pictures: NonNegativeInt
    shards: tuple[PackedShard, ...]


class PackedIndex(Schema):
    """What was packed."""

    format: Literal[1] = 1
    classes: tuple[str, ...]
    """Names of the labels 0, 1, ..."""
    short_side: PositiveInt | None = None
    """To which pictures were reduced, in pixels; None if they are as they were."""
    splits: dict[SplitName, PackedSplit]


def read_index(folder: Path) -> PackedIndex | None:
    """Returns the index of the shards in a folder; None if there is none.

    Raises:
        DataError: the file is no such index.
    """
    path = folder / INDEX_FILE
    try:
        return PackedIndex.model_validate_json(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValidationError) as error:
        fault = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error.strerror
        raise DataError(
            f"{path}: expected the index that `data pack` writes, found another content ({fault}); "
            "pack the data again, or remove the file to take all shards that are there"
        ) from error


def packed_shards(folder: Path, index: PackedIndex, split: SplitName) -> list[Path]:
    """Returns the shards of a split, in order.

    Raises:
        DataError: the split was not packed, or a shard is missing or of another size than it was.
    """
    where = folder / INDEX_FILE
    if split not in index.splits:
        raise DataError(f"{where}: expected the split {split!r}, found {list(index.splits)}; pack it as well")
    shards = []
    for shard in index.splits[split].shards:
        path = folder / shard.name
        size = path.stat().st_size if path.is_file() else None
        if size != shard.bytes:
            found = "none" if size is None else f"one of {size:,} bytes"
            raise DataError(
                f"{path}: expected a shard of {shard.bytes:,} bytes, which {where} lists, found {found}; "
                "copy it again, or pack the data again"
            )
        shards.append(path)
    return shards


def require_counts(folder: Path, index: PackedIndex, split: SplitName, counts: list[int]) -> None:
    """Checks the number of pictures that was found in each shard of a split.

    Raises:
        DataError: it is not what the index says.
    """
    for shard, count in zip(index.splits[split].shards, counts, strict=True):
        if count != shard.pictures:
            raise DataError(
                f"{folder / shard.name}: expected {shard.pictures:,} pictures, which "
                f"{folder / INDEX_FILE} states, found {count:,}; copy it again, or pack the data again"
            )
