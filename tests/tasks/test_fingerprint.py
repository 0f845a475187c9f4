"""What tells two data sets apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from transferbench.tasks.fingerprint import fingerprint


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A picture and its truth."""
    for name in ("a.jpg", "a.xml"):
        (tmp_path / name).write_text(f"<difficult>0</difficult> of {name}")
    return tmp_path / "a.jpg", tmp_path / "a.xml"


def test_truth_that_is_corrected_in_place_makes_other_data(files: tuple[Path, Path], tmp_path: Path) -> None:
    picture, truth = files
    before = fingerprint(tmp_path, [picture], [truth])

    truth.write_text(truth.read_text().replace("0", "1"))

    assert fingerprint(tmp_path, [picture], [truth]) != before


def test_the_order_of_files_and_the_place_of_the_folder_do_not_matter(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    moved = tmp_path / "moved"
    moved.mkdir()
    for path in files:
        (moved / path.name).write_bytes(path.read_bytes())

    there = fingerprint(moved, [moved / path.name for path in reversed(files)])

    assert there == fingerprint(tmp_path, files)


def test_a_file_for_all_annotations_is_counted_once(files: tuple[Path, Path], tmp_path: Path) -> None:
    picture, truth = files

    assert fingerprint(tmp_path, [picture], [truth, truth]) == fingerprint(tmp_path, [picture], [truth])
