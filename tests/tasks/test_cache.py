"""Decoded pictures in memory, shared by all that load."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from transferbench.errors import RunError
from transferbench.tasks.base import CacheMode
from transferbench.tasks.cache import PictureCache, free_bytes
from transferbench.tasks.loader import Loader

SHAPES = ((4, 5, 3), (1, 1), (3, 7, 3), (6, 2))
GIB = 2**30


def picture(index: int) -> np.ndarray:
    """Returns a picture, or labels, of its own for each index."""
    return np.random.default_rng(index).integers(0, 256, SHAPES[index], dtype=np.uint8)


class Pictures:
    """Examples that leave a line in a file for each picture they decode."""

    def __init__(self, cache: PictureCache, log: Path) -> None:
        self._cache = cache
        self._log = log

    def __len__(self) -> int:
        return len(SHAPES)

    def name(self, index: int) -> str:
        return str(index)

    def order(self, rng: np.random.Generator) -> np.ndarray:
        return rng.permutation(len(self))

    def example(self, index: int, rng: np.random.Generator | None, epoch: int = 0) -> tuple[int, np.ndarray]:
        return index, self._cache.array(index, lambda: self._decoded(index))

    def collate(self, examples: Sequence[tuple[int, np.ndarray]]) -> list[tuple[int, Any]]:
        return [(index, torch.from_numpy(rgb_HW3)) for index, rgb_HW3 in examples]

    def _decoded(self, index: int) -> np.ndarray:
        with self._log.open("a") as file:
            file.write(f"{index}\n")
        return picture(index)


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int | None]]:
    """Gives the free memory that is found, to be changed."""
    found: list[int | None] = [GIB]
    monkeypatch.setattr("transferbench.tasks.cache.free_bytes", lambda: found[0])
    yield found


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_every_picture_is_decoded_once_over_all_epochs_and_processes(workers: int, tmp_path: Path) -> None:
    log = tmp_path / "decoded.txt"
    examples = Pictures(PictureCache(SHAPES), log)
    loader = Loader(examples, batch_size=1, seed=0, workers=workers)

    epochs = [dict(one for batch in loader.epoch(epoch) for one in batch) for epoch in range(3)]

    assert sorted(log.read_text().split()) == ["0", "1", "2", "3"]
    for found in epochs:
        assert all(np.array_equal(found[index].numpy(), picture(index)) for index in range(len(SHAPES)))


def test_without_a_cache_pictures_are_decoded_each_time(tmp_path: Path) -> None:
    examples = Pictures(PictureCache(()), tmp_path / "decoded.txt")

    same = [np.array_equal(examples.example(2, None)[1], picture(2)) for _ in range(3)]

    assert same == [True] * 3
    assert (tmp_path / "decoded.txt").read_text().split() == ["2"] * 3


def test_a_decoder_that_fails_leaves_nothing() -> None:
    cache = PictureCache(SHAPES)

    with pytest.raises(OSError, match="broken"):
        cache.array(0, lambda: _raise(OSError("broken")))

    assert np.array_equal(cache.array(0, lambda: picture(0)), picture(0))


def test_an_array_of_another_shape_than_was_said_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected an array of \(4, 5, 3\), found \(1, 1\)"):
        PictureCache(SHAPES).array(0, lambda: picture(1))


def test_no_memory_is_taken_before_pictures_are_kept() -> None:
    before = _resident_bytes()

    cache = PictureCache([(1000, 1000, 3)] * 1000)
    assert _resident_bytes() - before < 2**23
    cache.array(7, lambda: np.ones((1000, 1000, 3), np.uint8))

    assert 2**21 < _resident_bytes() - before < 2**23


CASES: dict[str, tuple[CacheMode, int | None, int, bool, str]] = {
    "fits": ("auto", 3 * GIB, 1, True, "pictures are decoded once: 100 decoded pictures take 0.28 GiB, 3.00"),
    "half": ("auto", GIB // 2, 1, False, "anew each epoch: 100 decoded pictures take 0.28 GiB, 0.50"),
    "many": (
        "auto",
        GIB,
        2,
        False,
        "anew each epoch: 100 decoded pictures take 0.56 GiB in 2 processes",
    ),
    "unsure": ("auto", None, 1, False, "what is free is not known"),
    "asked": (
        "ram",
        GIB // 2,
        1,
        True,
        "pictures are decoded once: 100 decoded pictures take 0.28 GiB, 0.50",
    ),
    "blind": ("ram", None, 1, True, "what is free is not known"),
    "off": ("off", 3 * GIB, 1, False, "pictures are decoded anew each epoch, as asked"),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_decided_is_said_with_numbers(name: str, free: list[int | None]) -> None:
    mode, free[0], processes, is_on, note = CASES[name]

    cache = PictureCache.for_shapes([(1000, 1000, 3)] * 100, mode, processes=processes)

    assert cache.is_on == is_on
    assert note in cache.note


def test_masks_count_beside_pictures(free: list[int | None]) -> None:
    cache = PictureCache.for_shapes([(1000, 1000, 3)] * 100 + [(1000, 1000)] * 100, "ram")

    assert "100 decoded pictures and 100 masks take 0.37 GiB" in cache.note
    assert cache.is_on


def test_the_shape_that_was_said_is_told_where_anything_is_kept() -> None:
    assert [PictureCache(SHAPES).shape(index) for index in range(4)] == list(SHAPES)
    assert PictureCache(()).shape(2) is None


def test_pictures_that_cannot_fit_are_refused_with_numbers(free: list[int | None]) -> None:
    with pytest.raises(RunError) as caught:
        PictureCache.for_shapes([(1000, 1000, 3)] * 500, "ram")

    assert str(caught.value) == (
        "--cache ram: expected all decoded pictures to fit into memory, found that 500 decoded pictures take "
        "1.40 GiB, 1.00 GiB are free (that is more); give --cache off"
    )


def test_this_machine_says_how_much_is_free() -> None:
    free = free_bytes()

    assert free is not None
    assert 2**20 < free < 2**50


def machine(root: Path, cgroup: str, **files: str) -> int | None:
    """Returns what is free on a machine with 4 GiB available and these files in its control groups."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/meminfo").write_text(f"MemTotal: 9 kB\nMemAvailable: {4 * 2**20} kB\n")
    (root / "proc/self/cgroup").write_text(cgroup)
    for name, text in files.items():
        path = root / "cgroup" / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return free_bytes(root / "proc", root / "cgroup")


