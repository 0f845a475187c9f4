"""Packs that are interrupted."""

from __future__ import annotations

import errno
import os
import select
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fabricate.broken import plain, sound_folders
from transferbench.errors import DataError, RunError
from transferbench.tasks.classify.layouts import AnyData
from transferbench.tasks.classify.pack.pack import Packed, Packing, pack
from transferbench.tasks.classify.pack.shard import Shard
from transferbench.tasks.classify.sources.source import open_source

SMALL = Packing(per_shard=4)
PROCESSES = pytest.mark.parametrize("processes", [1, 2])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Returns pictures for four shards, three of them for training."""
    return sound_folders(tmp_path / "data", train=4, val=1)


def packed(root: Path, out: Path, packing: Packing = SMALL, *, processes: int = 1) -> Packed:
    return pack(root, out, AnyData(), packing=packing, processes=processes, report=lambda *_: None)


def names_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


class Stop(BaseException):
    """As Ctrl-C is none of the exceptions that work is expected to raise."""


def failing(error: Callable[[], BaseException], at: int) -> Callable[[Shard, str, bytes, int], None]:
    """Returns a way to add pictures to a shard that fails at a picture of that number."""
    add, added = Shard.add, iter(range(1000))

    def add_or_fail(shard: Shard, key: str, picture: bytes, label: int) -> None:
        if next(added) == at:
            raise error()
        add(shard, key, picture, label)

    return add_or_fail


@pytest.fixture
def unfinished(root: Path, tmp_path: Path) -> Path:
    """Returns a folder in which two of four shards are whole, and half of the third is not there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Shard, "add", failing(Stop, 10))
        with pytest.raises(Stop):
            packed(root, tmp_path / "out")
    return tmp_path / "out"


def test_what_is_unfinished_is_not_taken_for_data(unfinished: Path) -> None:
    assert names_in(unfinished) == [
        ".packing/plan.json",
        ".packing/train-000000.tar.record.json",
        ".packing/train-000000.tar.whole",
        ".packing/train-000001.tar.record.json",
        ".packing/train-000001.tar.whole",
    ]
    with pytest.raises(DataError, match="expected labelled pictures, found"):
        open_source(unfinished, AnyData(), "train")


def test_half_a_shard_that_a_kill_left_is_removed(root: Path, unfinished: Path) -> None:
    left = unfinished / ".packing" / ".train-000002.tar.whole.4711.part"
    left.write_bytes(bytes(1000))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Shard, "add", failing(Stop, 0))
        with pytest.raises(Stop):
            packed(root, unfinished)

    assert not left.exists()


def test_the_same_call_goes_on_and_keeps_what_is_whole(root: Path, tmp_path: Path, unfinished: Path) -> None:
    before = (unfinished / ".packing" / "train-000001.tar.whole").stat()

    again, once = packed(root, unfinished), packed(root, tmp_path / "once")

    after = (unfinished / "train-000001.tar").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert (again.shards_kept, once.shards_kept) == (2, 0)
    assert {n: (unfinished / n).read_bytes() for n in names_in(unfinished)} == {
        n: (tmp_path / "once" / n).read_bytes() for n in names_in(tmp_path / "once")
    }


@pytest.mark.parametrize("name", ["train-000000.tar.whole", "train-000000.tar.record.json"])
def test_a_shard_without_its_record_or_of_another_size_is_written_again(
    root: Path, unfinished: Path, name: str
) -> None:
    path = unfinished / ".packing" / name
    path.write_bytes(path.read_bytes()[:100]) if name.endswith(".whole") else path.unlink()

    assert packed(root, unfinished).shards_kept == 1


def test_what_was_interrupted_while_shards_were_shown_is_finished(root: Path, unfinished: Path) -> None:
    (unfinished / ".packing" / "train-000000.tar.whole").rename(unfinished / "train-000000.tar")

    assert packed(root, unfinished).shards_kept == 2
    assert len(names_in(unfinished)) == 5


@pytest.mark.parametrize(
    ("packing", "found"),
    [
        (Packing(per_shard=5), "one with per shard 4"),
        (Packing(per_shard=4, short_side=20), "one with short side None"),
        (Packing(per_shard=4, quality=80), "one with quality 90"),
    ],
)
def test_what_was_begun_otherwise_is_not_gone_on_with(
    root: Path, unfinished: Path, packing: Packing, found: str
) -> None:
    before = names_in(unfinished)

    with pytest.raises(RunError, match=f"found {found}; give what it was begun with, or remove"):
        packed(root, unfinished, packing)

    assert names_in(unfinished) == before


def test_other_pictures_are_not_put_beside_what_was_begun(root: Path, unfinished: Path) -> None:
    (root / "train" / "n02" / "more.jpg").write_bytes(plain(99))

    with pytest.raises(RunError, match="found one of other pictures"):
        packed(root, unfinished)


def test_a_plan_of_which_nothing_is_finished_binds_nobody(root: Path, unfinished: Path) -> None:
    for path in (unfinished / ".packing").glob("train*"):
        path.unlink()

    packed(root, unfinished, Packing(per_shard=5))

    assert len(names_in(unfinished)) == 1 + 3 + 1


def test_a_shard_of_somebody_else_is_not_written_over(root: Path, unfinished: Path) -> None:
    (unfinished / "val-000000.tar").write_text("not ours")

    with pytest.raises(RunError, match=r"found 'val-000000\.tar'"):
        packed(root, unfinished)

    assert (unfinished / "val-000000.tar").read_text() == "not ours"


@PROCESSES
def test_a_full_disk_leaves_no_half_shard_and_can_be_gone_on_from(
    root: Path, tmp_path: Path, processes: int
) -> None:
    def full() -> OSError:
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Shard, "add", failing(full, 6))
        with pytest.raises(RunError, match=r"found No space left on device; .* make room"):
            packed(root, tmp_path / "out", processes=processes)

    assert not [name for name in names_in(tmp_path / "out") if "part" in name]
    assert packed(root, tmp_path / "out").shards_kept >= 1


@pytest.fixture
def terminating() -> Iterator[None]:
    """Makes SIGTERM raise, as the commands do."""

    def stop(_number: int, _frame: object) -> None:
        raise Stop

    before = signal.signal(signal.SIGTERM, stop)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.usefixtures("terminating")
def test_a_signal_ends_all_processes_and_leaves_no_half_shard(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = os.getpid()

    def signal_and_wait(*_: object) -> None:
        os.kill(first, signal.SIGTERM)
        while True:
            select.select((), (), (), 0.01)

    monkeypatch.setattr(Shard, "add", signal_and_wait)

    with pytest.raises(Stop):
        packed(root, tmp_path / "out", processes=2)

    assert names_in(tmp_path / "out") == [".packing/plan.json"]
