"""What is in the shards, and that it is what was in the folder."""

from __future__ import annotations

import json
import shutil
import tarfile
from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.fabricate.broken import FAULTY, ODD, plain, sound_folders
from tests.fabricate.parquet import parquet
from tests.fabricate.places365 import places365
from tests.fabricate.shards import shards
from transferbench.errors import DataError, RunError
from transferbench.tasks.classify.layouts import AnyData
from transferbench.tasks.classify.pack.pack import Packed, Packing, pack
from transferbench.tasks.classify.pack.shard import extension_of
from transferbench.tasks.classify.sources.imagefolder import EXTENSIONS
from transferbench.tasks.classify.sources.source import Source, open_source

SMALL = Packing(per_shard=4)


def packed(root: Path, out: Path, packing: Packing = SMALL, *, processes: int = 1) -> Packed:
    return pack(root, out, AnyData(), packing=packing, processes=processes, report=lambda *_: None)


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def contents_of(source: Source) -> list[tuple[bytes, str]]:
    """Returns the bytes of each picture and the name of its class, in no order."""
    return sorted((source.read(i), source.classes[label]) for i, label in enumerate(source.labels))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return sound_folders(tmp_path / "data", train=3, val=2)


def test_shards_hold_the_same_bytes_under_the_same_labels(root: Path, tmp_path: Path) -> None:
    for number, (make, _) in enumerate([*FAULTY.values(), *ODD.values()]):
        (root / "train" / "n02" / f"odd{number}.jpg").write_bytes(make())

    packed(root, tmp_path / "out")

    for split in ("train", "score"):
        before, after = (open_source(folder, AnyData(), split) for folder in (root, tmp_path / "out"))
        assert contents_of(after) == contents_of(before)
        assert after.classes == before.classes


def test_the_split_that_is_scored_keeps_its_order(root: Path, tmp_path: Path) -> None:
    packed(root, tmp_path / "out")

    before, after = (open_source(folder, AnyData(), "score") for folder in (root, tmp_path / "out"))
    assert [after.read(i) for i in range(6)] == [before.read(i) for i in range(6)]
    assert [after.name(i).split(":")[1] for i in range(3)] == ["n01_0.jpg", "n01_1.jpg", "n02_0.jpg"]


def test_shards_of_training_pictures_mix_the_classes(tmp_path: Path) -> None:
    root = sound_folders(tmp_path / "data", train=20, val=1)

    packed(root, tmp_path / "out", Packing(per_shard=30))

    labels = open_source(tmp_path / "out", AnyData(), "train").labels
    assert {0, 1, 2} == set(labels[:30]) and np.count_nonzero(np.diff(labels)) > 20


@pytest.mark.parametrize("processes", [1, 2, 5])
def test_the_same_pictures_give_the_same_bytes(root: Path, tmp_path: Path, processes: int) -> None:
    packed(root, tmp_path / "once")

    packed(root, tmp_path / "again", processes=processes)

    assert files_of(tmp_path / "again") == files_of(tmp_path / "once")


def test_shards_are_tar_files_of_nobody_and_no_time(root: Path, tmp_path: Path) -> None:
    packed(root, tmp_path / "out")

    with tarfile.open(tmp_path / "out" / "val-000000.tar") as shard:
        members = shard.getmembers()
    assert [m.name for m in members][:4] == ["n01_0.jpg", "n01_0.cls", "n01_1.jpg", "n01_1.cls"]
    for m in members:
        assert (m.mtime, m.uid, m.gid, m.uname, m.gname, m.mode) == (0, 0, 0, "", "", 0o644)


def test_a_label_is_a_number_in_ascii(root: Path, tmp_path: Path) -> None:
    packed(root, tmp_path / "out")

    with tarfile.open(tmp_path / "out" / "val-000000.tar") as shard:
        files = [shard.extractfile(name) for name in shard.getnames() if name.endswith(".cls")]
        assert [file.read() for file in files if file] == [b"0", b"0", b"1", b"1"]


def test_the_index_says_what_there_is(root: Path, tmp_path: Path) -> None:
    index = packed(root, tmp_path / "out").index

    assert json.loads((tmp_path / "out" / "index.json").read_text()) == index.model_dump(mode="json")
    assert (index.format, index.classes, index.short_side) == (1, ("n01", "n02", "n03"), None)
    assert {name: split.pictures for name, split in index.splits.items()} == {"train": 9, "val": 6}
    for shard in index.splits["train"].shards:
        content = (tmp_path / "out" / shard.name).read_bytes()
        assert (shard.bytes, shard.sha256) == (len(content), sha256(content).hexdigest())
    assert [shard.pictures for shard in index.splits["train"].shards] == [4, 4, 1]


