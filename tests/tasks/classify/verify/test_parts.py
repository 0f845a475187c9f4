"""Pictures of other tasks, and what an unreadable folder is told as."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fabricate.broken import FAULTY
from tests.fabricate.parquet import parquet
from tests.fabricate.places365 import places365
from tests.fabricate.shards import shards
from tests.fabricate.voc import write_voc
from tests.tasks.detect.tiny import protocol
from transferbench.errors import DataError
from transferbench.tasks.classify.layouts import AnyData
from transferbench.tasks.classify.verify.parts import labelled_parts, unlabelled_parts
from transferbench.tasks.classify.verify.verify import Part, verify
from transferbench.tasks.detect.task import DetectTask


@pytest.fixture
def parts(tmp_path: Path) -> list[Part]:
    task = DetectTask(protocol(), write_voc(tmp_path))
    return unlabelled_parts(task.fit_examples, task.score_examples)


def test_pictures_of_detection_are_read_as_they_lie(tmp_path: Path, parts: list[Part]) -> None:
    pictures = tmp_path / "VOCdevkit" / "VOC2007" / "JPEGImages"
    (pictures / "000000.jpg").write_bytes(FAULTY["cut.jpg"][0]())
    (pictures / "000001.jpg").unlink()

    found = verify(parts, processes=1, report=lambda *_: None)

    assert [(told.part, told.kind, told.count) for told in found][:2] == [
        ("train", "unreadable", 1),
        ("train", "truncated", 1),
    ]


def test_pictures_without_labels_recur_under_none(parts: list[Part]) -> None:
    found = verify(parts, processes=1, report=lambda *_: None)

    (told,) = (told for told in found if told.kind == "in both splits")
    what, words = told.entries(1)[0]
    assert Path(what).name == "000100.jpg" and Path(words.removeprefix("as ")).name == "000000.jpg"


@pytest.mark.parametrize("make", [shards, parquet, places365])
def test_every_layout_is_opened_as_two_splits(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    parts = labelled_parts(make(tmp_path), AnyData())

    assert [part.name for part in parts] == ["train", "val"]
    assert verify(parts, processes=2, report=lambda *_: None) == []


def test_a_folder_that_a_list_names_in_vain_is_no_folder_of_classes(tmp_path: Path) -> None:
    (places365(tmp_path) / "categories_places365.txt").unlink()

    with pytest.raises(DataError, match=r"categories_places365\.txt"):
        labelled_parts(tmp_path, AnyData())


@pytest.mark.parametrize("name", ["nowhere", "file", "empty"])
def test_a_folder_without_pictures_is_told_as_a_training_would(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "empty").mkdir()

    with pytest.raises(DataError, match=f"{name}: expected"):
        labelled_parts(tmp_path / name, AnyData())
