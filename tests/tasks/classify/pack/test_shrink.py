from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.fabricate.broken import FAULTY, encoded, noise, plain, sound_folders, turned
from tests.real_data import real_data
from transferbench.errors import DataError
from transferbench.tasks.classify.augment import scored
from transferbench.tasks.classify.layouts import AnyData
from transferbench.tasks.classify.pack.pack import Packing, pack
from transferbench.tasks.classify.pack.shrink import shrunk
from transferbench.tasks.classify.sources.source import open_source
from transferbench.tasks.decode import decode_rgb


def opened(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content))


@pytest.mark.parametrize("size", [(100, 60), (60, 100), (60, 60), (61, 977)])
def test_the_short_side_is_reduced_and_the_shape_kept(size: tuple[int, int]) -> None:
    content = encoded(Image.new("RGB", size, "red"))

    picture = opened(shrunk(content, "a.jpg", 30, quality=90))

    assert (min(picture.size), picture.format, picture.mode) == (30, "JPEG", "RGB")
    assert max(picture.size) == round(max(size) * 30 / min(size))


@pytest.mark.parametrize("short_side", [48, 49, 1000])
def test_what_is_not_larger_stays_byte_for_byte(short_side: int) -> None:
    contents = plain(), turned(6, (48, 48)), encoded(noise().convert("L"), "PNG")

    assert tuple(shrunk(each, "a.jpg", short_side, quality=90) for each in contents) == contents


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_is_applied_once(orientation: int) -> None:
    content = turned(orientation)

    after = shrunk(content, "a.jpg", 20, quality=95)

    expected = decode_rgb(encoded(opened(content).reduce(2), exif=opened(content).getexif(), quality=95), "")
    assert np.abs(decode_rgb(after, "a.jpg") - expected.astype(int)).mean() < 8
    assert len(opened(after).getexif()) == 0


@pytest.mark.parametrize("mode", ["L", "CMYK", "RGBA", "1"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    content = encoded(noise().convert(mode), "TIFF")

    assert opened(shrunk(content, "a.png", 20, quality=90)).mode == "RGB"


def test_a_lower_quality_takes_fewer_bytes() -> None:
    sizes = [len(shrunk(plain(side=96), "a.jpg", 64, quality=quality)) for quality in (50, 90, 100)]

    assert sizes == sorted(set(sizes))


@pytest.mark.parametrize("name", ["empty.jpg", "page.jpg", "cut.jpg", "cut.png", "oversized.png"])
def test_a_picture_that_does_not_decode_is_named(name: str) -> None:
    with pytest.raises(DataError, match=f"{name}: expected a whole picture"):
        shrunk(FAULTY[name][0](), name, 1000, quality=90)


def test_pictures_that_do_not_decode_are_named_and_repaired_ones_go_on(tmp_path: Path) -> None:
    root, out = sound_folders(tmp_path / "data", train=4), tmp_path / "out"
    (root / "train" / "n01" / "cut.jpg").write_bytes(FAULTY["cut.jpg"][0]())
    packing = Packing(short_side=24, per_shard=5)

    with pytest.raises(DataError, match=r"found 1 that cannot.*\n  .*cut\.jpg: expected a whole picture"):
        pack(root, out, AnyData(), packing=packing, processes=1, report=lambda *_: None)
    (root / "train" / "n01" / "cut.jpg").write_bytes(plain(99))
    packed = pack(root, out, AnyData(), packing=packing, processes=1, report=lambda *_: None)

    assert packed.shards_kept == 4
    assert packed.index.short_side == 24
    source = open_source(out, AnyData(), "train")
    assert {opened(source.read(index)).size for index in range(13)} == {(24, 24)}


def test_a_reduced_picture_is_scored_nearly_as_its_original() -> None:
    files = sorted(real_data("voc_full").rglob("JPEGImages/*.jpg"))[:8]

    differences = []
    for file in files:
        content = file.read_bytes()
        before, after = (
            scored(decode_rgb(each, file.name), 224, 0.875).astype(int)
            for each in (content, shrunk(content, file.name, 256, quality=90))
        )
        differences.append(np.abs(before - after).mean())

    assert np.mean(differences) < 2.9  # by another filter, as Lanczos, 3.8
