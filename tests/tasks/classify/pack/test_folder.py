"""Folders that hold something else, are full, or are in use."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from pathlib import Path

import pytest

from tests.fabricate.broken import sound_folders
from transferbench.errors import RunError
from transferbench.tasks.classify.layouts import AnyData
from transferbench.tasks.classify.pack import folder as pack_folder
from transferbench.tasks.classify.pack.pack import Packed, Packing, pack


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return sound_folders(tmp_path / "data", train=4, val=1)


def packed(root: Path, out: Path) -> Packed:
    return pack(root, out, AnyData(), packing=Packing(), processes=1, report=lambda *_: None)


def names_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("names", [("thesis.tex",), ("thesis.tex", "train-000000.tar"), ("val-000000.tar",)])
def test_a_folder_with_something_else_is_left_as_it_is(
    root: Path, tmp_path: Path, names: tuple[str, ...]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for name in names:
        (out / name).touch()

    with pytest.raises(RunError, match=f"expected a folder that is missing or empty, found '{names[0]}'"):
        packed(root, out)

    assert names_in(out) == sorted(names)


def test_finished_shards_are_not_packed_over(root: Path, tmp_path: Path) -> None:
    packed(root, tmp_path / "out")
    before = (tmp_path / "out" / "index.json").stat()

    with pytest.raises(RunError, match="found shards packed before; give another folder"):
        packed(root, tmp_path / "out")

    assert (tmp_path / "out" / "index.json").stat() == before


def test_room_is_looked_for_first(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need = sum(path.stat().st_size for path in root.rglob("*.jpg"))

    def free(_path: Path, left: list[int] = [need - 1, need]) -> object:  # noqa: B006
        return shutil._ntuple_diskusage(2 * need, need, left.pop(0))

    monkeypatch.setattr(pack_folder.shutil, "disk_usage", free)  # type: ignore[attr-defined]

    with pytest.raises(RunError, match=r"expected room for about 0 MB, found 0 MB; make room"):
        packed(root, tmp_path / "out")
    packed(root, tmp_path / "out")


def test_two_calls_do_not_pack_into_one_folder(root: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    handle = os.open(tmp_path / "out", os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)

    with pytest.raises(RunError, match="found another process at work; wait for it"):
        packed(root, tmp_path / "out")

    os.close(handle)
    packed(root, tmp_path / "out")


def test_a_file_system_without_locks_is_packed_into(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(*_: object) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", unsupported)

    assert packed(root, tmp_path / "out").shards_kept == 0


def test_a_folder_below_a_file_is_refused(root: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(RunError, match="expected a folder that can be written, found Not a directory"):
        packed(root, tmp_path / "file" / "out")
