from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.real_data import real_data
from transferbench.errors import DataError
from transferbench.tasks.decode import (
    decode_rgb,
    decode_rgb_fast,
    decode_rows,
    plain_size,
    read_header,
    read_rgb,
    read_rgb_fast,
)

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
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "I;16", "1"])
def test_a_png_with_the_name_of_a_jpeg_becomes_rgb(tmp_path: Path, read, mode: str) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "picture.JPEG"
    Image.new(mode, (5, 4)).save(path, "PNG")

    assert read(path).shape == (4, 5, 3)


@READERS
def test_sixteen_bits_become_eight_and_are_not_cut_off(tmp_path: Path, read) -> None:  # type: ignore[no-untyped-def]
    grey_HW = np.array([[0, 257 * 100], [257 * 200, 65535]], dtype=np.uint16)
    Image.fromarray(grey_HW).save(tmp_path / "deep.png")

    picture_HW3 = read(tmp_path / "deep.png")

    assert picture_HW3[..., 0].tolist() == [[0, 100], [200, 255]]
    assert (picture_HW3 == picture_HW3[..., :1]).all()


@READERS
def test_a_palette_with_transparency_becomes_rgb_without_a_warning(tmp_path: Path, read) -> None:  # type: ignore[no-untyped-def]
    picture = Image.new("P", (2, 1))
    picture.putpalette([10, 20, 30, 40, 50, 60])
    picture.putdata([0, 1])
    picture.save(tmp_path / "clear.png", transparency=b"\x00\xff")

    assert read(tmp_path / "clear.png").tolist() == [[[10, 20, 30], [40, 50, 60]]]


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

    assert read_header(path).size == (64, 64)
    path.write_bytes(whole + b"\0" * 2000)
    assert read_header(path).size == (64, 64)
    path.write_bytes(whole[:2000])
    with pytest.raises(DataError, match="expected a whole picture"):
        read_header(path)


def jpeg(height: int, width: int, mode: str = "RGB", **options: Any) -> bytes:
    """Returns the file of a smooth picture, so that its colours are interpolated."""
    channels = (3,) if mode == "RGB" else ()
    coarse = np.random.default_rng(0).integers(0, 255, (9, 9, *channels), dtype=np.uint8)
    content = BytesIO()
    Image.fromarray(coarse).resize((width, height)).save(content, "JPEG", **options)
    return content.getvalue()


@pytest.mark.parametrize(
    "options",
    [
        {"subsampling": 0},
        {"subsampling": 1},
        {"subsampling": 2},
        {"mode": "L"},
        {"progressive": True},
        {"restart_marker_rows": 1},
    ],
    ids=str,
)
@pytest.mark.parametrize("rows", [1, 37, 64, 112, 113, 117, 129])
def test_the_first_rows_are_those_of_the_whole_picture(options: dict[str, Any], rows: int) -> None:
    content = jpeg(129, 71, **options)

    top = decode_rows(content, "picture", (129, 71), rows)

    assert len(top) >= rows
    np.testing.assert_array_equal(top[:rows], decode_rgb_fast(content, "picture")[:rows])


def test_what_lies_below_a_crop_is_not_decoded() -> None:
    content = jpeg(300, 40)

    assert len(decode_rows(content, "picture", (300, 40), 100)) < 130
    assert len(decode_rows(jpeg(300, 40, progressive=True), "picture", (300, 40), 100)) == 300


def test_a_jpeg_cut_off_below_a_crop_is_named() -> None:
    content = jpeg(300, 300, quality=95)

    with pytest.raises(DataError, match=r"n01/a\.jpg: expected a whole picture"):
        decode_rows(content[: len(content) * 3 // 4], "n01/a.jpg", (300, 300), 16)


@pytest.mark.parametrize("start", [b"\xff\xd8", b"\xff\xd8\xff", b"\xff\xd8\xff\xe0\x00\x10JFIF"])
def test_a_header_without_a_frame_is_named(start: bytes) -> None:
    for decode in (decode_rgb_fast, decode_rgb):
        with pytest.raises(DataError, match="picture: expected a whole picture"):
            decode(start, "picture")
    assert plain_size(start) is None


@READERS
def test_what_is_no_picture_is_named(tmp_path: Path, read) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "note.jpg"
    path.write_text("no picture")

    with pytest.raises(DataError) as caught:
        read(path)

    assert str(caught.value) == (
        f"{path}: expected a whole picture, found one that cannot be decoded (no known format); "
        "replace the file"
    )


def test_only_jpegs_without_exif_have_a_plain_size() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    png = BytesIO()
    Image.new("RGB", (5, 4)).save(png, "PNG")

    assert plain_size(jpeg(12, 34)) == (12, 34)
    assert plain_size(jpeg(12, 34, exif=exif)) is None
    assert plain_size(png.getvalue()) is None


def test_the_first_rows_of_real_pictures_are_those_of_the_whole_ones() -> None:
    for path in sorted(real_data("imagenet_sample").rglob("*.JPEG"))[:20]:
        whole = read_rgb_fast(path)
        for rows in np.random.default_rng(0).integers(1, len(whole) + 1, 5).tolist():
            top = decode_rows(path.read_bytes(), path.name, whole.shape[:2], rows)
            np.testing.assert_array_equal(top[:rows], whole[:rows])
