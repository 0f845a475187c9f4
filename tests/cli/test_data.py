"""`data make`."""

from pathlib import Path

import pytest

from tests.cli.command import error, told
from tests.miniature.tiny import TINY
from transferbench.miniature import sizes


def test_a_world_is_drawn_once_and_then_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sizes.SIZES, "small", TINY)

    first, second = (told("data", "make", tmp_path / "world") for _ in range(2))

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "drawn in" in first.stderr and "found in" in second.stderr
    assert first.stdout == second.stdout
    assert "imagenet/train      48 pictures" in first.stdout


def test_an_unknown_size_is_refused(tmp_path: Path) -> None:
    message = error("data", "make", tmp_path / "world", "--size", "huge")

    assert message == "error: --size: expected one of small, medium, large, found 'huge'\n"
    assert not (tmp_path / "world").exists()


def test_a_folder_with_something_else_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()

    assert error("data", "make", tmp_path).startswith(f"error: {tmp_path}: ")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_folder_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert "found Not a directory" in error("data", "make", tmp_path / "file" / "world")
