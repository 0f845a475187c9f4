from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fabricate.imagefolder import imagefolder
from tests.fabricate.parquet import parquet
from tests.fabricate.places365 import places365
from tests.fabricate.shards import sample, shards, write_index, write_tar
from transferbench.errors import DataError
from transferbench.tasks.classify.layouts import AnyData, FolderData
from transferbench.tasks.classify.sources.recognise import recognised

ANY = AnyData(classes="imagenet", folder="x")
LAYOUTS: dict[str, Callable[[Path], Path]] = {
    "imagefolder": imagefolder,
    "webdataset": shards,
    "parquet": parquet,
    "places365": places365,
}
LOOKED_FOR = """
  folders train/ and val/, with one folder of pictures a class
  tar shards of KEY.jpg and KEY.cls, with 'train' and 'val' in their names or index.json
  Parquet files, with 'train' and 'validation' in their names
  the list places365_train_standard.txt and its pictures"""


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_layout_is_recognised(tmp_path: Path, layout: str) -> None:
    found = recognised(LAYOUTS[layout](tmp_path), ANY)

    assert (found.layout, found.classes, found.folder) == (layout, "imagenet", "x")


@pytest.mark.parametrize("name", ["validation", "test"])
def test_the_scored_pictures_may_lie_in_a_folder_of_another_name(tmp_path: Path, name: str) -> None:
    (imagefolder(tmp_path) / "val").rename(tmp_path / name)

    found = recognised(tmp_path, ANY)

    assert isinstance(found, FolderData) and found.score == name


def test_a_folder_val_goes_before_a_folder_test(tmp_path: Path) -> None:
    (imagefolder(tmp_path) / "test" / "n01").mkdir(parents=True)

    found = recognised(tmp_path, ANY)

    assert isinstance(found, FolderData) and found.score == "val"


def test_an_index_is_enough_for_shards(tmp_path: Path) -> None:
    write_index(shards(tmp_path))
    for path in tmp_path.glob("*.tar"):
        path.unlink()

    assert recognised(tmp_path, ANY).layout == "webdataset"


@pytest.mark.parametrize(
    ("layout", "archive"),
    [(imagefolder, "ILSVRC2012_img_train.tar"), (places365, "train_256_places365standard.tar")],
)
def test_the_archives_that_were_unpacked_may_lie_beside(
    tmp_path: Path, layout: Callable[[Path], Path], archive: str
) -> None:
    write_tar(layout(tmp_path) / archive, [(f"{n}.jpg", b"") for n in range(20)])

    assert recognised(tmp_path, ANY).layout in ("imagefolder", "places365")


def test_shards_in_folders_of_splits_are_no_folders_of_classes(tmp_path: Path) -> None:
    for split in ("train", "val"):
        write_tar(tmp_path / split / "0000.tar", sample("a", 0))

    assert recognised(tmp_path, ANY).layout == "webdataset"


def test_a_shard_that_is_broken_is_left_to_the_reader_to_tell(tmp_path: Path) -> None:
    (tmp_path / "x-train-0.tar").write_bytes(b"")

    assert recognised(tmp_path, ANY).layout == "webdataset"


def test_several_layouts_are_refused(tmp_path: Path) -> None:
    parquet(imagefolder(tmp_path))

    with pytest.raises(DataError) as caught:
        recognised(tmp_path, ANY)

    assert str(caught.value) == (
        f"{tmp_path}: expected labelled pictures in one layout, found several: "
        "folders train/ and val/, with one folder of pictures a class, "
        "Parquet files, with 'train' and 'validation' in their names; "
        "move the others away, or give --data a folder with one of them"
    )


def test_an_unknown_folder_is_told_with_what_was_looked_for_and_found(tmp_path: Path) -> None:
    for name in "gfedcba":
        (tmp_path / name).mkdir()

    with pytest.raises(DataError) as caught:
        recognised(tmp_path, ANY)

    assert str(caught.value) == (
        f"{tmp_path}: expected labelled pictures, found 'a/', 'b/', 'c/', 'd/', 'e/', 'f/' and 1 more; "
        f"put them here, or give --data, in one of these layouts:{LOOKED_FOR}"
    )


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match="expected a folder of labelled pictures, found none; put them here, or g"
    ):
        recognised(tmp_path / "absent", ANY)


def test_compressed_shards_are_to_be_unpacked(tmp_path: Path) -> None:
    (tmp_path / "x-train-0.tar.gz").write_bytes(b"")

    with pytest.raises(DataError, match=r"found 'x-train-0\.tar\.gz'; unpack the compressed tar files, give"):
        recognised(tmp_path, ANY)


def test_tar_files_of_pictures_alone_are_no_shards(tmp_path: Path) -> None:
    write_tar(tmp_path / "n01440764.tar", [("n01440764_1.JPEG", b"")])

    with pytest.raises(DataError, match=r"expected labelled pictures, found 'n01440764\.tar'; put them here"):
        recognised(tmp_path, ANY)