def test_progress_is_told_now_and_then_and_reaches_all_pictures(tmp_path: Path) -> None:
    root, told = sound_folders(tmp_path / "data", train=40, val=20), list[tuple[str, int, int]]()

    pack(root, tmp_path / "out", AnyData(), packing=Packing(), processes=1, report=lambda *n: told.append(n))

    assert told == [
        *(("packing train", done, 180) for done in (50, 100, 120)),
        *(("packing val", done, 180) for done in (170, 180)),
    ]


def test_nothing_else_is_left(root: Path, tmp_path: Path) -> None:
    packed(root, tmp_path / "out", Packing(per_shard=100), processes=2)

    assert sorted(files_of(tmp_path / "out")) == ["index.json", "train-000000.tar", "val-000000.tar"]


@pytest.mark.parametrize("make", [shards, parquet, places365])
def test_every_layout_is_packed_with_the_same_bytes_and_labels(
    tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    root = make(tmp_path / "data")

    packed(root, tmp_path / "out", processes=2)

    for split in ("train", "score"):
        before, after = (open_source(folder, AnyData(), split) for folder in (root, tmp_path / "out"))
        assert contents_of(after) == contents_of(before)
        assert after.classes == before.classes


def test_shards_can_be_packed_again(root: Path, tmp_path: Path) -> None:
    packed(root, tmp_path / "once")

    packed(tmp_path / "once", tmp_path / "again", Packing(per_shard=2))

    after = open_source(tmp_path / "again", AnyData(), "train")
    assert contents_of(after) == contents_of(open_source(root, AnyData(), "train"))


def test_a_picture_is_called_by_class_and_file_and_no_two_alike(root: Path, tmp_path: Path) -> None:
    shutil.rmtree(root / "val")
    folder = root / "val" / "n02"
    (folder / "below").mkdir(parents=True)
    for number, name in enumerate(("n02_7.JPEG", "a.b c.jpg", "a.jpg", "a.png", "below/a.jpg", "\u00e9.jpg")):
        (folder / name).write_bytes(plain(100 + number))

    packed(root, tmp_path / "out", Packing(per_shard=100))

    with tarfile.open(tmp_path / "out" / "val-000000.tar") as shard:
        names = [name.removesuffix(".jpg") for name in shard.getnames() if name.endswith(".jpg")]
    assert names == ["n02_a_b_c", "n02_a", "n02_a_2", "n02_a_3", "n02_7", "n02_\u00e9"]


def test_pictures_that_are_not_there_are_named(root: Path, tmp_path: Path) -> None:
    for number in range(12):
        (root / "train" / "n01" / f"gone{number:02}.jpg").symlink_to(root / "nowhere")

    with pytest.raises(DataError) as caught:
        packed(root, tmp_path / "out", processes=2)

    first, *lines = str(caught.value).splitlines()
    assert first.startswith(f"{root}: expected pictures that can be packed, found 12 that cannot; repair")
    assert [line.split(":")[0].strip() for line in lines[:2]] == [
        str(root / "train" / "n01" / f"gone0{number}.jpg") for number in (0, 1)
    ]
    assert (len(lines), lines[-1]) == (11, "  and 2 more")


@pytest.mark.parametrize("places", [("data", "data"), ("data", "data/out"), ("data", "."), ("link", "data")])
def test_what_is_read_is_not_written_into(root: Path, tmp_path: Path, places: tuple[str, str]) -> None:
    (tmp_path / "link").symlink_to(root)
    before = sorted(tmp_path.rglob("*"))

    with pytest.raises(RunError, match="expected a folder apart from the pictures"):
        packed(tmp_path / places[0], tmp_path / places[1])

    assert sorted(tmp_path.rglob("*")) == before


def test_a_source_that_is_not_there_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere: expected a folder of labelled pictures, found none"):
        packed(tmp_path / "nowhere", tmp_path / "out")

    assert not (tmp_path / "out").exists()


def test_lists_of_places_are_packed_by_the_names_of_the_scenes(tmp_path: Path) -> None:
    packed(places365(tmp_path / "places"), tmp_path / "out", Packing())

    with tarfile.open(tmp_path / "out" / "train-000000.tar") as shard:
        names = sorted(shard.getnames())
    assert names[:2] == ["airfield_00000001.cls", "airfield_00000001.jpg"]
    assert names[-1] == "yard_00000003.jpg"


@pytest.mark.parametrize(
    ("form", "extension"),
    [("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp"), ("BMP", "bmp"), ("TIFF", "tif"), ("PPM", "ppm")],
)
def test_a_key_has_the_extension_of_its_content(form: str, extension: str) -> None:
    file = BytesIO()
    Image.new("RGB", (8, 8)).save(file, form)

    assert extension_of(file.getvalue()) == extension
    assert f".{extension}" in EXTENSIONS
