"""Splits in the layout of Pascal VOC, and what is said of broken ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.fabricate.voc import CAT, DOG, write_image_set, write_scene, write_voc
from tests.real_data import real_data
from tests.tasks.detect.tiny import protocol
from transferbench.errors import DataError
from transferbench.tasks.detect.examples import DetectExamples
from transferbench.tasks.detect.protocols import PROTOCOLS
from transferbench.tasks.detect.sources.voc import read_pictures
from transferbench.tasks.detect.task import DetectTask

TRAIN = ("VOC2007/trainval",)


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


def test_a_grey_picture_is_read_as_rgb_bytes(tmp_path: Path) -> None:
    examples = DetectExamples(read_pictures(write_voc(tmp_path), TRAIN), ("cat", "dog"), flip=0.0)

    example = examples.example(3, None)

    assert example.rgb_HW3.shape == (32, 48, 3)
    assert example.rgb_HW3.dtype == np.uint8


def test_an_example_depends_on_its_generator_alone(tmp_path: Path) -> None:
    examples = DetectExamples(read_pictures(write_voc(tmp_path), TRAIN), ("cat", "dog"), flip=0.5)

    boxes = [
        examples.example(0, np.random.default_rng(seed)).boxes_R4.tolist() for seed in (*range(9), *range(9))
    ]

    assert boxes[:9] == boxes[9:]
    assert len({str(b) for b in boxes}) == 2


def test_a_batch_moves_as_a_whole(tmp_path: Path) -> None:
    examples = DetectExamples(read_pictures(write_voc(tmp_path), TRAIN), ("cat", "dog"), flip=0.5)

    batch = examples.collate([examples.example(i, None) for i in (0, 1)]).to(torch.device("cpu"))

    assert len(batch) == 2
    assert [labels_R.tolist() for _, labels_R in batch.truth] == [[1, 0], []]


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
        f"{home}/Annotations/999999.xml: expected an annotation, found no such file; copy the data set again",
        f"{home}/JPEGImages/000002.jpg: expected a picture, found no such file; copy the data set again",
    ]


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


def test_a_truncated_picture_is_named_when_it_is_decoded(tmp_path: Path) -> None:
    pictures = read_pictures(write_voc(tmp_path), TRAIN)
    pictures[0].path.write_bytes(pictures[0].path.read_bytes()[:-200])

    with pytest.raises(DataError, match=r"000000.jpg: expected a whole picture"):
        DetectExamples(pictures, ("cat", "dog"), flip=0.5).example(0, None)


def test_a_picture_that_exif_turns_away_from_its_boxes_is_refused(tmp_path: Path) -> None:
    pictures = read_pictures(write_voc(tmp_path), TRAIN)
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.new("RGB", (48, 32)).save(pictures[0].path, exif=turned)

    with pytest.raises(
        DataError, match=r"expected 48 x 32 pixels, .* found 32 x 48 after its EXIF tag turned it"
    ):
        DetectExamples(pictures, ("cat", "dog"), flip=0.5).example(0, None)


def test_the_small_real_voc_reads() -> None:
    task = DetectTask(PROTOCOLS["voc-small@1"], real_data("voc_small"))

    assert task.data.pictures == {"train": 1000, "score": 1000}
    assert len(task.data.classes) == 20
    assert task.score_examples.truth().is_difficult_T.any()
