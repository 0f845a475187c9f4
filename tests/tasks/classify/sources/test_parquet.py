"""Parquet files in the hub's form, and what is wrong with some."""

import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pytest
from pyarrow.parquet import read_table, write_table

from tests.fabricate.encoded import jpeg
from tests.fabricate.parquet import NAMES, parquet, write_rows
from tests.fabricate.shards import SYNSETS
from transferbench.errors import DataError
from transferbench.tasks.classify.layouts import ParquetData
from transferbench.tasks.classify.sources import parquet_index, parquet_source
from transferbench.tasks.classify.sources.parquet import read_parquet
from transferbench.tasks.classify.sources.synsets import imagenet_synsets

ANY = ParquetData()
GOOD = {"image": {"bytes": jpeg(0), "path": "n01440764_1.JPEG"}, "label": 0}


def told(root: Path) -> str:
    with pytest.raises(DataError) as caught:
        found = read_parquet(root, ANY, "train", None)
        found.read(len(found) - 1)
    return str(caught.value)


def test_pictures_come_from_all_files_in_order(tmp_path: Path) -> None:
    found = read_parquet(parquet(tmp_path), ANY, "train", None)

    assert found.labels.tolist() == [number % 3 for number in range(24)]
    assert [found.read(i) for i in range(24)] == [jpeg(n % 3, n, False) for n in range(24)]
    assert found.name(17) == f"{tmp_path}/data/train-00001-of-00002.parquet:row 5"
    assert found.classes == NAMES


def test_the_files_are_those_of_the_pictures_taken(tmp_path: Path) -> None:
    found = read_parquet(parquet(tmp_path), ANY, "train", None).take(np.array([13, 23]))

    assert [path.name for path in found.files] == ["train-00001-of-00002.parquet"]
    assert [found.read(i) for i in (0, 1)] == [jpeg(1, 13, False), jpeg(2, 23, False)]
    assert [found.name(i).rpartition(":")[2] for i in (0, 1)] == ["row 1", "row 11"]


@pytest.mark.parametrize("metadata", [{}, {b"huggingface": b"{"}, {b"huggingface": b'{"info": null}'}])
def test_without_the_hubs_names_the_paths_tell_the_classes(
    tmp_path: Path, metadata: Mapping[bytes, bytes]
) -> None:
    path = write_rows(tmp_path / "train.parquet", [GOOD], names=())
    table = read_table(path).replace_schema_metadata(metadata)
    write_table(table, path)

    assert read_parquet(tmp_path, ANY, "train", None).classes == tuple(imagenet_synsets())


def test_a_label_that_contradicts_the_path_is_told_with_its_row(tmp_path: Path) -> None:
    write_rows(tmp_path / "train.parquet", [GOOD, {**GOOD, "label": 2}])

    with pytest.raises(
        DataError, match=r"train\.parquet:row 1: expected the label of its synset n01440764, f"
    ):
        read_parquet(tmp_path, ANY, "train", imagenet_synsets())


def test_labels_that_were_kept_back_are_told(tmp_path: Path) -> None:
    write_rows(tmp_path / "test-0.parquet", [{**GOOD, "label": -1}])

    with pytest.raises(DataError, match=r"test-0\.parquet:row 0: expected a label from 0 to 2, found -1"):
        read_parquet(tmp_path, ANY, "score", SYNSETS)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (
            {"bytes": None, "path": "a.jpg"},
            "expected the bytes of a picture, found none; take files that hold",
        ),
        (None, "expected the bytes of a picture, found none; take files that hold"),
    ],
)
def test_a_row_without_bytes_is_told(tmp_path: Path, image: Any, message: str) -> None:
    path = write_rows(tmp_path / "train.parquet", [GOOD] * 6 + [{"image": image, "label": 1}])

    assert told(tmp_path).startswith(f"{path}:row 6: {message}")


def test_a_row_without_a_label_is_told(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "train.parquet", [GOOD, {**GOOD, "label": None}])

    assert told(tmp_path) == f"{path}:row 1: expected a label, found none; get the file again"


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({"img": [b"x"], "label": [0]}, "img (binary), label (int64)"),
        ({"image": [b"x"], "label": [0]}, "image (binary), label (int64)"),
        ({"image": [{"path": "x"}], "label": [0]}, "image (struct<path: string>), label (int64)"),
        ({"image": [{"bytes": "x"}], "label": [0]}, "image (struct<bytes: string>), label (int64)"),
        ({"image": [{"bytes": b"x"}], "label": ["a"]}, "image (struct<bytes: binary>), label (string)"),
        ({"image": [{"bytes": b"x"}]}, "image (struct<bytes: binary>)"),
    ],
)
def test_other_columns_are_told(tmp_path: Path, columns: Mapping[str, Any], found: str) -> None:
    write_table(pyarrow.table(columns), tmp_path / "train.parquet")

    assert told(tmp_path) == (
        f"{tmp_path}/train.parquet: expected the columns image (struct<bytes: binary, path: string>) and "
        f"label (integer), found {found}; take the file that the hub keeps, or name its columns so"
    )


