"""Splits in the layout of Pascal VOC, and what is said of broken ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fabricate.voc import CAT, DOG, write_image_set, write_scene, write_voc
from tests.real_data import real_data
from tests.tasks.detect.tiny import DATA, protocol
from transferbench.errors import DataError
from transferbench.tasks.detect.protocols import PROTOCOLS
from transferbench.tasks.detect.settings import VocData
from transferbench.tasks.detect.sources.voc import read_pictures
from transferbench.tasks.detect.task import DetectTask

TRAIN = ("VOC2007/trainval",)


def train(*sets: str) -> VocData:
    """Returns the fabricated data with other image sets to train on."""
    return DATA.model_copy(update={"train": sets})


def message(root: Path, *, limit: int | None = None, **changes: object) -> str:
    """Returns what is said when the folder is opened."""
    with pytest.raises(DataError) as caught:
        DetectTask(protocol(**changes), root, limit)
    return str(caught.value)


def test_classes_from_data_are_the_sorted_names_of_the_training_objects(tmp_path: Path) -> None:
    task = DetectTask(protocol(), write_voc(tmp_path))

    assert task.data.classes == ("cat", "dog")
    assert task.data.pictures == {"train": 4, "score": 4}


def test_the_root_may_be_the_development_kit_itself(tmp_path: Path) -> None:
    inside = read_pictures(write_voc(tmp_path) / "VOCdevkit", TRAIN)

    assert [p.name for p in inside] == [p.name for p in read_pictures(tmp_path, TRAIN)]


def test_a_limit_takes_the_first_pictures_of_each_split(tmp_path: Path) -> None:
    task = DetectTask(protocol(), write_voc(tmp_path), limit=2)

    assert [p.name for p in task.score_examples.pictures] == ["VOC2007/000100", "VOC2007/000101"]


def test_fingerprints_differ_when_an_annotation_does(tmp_path: Path) -> None:
    before = DetectTask(protocol(), write_voc(tmp_path)).data.fingerprint
    again = DetectTask(protocol(), tmp_path).data.fingerprint
    write_scene(tmp_path, "000103", [CAT, DOG])

    assert before == again != DetectTask(protocol(), tmp_path).data.fingerprint


def test_a_missing_folder_names_what_to_unpack(tmp_path: Path) -> None:
    assert message(tmp_path) == (
        f"{tmp_path}: the image set 'VOC2007/trainval' needs the folder VOCdevkit/VOC2007/Annotations, "
        "which is not there; unpack VOCtrainval_06-Nov-2007.tar here, or give --data"
    )


def test_a_missing_image_set_is_named(tmp_path: Path) -> None:
    write_voc(tmp_path)
    path = tmp_path / "VOCdevkit/VOC2007/ImageSets/Main/test.txt"
    path.unlink()

    assert message(tmp_path) == (
        f"{path}: expected the list of pictures of 'VOC2007/test', found no such file; "
        "unpack VOCtest_06-Nov-2007.tar here"
    )


def test_every_fault_of_the_files_is_told_at_once(tmp_path: Path) -> None:
    home = write_voc(tmp_path) / "VOCdevkit/VOC2007"
    write_image_set(tmp_path, "VOC2007/trainval", ["000000", "999999", "000002"])
    (home / "JPEGImages/000002.jpg").unlink()

    assert message(tmp_path).splitlines() == [
        f"{home}/ImageSets/Main/trainval.txt: expected annotation and picture of '999999', found no "
        f"{home}/Annotations/999999.xml and {home}/JPEGImages/999999.jpg; copy the data set again, or take "
        "the name out",
        f"{home}/ImageSets/Main/trainval.txt: expected picture of '000002', found no "
        f"{home}/JPEGImages/000002.jpg; copy the data set again, or take the name out",
    ]


def test_a_picture_listed_twice_is_a_fault_in_one_list_and_in_two(tmp_path: Path) -> None:
    write_voc(tmp_path)
    path = tmp_path / "VOCdevkit/VOC2007/ImageSets/Main/train.txt"
    place = f"{path}: expected each picture once, found "

    path.write_text("000000\n000001\n000000\n")
    assert message(tmp_path, data=train("VOC2007/train")) == (
        f"{place}'000000' twice in VOC2007/train; take it out"
    )
    path.write_text("000003\n")
    assert message(tmp_path, data=train("VOC2007/trainval", "VOC2007/train")) == (
        f"{place}'000003' twice in VOC2007/train and VOC2007/trainval; take it out"
    )


def test_a_list_of_one_class_is_not_taken_for_that_of_the_split(tmp_path: Path) -> None:
    write_voc(tmp_path)
    write_image_set(tmp_path, "VOC2007/dog_trainval", ["000000  1", "000001 -1"])

    assert message(tmp_path, data=train("VOC2007/dog_trainval")) == (
        f"{tmp_path}/VOCdevkit/VOC2007/ImageSets/Main/dog_trainval.txt: expected a name of a picture in each "
        "line, found '000000  1', as the lists of one class have it; name the list of the split, as "
        "VOC2007/trainval"
    )


def test_a_list_that_is_no_text_is_a_fault_and_a_mark_at_its_start_is_none(tmp_path: Path) -> None:
    path = write_voc(tmp_path) / "VOCdevkit/VOC2007/ImageSets/Main/trainval.txt"

    path.write_bytes(b"\xef\xbb\xbf000000\r\n")
    assert [p.id for p in read_pictures(tmp_path, TRAIN)] == ["000000"]

    path.write_bytes("000000".encode("utf-16"))
    assert "found a file that is no text in UTF-8; save it so" in message(tmp_path)


def test_a_name_may_have_spaces(tmp_path: Path) -> None:
    write_voc(tmp_path)
    write_scene(tmp_path, "a dog", [DOG])
    write_image_set(tmp_path, "VOC2007/trainval", ["a dog "])

    assert [p.name for p in read_pictures(tmp_path, TRAIN)] == ["VOC2007/a dog"]


def test_more_than_ten_faults_are_counted(tmp_path: Path) -> None:
    write_voc(tmp_path)
    write_image_set(tmp_path, "VOC2007/trainval", [f"9{i:05d}" for i in range(13)])

    lines = message(tmp_path).splitlines()

    assert len(lines) == 11
    assert lines[-1] == "... and 3 more faults like these"


def test_an_unknown_class_is_told_with_the_nearest_known_name(tmp_path: Path) -> None:
    data = protocol().data.model_copy(update={"classes": ("dog", "cats")})
    path = write_voc(tmp_path) / "VOCdevkit/VOC2007/Annotations/000000.xml"

    assert message(tmp_path, data=data).splitlines()[0] == (
        f"{path}: expected objects of the protocol's 2 classes, found 'cat'; did you mean 'cats'?"
    )


def test_a_score_split_with_nothing_to_score_is_refused_before_training(tmp_path: Path) -> None:
    write_voc(tmp_path)
    write_image_set(tmp_path, "VOC2007/test", ["000101"])

    assert "expected objects to score, found 1 pictures" in message(tmp_path)


def test_the_small_real_voc_reads() -> None:
    task = DetectTask(PROTOCOLS["voc-small@1"], real_data("voc_small"))

    assert task.data.pictures == {"train": 1000, "score": 1000}
    assert len(task.data.classes) == 20
    assert task.score_examples.truth().is_difficult_T.any()