def test_the_limit_of_a_container_counts_less_what_it_uses_and_cannot_drop(tmp_path: Path) -> None:
    files = {
        "job__memory_dot_max": f"{2 * GIB}\n",
        "job__memory_dot_current": f"{GIB}\n",
        "job__memory_dot_stat": f"anon 5\ninactive_file {GIB // 4}\n",
        "memory_dot_max": "max\n",
        "memory_dot_current": "7\n",
    }

    assert machine(tmp_path, "0::/job/step\n", **files) == GIB + GIB // 4


def test_the_limit_of_an_older_system_counts_too(tmp_path: Path) -> None:
    files = {
        "memory__memory_dot_limit_in_bytes": f"{3 * GIB}\n",
        "memory__memory_dot_usage_in_bytes": f"{GIB}\n",
        "memory__memory_dot_stat": "total_inactive_file 10\n",
    }

    assert machine(tmp_path, "7:cpu:/x\n4:memory:/job\n0::/\n", **files) == 2 * GIB + 10


def test_without_limits_the_machine_s_memory_counts_and_without_both_nothing(tmp_path: Path) -> None:
    assert machine(tmp_path, "0::/\n", memory_dot_max="max\n", memory_dot_current="1\n") == 4 * GIB
    assert free_bytes(tmp_path / "none", tmp_path / "none") is None


def _raise(error: Exception) -> np.ndarray:
    raise error


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
