"""What holds of every layout."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.fabricate.encoded import jpeg
from tests.fabricate.imagefolder import imagefolder
from tests.fabricate.parquet import parquet, write_rows
from tests.fabricate.places365 import places365
from tests.fabricate.shards import SYNSETS, sample, shards, write_index, write_tar
from transferbench.errors import DataError
from transferbench.tasks.classify.layouts import AnyData, FolderData, Split
from transferbench.tasks.classify.sources.source import open_source
from transferbench.tasks.classify.sources.synsets import imagenet_synsets
from transferbench.tasks.decode import decode_rgb

ANY = AnyData()
IMAGENET = AnyData(classes="imagenet")


def packed(root: Path) -> Path:
    write_index(shards(root))
    return root


LAYOUTS = pytest.mark.parametrize("layout", [imagefolder, shards, packed, parquet, places365])
Layout = Callable[[Path], Path]


@LAYOUTS
@pytest.mark.parametrize("split", ["train", "score"])
def test_every_picture_has_a_content_a_name_and_a_class(tmp_path: Path, layout: Layout, split: Split) -> None:
    source = open_source(layout(tmp_path), ANY, split)

    assert len(source) == len(source.labels) > 0
    assert len({source.name(index) for index in range(len(source))}) == len(source)
    for index in range(len(source)):
        assert decode_rgb(source.read(index), source.name(index)).shape == (32, 32, 3)
        assert 0 <= source.labels[index] < len(source.classes)


@LAYOUTS
def test_pictures_that_are_taken_are_those(tmp_path: Path, layout: Layout) -> None:
    source = open_source(layout(tmp_path), ANY, "train")

    taken = source.take(np.array([1, 4, 7]))

    assert [taken.name(i) for i in range(3)] == [source.name(i) for i in (1, 4, 7)]
    assert [taken.read(i) for i in range(3)] == [source.read(i) for i in (1, 4, 7)]
    assert taken.labels.tolist() == source.labels[[1, 4, 7]].tolist()
    assert sorted(taken.order(np.random.default_rng(0))) == [0, 1, 2]
    assert taken.classes == source.classes


@LAYOUTS
def test_an_order_holds_every_picture_once_and_hangs_on_the_seed(tmp_path: Path, layout: Layout) -> None:
    source = open_source(layout(tmp_path), ANY, "train")
    orders = [source.order(np.random.default_rng(seed)).tolist() for seed in (0, 0, 1)]

    assert sorted(orders[0]) == list(range(len(source)))
    assert orders[0] == orders[1] != orders[2]


@LAYOUTS
def test_files_lie_below_the_data_folder(tmp_path: Path, layout: Layout) -> None:
    source = open_source(layout(tmp_path), ANY, "train")

    assert source.files
    assert all(path.is_file() and path.is_relative_to(tmp_path) for path in source.files)


@LAYOUTS
def test_a_part_of_imagenet_or_something_else_is_no_imagenet(tmp_path: Path, layout: Layout) -> None:
    with pytest.raises(DataError, match=r"--protocol pictures@1|expected the label of its synset"):
        open_source(layout(tmp_path), IMAGENET, "train")


def write_folders(root: Path, names: list[str]) -> Path:
    for name in names:
        (root / "train" / name).mkdir(parents=True)
        (root / "train" / name / "1.JPEG").write_bytes(b"")
    return root


def write_whole_shards(root: Path, names: list[str]) -> Path:
    members = [m for label, name in enumerate(names) for m in sample(f"{name}_1", label)]
    write_tar(root / "train.tar", members)
    return root


def write_whole_parquet(root: Path, names: list[str]) -> Path:
    rows = [
        {"image": {"bytes": b"", "path": f"{name}_1_{name}.JPEG"}, "label": label}
        for label, name in enumerate(names)
    ]
    write_rows(root / "train.parquet", rows, names=[f"word {label}" for label in range(1000)])
    return root


WHOLE = pytest.mark.parametrize("write", [write_folders, write_whole_shards, write_whole_parquet])


@WHOLE
def test_all_of_imagenet_is_imagenet_in_every_layout(
    tmp_path: Path, write: Callable[[Path, list[str]], Path]
) -> None:
    source = open_source(write(tmp_path, imagenet_synsets()), IMAGENET, "train")

    assert source.classes == tuple(imagenet_synsets())
    assert source.labels.tolist() == list(range(1000))


@WHOLE
def test_a_synset_that_is_missing_is_told_in_every_layout(
    tmp_path: Path, write: Callable[[Path, list[str]], Path]
) -> None:
    root = write(tmp_path, imagenet_synsets()[:-1])

    with pytest.raises(DataError) as caught:
        open_source(root, IMAGENET, "train")

    assert str(caught.value) == (
        f"{root}: expected pictures of all 1,000 classes of ImageNet, found none of 1, "
        "the first is 'n15075141'; add them, or, to train on those that are there, give --protocol pictures@1"
    )


def test_a_folder_that_is_no_synset_is_told_with_the_nearest(tmp_path: Path) -> None:
    write_folders(tmp_path, [*SYNSETS, "n01440765"])

    with pytest.raises(DataError) as caught:
        open_source(tmp_path, IMAGENET, "train")

    assert str(caught.value) == (
        f"{tmp_path}/train: expected folders named after ImageNet's synsets, as 'n01440764', found 1 others, "
        "the first is 'n01440765'; the nearest is 'n01440764'; "
        "to train on other classes give --protocol pictures@1"
    )


def test_the_score_split_of_a_part_of_imagenet_keeps_its_labels(tmp_path: Path) -> None:
    write_folders(tmp_path, ["n01484850"])
    (tmp_path / "train").rename(tmp_path / "val")

    assert open_source(tmp_path, IMAGENET, "score").labels.tolist() == [2]


def test_the_names_of_split_folders_can_be_set(tmp_path: Path) -> None:
    (imagefolder(tmp_path) / "val").rename(tmp_path / "held_out")

    assert len(open_source(tmp_path, FolderData(score="held_out"), "score")) == 6


def test_data_below_the_root_are_found_there(tmp_path: Path) -> None:
    shards(tmp_path / "below")

    assert len(open_source(tmp_path, AnyData(folder="below"), "score")) == 6


def test_a_picture_that_cannot_be_decoded_is_named(tmp_path: Path) -> None:
    cut_off = [("a.cls", b"0"), ("a.jpg", jpeg(0)[:300])]
    source = open_source(write_tar(tmp_path / "train.tar", cut_off).parent, ANY, "train")

    with pytest.raises(DataError, match=rf"^{tmp_path}/train\.tar:a\.jpg: expected a whole picture, found"):
        decode_rgb(source.read(0), source.name(0))
