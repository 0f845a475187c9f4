from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.fabricate.broken import FAULTY, ODD, sound_folders
from tests.fabricate.imagefolder import CLASSES
from tests.real_data import real_data
from transferbench.errors import DataError
from transferbench.tasks.classify.layouts import AnyData
from transferbench.tasks.classify.verify import verify
from transferbench.tasks.classify.verify.findings import Told
from transferbench.tasks.classify.verify.parts import labelled_parts

Said = dict[tuple[str, str], list[tuple[str, str]]]


def said(root: Path, *, processes: int = 1) -> Said:
    """Returns the entries of each kind in each split, with names below the root."""
    found = verify.verify(labelled_parts(root, AnyData()), processes=processes, report=lambda *_: None)
    return {(told.part, told.kind): below(root, told) for told in found}


def below(root: Path, told: Told) -> list[tuple[str, str]]:
    return [(what.replace(f"{root}/", ""), words.replace(f"{root}/", "")) for what, words in told.entries()]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return sound_folders(tmp_path / "data")


def test_of_a_sound_data_set_there_is_nothing_to_say(root: Path) -> None:
    assert said(root) == {}


def test_pictures_are_named_by_kind_and_split(root: Path) -> None:
    (root / "train" / "n02" / "cut.jpg").write_bytes(FAULTY["cut.jpg"][0]())
    (root / "val" / "n01" / "turned.jpg").write_bytes(ODD["turned.jpg"][0]())

    found = said(root)

    assert list(found) == [("train", "truncated"), ("val", "turned")]
    assert found["val", "turned"] == [("val/n01/turned.jpg", "orientation 6")]


@pytest.mark.parametrize("processes", [2, 7])
def test_any_number_of_processes_says_the_same(root: Path, processes: int) -> None:
    for number, (make, _) in enumerate([*FAULTY.values(), *ODD.values()]):
        (root / "train" / CLASSES[number % 3] / f"odd{number}.jpg").write_bytes(make())

    assert said(root, processes=processes) == said(root)


def test_a_picture_that_is_in_both_splits_is_told_with_the_other(root: Path) -> None:
    shutil.copy(root / "train" / "n01" / "0.jpg", root / "val" / "n02" / "copy.jpg")

    assert said(root) == {("val", "in both splits"): [("val/n02/copy.jpg (n02)", "as train/n01/0.jpg (n01)")]}


def test_the_same_picture_under_two_labels_is_told_apart_from_one_under_its_own(root: Path) -> None:
    shutil.copy(root / "train" / "n01" / "0.jpg", root / "train" / "n01" / "again.jpg")
    shutil.copy(root / "train" / "n01" / "0.jpg", root / "train" / "n03" / "other.jpg")

    assert said(root) == {
        ("train", "repeated"): [("train/n01/again.jpg (n01)", "as train/n01/0.jpg (n01)")],
        ("train", "two labels"): [("train/n03/other.jpg (n03)", "as train/n01/0.jpg (n01)")],
    }


def test_files_that_are_no_pictures_are_not_copies_of_each_other(root: Path) -> None:
    for split in ("train", "val"):
        (root / split / "n01" / "empty.jpg").write_bytes(b"")
        (root / split / "n01" / "page.jpg").write_bytes(FAULTY["page.jpg"][0]())

    assert {kind for _, kind in said(root)} == {"empty", "no picture"}


def test_a_file_that_the_system_does_not_give_is_a_fault(root: Path) -> None:
    (root / "train" / "n01" / "gone.jpg").symlink_to(root / "nowhere.jpg")

    assert said(root) == {("train", "unreadable"): [("train/n01/gone.jpg", "no such file")]}


def test_progress_reaches_the_number_of_all_pictures(root: Path) -> None:
    told: list[tuple[str, int, int]] = []

    verify.verify(labelled_parts(root, AnyData()), processes=1, report=lambda *news: told.append(news))

    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    assert told[-1] == ("reading val", 12, 12)


def test_a_folder_of_class_folders_is_one_split(root: Path) -> None:
    (part,) = labelled_parts(root / "train", AnyData())

    assert (part.name, len(part.pictures), part.classes) == ("pictures", 6, CLASSES)
    assert part.pictures.name(0) == str(root / "train" / "n01" / "0.jpg")


def test_a_stray_picture_among_the_classes_makes_no_class_of_a_split(root: Path) -> None:
    shutil.copy(root / "train" / "n01" / "0.jpg", root / "train" / "stray.jpg")

    assert [part.name for part in labelled_parts(root, AnyData())] == ["train", "val"]


def test_splits_without_class_folders_are_not_taken_for_classes(tmp_path: Path) -> None:
    for split in ("train", "val"):
        (tmp_path / split).mkdir()
        (tmp_path / split / "0.jpg").write_bytes(FAULTY["cut.jpg"][0]())

    with pytest.raises(DataError, match="expected labelled pictures, found 'train/', 'val/'"):
        labelled_parts(tmp_path, AnyData())


def test_one_split_can_be_asked_for(root: Path) -> None:
    shutil.rmtree(root / "train")

    (part,) = labelled_parts(root, AnyData(), "val")

    assert (part.name, len(part.pictures)) == ("val", 6)


def test_folders_that_are_none_of_imagenets_classes_are_refused(root: Path) -> None:
    with pytest.raises(DataError, match="expected folders named after ImageNet's synsets"):
        labelled_parts(root, AnyData(classes="imagenet"))


def test_classes_of_imagenet_may_lack(root: Path) -> None:
    for split in ("train", "val"):
        shutil.rmtree(root / split / "n03")
        (root / split / "n01").rename(root / split / "n01440764")
        (root / split / "n02").rename(root / split / "n15075141")

    train, _ = labelled_parts(root, AnyData(classes="imagenet"))

    assert train.labels is not None and set(train.labels) == {0, 999}


def test_real_splits_have_no_faults() -> None:
    root = real_data("tiny_imagenet_40")

    found = verify.verify(labelled_parts(root, AnyData()), processes=2, report=lambda *_: None)

    assert {(told.part, told.kind): told.count for told in found} == {
        ("train", "grey"): 56,
        ("val", "grey"): 18,
    }