def test_a_column_of_bytes_alone_will_do(tmp_path: Path) -> None:
    table = pyarrow.table({"image": [{"bytes": jpeg(1)}], "label": pyarrow.array([1], pyarrow.uint8())})
    write_table(table, tmp_path / "train.parquet")

    found = read_parquet(tmp_path, ANY, "train", None)

    assert (found.read(0), found.classes) == (jpeg(1), ("0", "1"))
    assert found.labels.dtype == np.int64


def test_a_file_without_rows_is_told(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "train.parquet", [])

    assert told(tmp_path) == f"{path}: expected rows, found none; remove the file, or get it again"


@pytest.mark.parametrize("kept", [0, 3, -40])
def test_a_file_that_is_cut_off_is_told(tmp_path: Path, kept: int) -> None:
    path = write_rows(tmp_path / "train.parquet", [GOOD])
    path.write_bytes(path.read_bytes()[:kept])

    assert told(tmp_path).startswith(
        f"{path}: expected a whole Parquet file, found one that cannot be read ("
    )


def test_damage_in_a_row_group_is_told(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "train.parquet", [GOOD] * 20)
    content = path.read_bytes()
    path.write_bytes(content[:4] + bytes(1000) + content[1004:])

    with pytest.raises(DataError, match="expected a whole Parquet file, found one that cannot be read"):
        read_parquet(tmp_path, ANY, "train", None).read(0)


def test_without_pyarrow_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_rows(tmp_path / "train.parquet", [GOOD])
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    assert told(tmp_path) == (
        f"{path}: expected pyarrow, which reads Parquet files, found it not installed; "
        "pip install 'transferbench[parquet]'"
    )


def test_an_epoch_reads_each_row_group_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"image": {"bytes": b"%d" % i}, "label": i % 3} for i in range(300)]
    write_rows(tmp_path / "train.parquet", rows, group=7)
    found = read_parquet(tmp_path, ParquetData(buffer=20), "train", None)
    reads: list[Path] = []

    def counted(path: Path) -> AbstractContextManager[Any]:
        reads.append(path)
        return parquet_index.opened(path)

    monkeypatch.setattr(parquet_source, "opened", counted)

    order = found.order(np.random.default_rng(0))
    assert [found.read(index) for index in order] == [b"%d" % index for index in order]

    assert len(reads) == -(-300 // 7)


def test_a_few_pictures_of_many_do_not_keep_all_row_groups(tmp_path: Path) -> None:
    rows = [{"image": {"bytes": b"%d" % i}, "label": i % 3} for i in range(300)]
    write_rows(tmp_path / "train.parquet", rows, group=10)
    found = read_parquet(tmp_path, ParquetData(buffer=20), "train", None).take(np.arange(0, 300, 10))

    assert [found.read(index) for index in range(30)] == [b"%d" % i for i in range(0, 300, 10)]

    assert len(found._groups._kept) == 3 * 20 // 10 + 1


def test_imagenet_has_its_synsets_for_classes_whatever_the_hub_calls_them(tmp_path: Path) -> None:
    write_rows(tmp_path / "train.parquet", [GOOD], names=[f"word {label}" for label in range(1000)])

    assert read_parquet(tmp_path, ANY, "train", None).classes == tuple(imagenet_synsets())


@pytest.mark.parametrize("name", ["val.parquet", "train-1.parquet"])
def test_files_that_number_the_classes_otherwise_are_told(tmp_path: Path, name: str) -> None:
    write_rows(tmp_path / "train-0.parquet", [GOOD], names=["cat", "dog"])
    path = write_rows(tmp_path / name, [GOOD], names=["dog", "cat"])

    with pytest.raises(DataError) as caught:
        train = read_parquet(tmp_path, ANY, "train", None)
        read_parquet(tmp_path, ANY, "score", train.classes)

    assert str(caught.value) == (
        f"{path}: expected the label 0 to be 'cat', found that the file names it 'dog'; "
        "take files whose labels are in one order"
    )
