import os
from pathlib import Path

import numpy as np
import pytest

from transferbench.backbones.weights.first_use import CACHE_VARIABLE
from transferbench.tasks.classify.sources.index_cache import Index, indexed


class Counting:
    """Makes an index of a file's size, and counts how often."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self, path: Path) -> Index:
        self.made += 1
        return {"size": np.array([path.stat().st_size]), "none": np.zeros(0, np.int32)}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "x.tar").write_bytes(b"abc")
    return tmp_path / "x.tar"


def test_a_file_is_gone_through_once(file: Path) -> None:
    make = Counting()

    first, second = indexed(file, make), indexed(file, make)

    assert make.made == 1
    assert first["size"] == second["size"] == [3]
    assert second["none"].dtype == np.int32


@pytest.mark.parametrize("change", ["size", "time"])
def test_a_file_that_changed_is_gone_through_again(file: Path, change: str) -> None:
    make = Counting()
    indexed(file, make)

    state = file.stat()
    file.write_bytes(b"abcd" if change == "size" else b"abc")
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns + (change == "time")))

    assert indexed(file, make)["size"] == [4 if change == "size" else 3]
    assert make.made == 2


def test_a_file_in_the_place_of_one_of_the_same_size_and_time_is_gone_through(file: Path) -> None:
    make = Counting()
    indexed(file, make)

    other = file.with_name("other")
    other.write_bytes(b"xyz")
    os.utime(other, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns))
    other.replace(file)

    indexed(file, make)
    assert make.made == 2


def test_files_of_one_name_in_two_folders_are_two(file: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / "x.tar"
    other.write_bytes(b"abc")
    os.utime(other, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns))
    make = Counting()

    indexed(file, make), indexed(other, make)

    assert make.made == 2


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"\xff" * 100])
def test_a_damaged_cache_is_made_anew(file: Path, damage: bytes) -> None:
    make = Counting()
    indexed(file, make)
    (kept,) = (Path(os.environ[CACHE_VARIABLE]) / "indexes").iterdir()

    kept.write_bytes(damage)

    assert indexed(file, make)["size"] == [3]
    assert indexed(file, make)["size"] == [3]
    assert make.made == 2


def test_a_cache_that_cannot_be_written_does_no_harm(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "no_folder").write_text("")
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "no_folder"))

    assert indexed(file, Counting())["size"] == [3]
