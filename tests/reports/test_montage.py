from pathlib import Path

import pytest
from PIL import Image

from transferbench.reports.montage import GAP_PIXELS, TILE_PIXELS, montage


def _tile(path: Path, size: tuple[int, int], colour: str) -> Path:
    Image.new("RGB", size, colour).save(path)
    return path


def _width(path: Path) -> int:
    with Image.open(path) as picture:
        return picture.width


def test_tiles_are_brought_to_one_height_and_keep_their_shape(tmp_path: Path) -> None:
    tiles = [_tile(tmp_path / "a.png", (64, 64), "red"), _tile(tmp_path / "b.png", (200, 100), "blue")]

    montage([("truth", tiles), ("random", tiles[:1])], tmp_path / "grid.png", "detect")

    with Image.open(tmp_path / "grid.png") as grid:
        colours = dict((colour, count) for count, colour in grid.getcolors(grid.width * grid.height) or [])
    assert colours[0, 0, 255] == 2 * TILE_PIXELS * TILE_PIXELS
    assert colours[255, 0, 0] == 2 * TILE_PIXELS * TILE_PIXELS


def test_rows_are_one_tile_and_one_gap_apart(tmp_path: Path) -> None:
    tile = _tile(tmp_path / "a.png", (64, 64), "red")

    montage([("truth", [tile])], tmp_path / "one.png", "t")
    montage([("truth", [tile]), ("B", [tile])], tmp_path / "two.png", "t")

    with Image.open(tmp_path / "one.png") as one, Image.open(tmp_path / "two.png") as two:
        assert (two.width, two.height) == (one.width, one.height + TILE_PIXELS + GAP_PIXELS)


def test_a_long_title_and_long_labels_widen_the_picture(tmp_path: Path) -> None:
    tile = _tile(tmp_path / "a.png", (64, 64), "red")

    for name, label, title in (
        ("short", "B", "t"),
        ("label", "a long label", "t"),
        ("title", "B", "long " * 20),
    ):
        montage([(label, [tile])], tmp_path / f"{name}.png", title)

    assert _width(tmp_path / "short.png") < _width(tmp_path / "label.png") < _width(tmp_path / "title.png")


def test_nothing_but_the_picture_is_left_behind(tmp_path: Path) -> None:
    tile = _tile(tmp_path / "a.png", (64, 64), "red")

    montage([("truth", [tile])], tmp_path / "grid.png", "t")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "grid.png"]


def test_a_montage_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one picture"):
        montage([("truth", [])], tmp_path / "grid.png", "t")
