"""Tar shards in the hub's form, and what is wrong with some."""

import os
from pathlib import Path

import numpy as np
import pytest

from tests.fabricate.encoded import jpeg
from tests.fabricate.shards import SYNSETS, sample, shards, write_index, write_tar
from transferbench.errors import DataError
from transferbench.tasks.classify.layouts import ShardData
from transferbench.tasks.classify.sources import open_files
from transferbench.tasks.classify.sources.shards import read_shards
from transferbench.tasks.classify.sources.synsets import imagenet_synsets

ANY = ShardData()


def test_pictures_come_from_all_shards_in_order(tmp_path: Path) -> None:
    found = read_shards(shards(tmp_path), ANY, "train", None)

    assert found.labels.tolist() == [number % 3 for number in range(24)]
    assert [found.read(i) for i in range(24)] == [jpeg(number % 3, 0, number) for number in range(24)]
    assert found.name(9) == f"{tmp_path}/imagenet1k-train-0001.tar:n01440764_9.jpg"
    assert found.classes == tuple(imagenet_synsets())


def test_the_files_are_the_shards_of_the_pictures_taken(tmp_path: Path) -> None:
    found = read_shards(shards(tmp_path), ANY, "train", None).take(np.array([0, 7, 23]))

    assert [path.name[-8:] for path in found.files] == ["0000.tar", "0002.tar"]
    assert [found.read(i) for i in range(3)] == [jpeg(n % 3, 0, n) for n in (0, 7, 23)]
    assert sorted(found.order(np.random.default_rng(0))) == [0, 1, 2]


def test_few_files_are_open_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_files, "_MOST_OPEN", 2)
    found = read_shards(shards(tmp_path, train=5, each=1), ANY, "train", None)
    before = len(os.listdir("/proc/self/fd"))

    for _ in range(2):
        assert [found.read(i) for i in range(5)] == [jpeg(i % 3, 0, i) for i in range(5)]

    assert len(os.listdir("/proc/self/fd")) == before + 2
    del found
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_label_that_contradicts_the_key_is_told_with_the_member(tmp_path: Path) -> None:
    shards(tmp_path)
    path = write_tar(tmp_path / "imagenet1k-train-0009.tar", sample("n01440764_77", 1))

    with pytest.raises(DataError) as caught:
        read_shards(tmp_path, ANY, "train", imagenet_synsets())

    assert str(caught.value) == (
        f"{path}:n01440764_77.jpg: expected the label of its synset n01440764, found 1, which is 'n01443537' "
        "(1 of 25 pictures); the labels are in another order, pack the data again"
    )


def test_labels_that_contradict_each_other_are_told(tmp_path: Path) -> None:
    write_tar(tmp_path / "train.tar", [*sample("n90000001_1", 0), *sample("n90000002_1", 0)])

    with pytest.raises(DataError, match=r"train\.tar:n90000002_1\.jpg: expected the label of its synset"):
        read_shards(tmp_path, ANY, "train", None)


def test_a_label_outside_the_training_classes_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"validation-00\.tar:n01484850_\S+: expected a label from 0 to 1"):
        read_shards(shards(tmp_path), ANY, "score", SYNSETS[:2])


@pytest.mark.parametrize("was_read", [False, True])
def test_a_shard_that_is_cut_off_is_told(tmp_path: Path, was_read: bool) -> None:
    path = shards(tmp_path) / "imagenet1k-train-0002.tar"
    found = read_shards(tmp_path, ANY, "train", None) if was_read else None

    path.write_bytes(path.read_bytes()[:20_000])

    with pytest.raises(DataError, match=rf"^{path}.*cut off.*copy it again$"):
        found.read(23) if found else read_shards(tmp_path, ANY, "train", None)


def test_a_shard_that_goes_away_is_told(tmp_path: Path) -> None:
    found = read_shards(shards(tmp_path), ANY, "train", None)

    (tmp_path / "imagenet1k-train-0000.tar").unlink()

    with pytest.raises(DataError, match=r"n01440764_0\.jpg: expected a picture, found a shard that cannot"):
        found.read(0)


def test_an_index_names_the_classes(tmp_path: Path) -> None:
    write_index(shards(tmp_path))

    assert read_shards(tmp_path, ANY, "train", None).classes == SYNSETS
    assert len(read_shards(tmp_path, ANY, "score", SYNSETS)) == 6


def test_an_index_of_other_classes_is_refused(tmp_path: Path) -> None:
    path = write_index(shards(tmp_path))

    with pytest.raises(
        DataError, match=rf"^{path}: expected the 1,000 classes 'n01440764' to 'n15075141', f"
    ):
        read_shards(tmp_path, ANY, "train", imagenet_synsets())


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda path: path.unlink(), "found none; copy it again"),
        (lambda path: path.write_bytes(b""), "found one of 0 bytes; copy it again"),
    ],
)
def test_a_shard_that_is_not_as_the_index_says_is_told(tmp_path: Path, change, found: str) -> None:  # type: ignore[no-untyped-def]
    write_index(shards(tmp_path))
    path = tmp_path / "imagenet1k-train-0001.tar"

    change(path)

    with pytest.raises(DataError, match=rf"^{path}: expected a shard of [\d,]+ bytes, which .*{found}"):
        read_shards(tmp_path, ANY, "train", None)


def test_another_number_of_pictures_than_the_index_says_is_told(tmp_path: Path) -> None:
    write_index(shards(tmp_path), each=9)

    with pytest.raises(DataError, match=r"0000\.tar: expected 9 pictures, which \S+ states, found 8; copy"):
        read_shards(tmp_path, ANY, "train", None)


@pytest.mark.parametrize("content", ["", "{}", '{"format": 2, "classes": [], "splits": {}}'])
def test_another_content_of_the_index_is_told(tmp_path: Path, content: str) -> None:
    (shards(tmp_path) / "index.json").write_text(content)

    with pytest.raises(DataError, match=r"index\.json: expected the index that `data pack` writes, found"):
        read_shards(tmp_path, ANY, "train", None)


def test_a_split_that_was_not_packed_is_told(tmp_path: Path) -> None:
    path = write_index(shards(tmp_path))
    path.write_text(path.read_text().replace('"val"', '"train2"').replace("train2", "train"))

    with pytest.raises(DataError, match=r"expected the split 'val', found \['train'\]; pack it as well"):
        read_shards(tmp_path, ANY, "score", None)
