from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from transferbench.benchmarks.pictures import CLASSES, jpegs, opened
from transferbench.errors import DataError


def saved(path: Path, size: tuple[int, int] = (40, 30)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (90, 120, 60)).save(path, "JPEG")
    return path


def test_drawn_pictures_are_of_the_size_of_photographs_and_differ() -> None:
    with jpegs(None, 2) as paths:
        first, second = (np.asarray(Image.open(path)) for path in paths)
        sizes = [path.stat().st_size for path in paths]

    assert first.shape == second.shape == (375, 500, 3)
    assert (first != second).any()
    assert all(60_000 < size < 120_000 for size in sizes)
    assert not any(path.exists() for path in paths)


def test_jpegs_are_found_at_any_depth_and_spread_evenly(tmp_path: Path) -> None:
    kept = [saved(tmp_path / "a" / f"{index}.jpg") for index in range(4)]
    kept += [saved(tmp_path / "b" / "c" / "4.JPEG"), saved(tmp_path / "b" / "c" / "5.JPG")]
    (tmp_path / "b" / "note.txt").write_text("no picture")

    with jpegs(tmp_path, 3) as paths:
        assert paths == kept[::2]
    with jpegs(tmp_path, 99) as paths:
        assert paths == kept
    assert kept[0].exists()


@pytest.mark.parametrize("name", ["none", "file.jpg"])
def test_a_folder_that_is_none_is_told(tmp_path: Path, name: str) -> None:
    saved(tmp_path / "file.jpg")

    with (
        pytest.raises(DataError, match=f"--data .*{name}: expected a folder of JPEGs, found none"),
        jpegs(tmp_path / name, 1),
    ):
        pass


def test_a_folder_without_jpegs_is_told(tmp_path: Path) -> None:
    (tmp_path / "note.png").write_text("no picture")

    with (
        pytest.raises(DataError, match=r"expected JPEGs .* found none; give another folder"),
        jpegs(tmp_path, 1),
    ):
        pass


def test_a_broken_jpeg_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no picture")

    with pytest.raises(DataError, match=r"broken\.jpg: expected a whole picture"), jpegs(tmp_path, 1):
        pass


def test_pictures_are_dealt_to_the_classes_of_both_splits(tmp_path: Path) -> None:
    files = [saved(tmp_path / f"{index}.jpg") for index in range(3)]

    with opened(files, side=32, count=25) as task:
        root = Path(task.data.root)
        assert task.data.pictures == {"train": 25, "score": 25}
        assert len(task.data.classes) == CLASSES
        assert {path.resolve() for path in root.rglob("*.jpg")} == {file.resolve() for file in files}

    assert not root.exists()
    assert all(file.exists() for file in files)
