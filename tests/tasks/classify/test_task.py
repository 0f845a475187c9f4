"""The task tells data sets apart and checks small ones before they are used."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fabricate.encoded import jpeg
from tests.fabricate.imagefolder import imagefolder
from tests.fabricate.parquet import parquet
from tests.fabricate.places365 import places365
from tests.fabricate.shards import shards, write_tar
from transferbench.errors import DataError
from transferbench.tasks.classify.protocols import ClassifyProtocol
from transferbench.tasks.classify.task import ClassifyTask
from transferbench.tasks.fingerprint import fingerprint
from transferbench.tricks.bag import Bag

PROTOCOL = ClassifyProtocol(name="tiny", about="", source="", input_size=16)
LAYOUTS = pytest.mark.parametrize("layout", [imagefolder, shards, parquet, places365])
Layout = Callable[[Path], Path]


def task(root: Path, limit: int | None = None) -> ClassifyTask:
    return ClassifyTask(PROTOCOL, root, limit=limit, bag=Bag())


@LAYOUTS
def test_the_card_tells_what_was_read(tmp_path: Path, layout: Layout) -> None:
    found = task(layout(tmp_path))

    assert found.data.pictures == {"train": len(found.fit_examples), "score": len(found.score_examples)}
    assert found.data.classes == found.fit_examples.source.classes == found.score_examples.source.classes


@LAYOUTS
def test_a_limit_takes_pictures_from_first_to_last(tmp_path: Path, layout: Layout) -> None:
    whole, some = task(layout(tmp_path)), task(tmp_path, limit=3)

    count = len(whole.fit_examples)
    expected = [whole.fit_examples.name(i * count // 3) for i in range(3)]
    assert [some.fit_examples.name(i) for i in range(3)] == expected
    assert len(some.score_examples) == 3


@LAYOUTS
def test_the_fingerprint_hangs_on_the_data_and_on_the_limit(tmp_path: Path, layout: Layout) -> None:
    prints = [
        task(layout(tmp_path / name), limit).data.fingerprint for name, limit in (("a", None), ("b", 3))
    ]

    assert task(tmp_path / "a").data.fingerprint == task(tmp_path / "b").data.fingerprint == prints[0]
    assert prints[0] != prints[1]


def test_shards_of_one_size_with_other_labels_are_other_data(tmp_path: Path) -> None:
    for label in (b"0", b"1"):
        members = [("a.cls", label), ("a.jpg", jpeg(0)), ("b.cls", b"1"), ("b.jpg", jpeg(1))]
        for split in ("train", "val"):
            write_tar(tmp_path / label.decode() / f"{split}.tar", members)

    first, second = task(tmp_path / "0"), task(tmp_path / "1")

    assert first.data.classes == second.data.classes
    assert first.data.fingerprint != second.data.fingerprint


def test_a_picture_whose_name_is_no_text_is_taken(tmp_path: Path) -> None:
    folder = imagefolder(tmp_path) / "train" / "n01"
    os.rename(folder / "0.jpg", os.fsencode(folder) + b"/caf\xe9.jpg")

    assert len(task(tmp_path).fit_examples) == 12


def test_the_fingerprint_of_a_folder_is_that_of_its_pictures(tmp_path: Path) -> None:
    root = imagefolder(tmp_path)

    pictures = [path for path in root.rglob("*") if path.is_file()]

    assert task(root).data.fingerprint == fingerprint(root, pictures)


@pytest.mark.parametrize("content", [jpeg(0)[:-400], b"", b"no picture"])
def test_a_damaged_picture_of_a_small_set_is_told_at_once(tmp_path: Path, content: bytes) -> None:
    shards(tmp_path)
    path = write_tar(tmp_path / "x-train-9.tar", [("a.cls", b"0"), ("a.jpg", content)])

    with pytest.raises(
        DataError, match=rf"^{path}:a\.jpg: expected a whole picture, found one that cannot be"
    ):
        task(tmp_path)


def test_a_whole_picture_with_something_after_it_is_whole(tmp_path: Path) -> None:
    path = imagefolder(tmp_path) / "train" / "n01" / "0.jpg"
    path.write_bytes(path.read_bytes() + bytes(2000))

    assert len(task(tmp_path).fit_examples) == 12
