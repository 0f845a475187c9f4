from __future__ import annotations

from pathlib import Path

import pytest

from tests.fabricate.broken import sound_folders
from transferbench.errors import DataError
from transferbench.tasks.classify.layouts import AnyData
from transferbench.tasks.classify.pack.pack import Packing, pack
from transferbench.tasks.classify.verify.shards import verify_shards

BOTH = ("train", "val")


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    """Returns two shards of training pictures, and one."""
    root, out = sound_folders(tmp_path / "data", train=2, val=1), tmp_path / "packed"
    pack(root, out, AnyData(), packing=Packing(per_shard=3), processes=1, report=lambda *_: None)
    return out


def said(packed: Path, splits: tuple[str, ...] = BOTH) -> dict[str, list[tuple[str, str]]]:
    found = verify_shards(packed, splits, processes=1, report=lambda *_: None)
    assert all(told.kind == "checksum" and told.is_fault for told in found)
    return {told.part: told.entries() for told in found}


def test_shards_are_as_they_were_packed(packed: Path) -> None:
    assert said(packed) == {}


def test_one_byte_that_changed_is_told(packed: Path) -> None:
    shard = packed / "train-000001.tar"
    content = bytearray(shard.read_bytes())
    content[600] ^= 1
    shard.write_bytes(content)

    ((what, words),) = said(packed)["train"]

    assert what == str(shard)
    assert words.startswith("sha256 ") and ", the index says " in words


def test_shards_that_are_gone_or_of_another_size_are_told(packed: Path) -> None:
    (packed / "train-000000.tar").unlink()
    size = (packed / "val-000000.tar").stat().st_size
    with (packed / "val-000000.tar").open("ab") as file:
        file.write(b"\0")

    assert said(packed) == {
        "train": [(str(packed / "train-000000.tar"), "No such file or directory")],
        "val": [(str(packed / "val-000000.tar"), f"{size + 1:,} bytes, the index says {size:,}")],
    }
    assert list(said(packed, ("val",))) == ["val"]


def test_progress_is_told_shard_by_shard(packed: Path) -> None:
    told: list[tuple[str, int, int]] = []

    verify_shards(packed, BOTH, processes=1, report=lambda *news: told.append(news))

    assert told == [("checking shards", done, 3) for done in (1, 2, 3)]


def test_without_an_index_there_is_nothing_to_check(tmp_path: Path) -> None:
    assert said(tmp_path) == {}


def test_an_index_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "index.json").write_text('{"format": 2}')

    with pytest.raises(DataError, match=r"index\.json: expected the index that `data pack` writes"):
        said(tmp_path)


def test_a_file_is_no_folder_of_shards(packed: Path) -> None:
    assert said(packed / "train-000000.tar") == {}
