from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.real_data import real_data
from transferbench.errors import DataError
from transferbench.tasks.decode import read_rgb, read_rgb_fast, read_size

READERS = pytest.mark.parametrize("read", [read_rgb, read_rgb_fast])


@READERS
def test_a_truncated_jpeg_is_named(tmp_path: Path, read) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "cut.jpg"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:800])

    with pytest.raises(DataError, match=r"cut\.jpg: expected a whole picture, found one that cannot be"):
        read(path)


@READERS
def test_a_missing_picture_is_named(tmp_path: Path, read) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(DataError, match=r"none\.jpg: expected a picture, found no such file"):
        read(tmp_path / "none.jpg")


@READERS
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_every_mode_becomes_rgb(tmp_path: Path, read, mode: str) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "picture.jpg"
    Image.new(mode, (5, 4)).save(path)

    assert read(path).shape == (4, 5, 3)


@READERS
def test_exif_turns_a_picture_once(tmp_path: Path, read) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "turned.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (5, 4)).save(path, exif=exif)

    assert read(path).shape == (5, 4, 3)


def test_the_fast_reader_agrees_with_the_reference_on_real_pictures() -> None:
    files = sorted(real_data("imagenet_sample").rglob("*.JPEG"))[:20]

    worst = max(np.abs(read_rgb(f).astype(int) - read_rgb_fast(f)).mean() for f in files)

    assert worst < 0.5


def test_the_size_of_a_truncated_jpeg_is_not_told(tmp_path: Path) -> None:
    path = tmp_path / "cut.jpg"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)).save(path)
    whole = path.read_bytes()

    assert read_size(path) == (64, 64)
    path.write_bytes(whole + b"\0" * 2000)
    assert read_size(path) == (64, 64)
    path.write_bytes(whole[:2000])
    with pytest.raises(DataError, match="expected a whole picture"):
        read_size(path)
