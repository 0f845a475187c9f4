"""Both splits of a folder, and a user's own data."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from tests.fabricate.coco import write_coco
from tests.fabricate.voc import DOG, annotation, write_image_set, write_scene, write_voc
from tests.tasks.detect.tiny import DATA
from transferbench.errors import DataError
from transferbench.recipes.load import load_protocol
from transferbench.tasks.detect.settings import CocoData, CocoSet, DetectProtocol
from transferbench.tasks.detect.sources.read import read_splits

COCO = CocoData(
    layout="coco",
    train=CocoSet(annotations="annotations/instances_train2017.json", pictures="train2017"),
    score=CocoSet(annotations="annotations/instances_val2017.json", pictures="val2017"),
)


def test_the_order_of_the_protocol_s_names_counts_where_it_gives_them(tmp_path: Path) -> None:
    data = COCO.model_copy(update={"classes": ("dog", "cat")})

    assert read_splits(write_coco(tmp_path), COCO, None).classes == ("cat", "dog")
    assert read_splits(tmp_path, data, None).classes == ("dog", "cat")


def test_files_that_number_their_categories_otherwise_agree_by_name(tmp_path: Path) -> None:
    write_coco(tmp_path / "other", categories=((0, "dog"), (1, "cat")))
    write_coco(tmp_path)
    (tmp_path / "other" / COCO.score.annotations).replace(tmp_path / COCO.score.annotations)

    splits = read_splits(tmp_path, COCO, None)

    assert splits.classes == ("cat", "dog")
    assert splits.train[0].truth.names == splits.score[0].truth.names == ("dog", "cat")


def test_files_with_other_categories_are_refused(tmp_path: Path) -> None:
    path = write_coco(tmp_path) / COCO.score.annotations
    path.write_text(path.read_text().replace('"cat"', '"kitten"'))

    with pytest.raises(DataError) as caught:
        read_splits(tmp_path, COCO, None)

    assert str(caught.value) == (
        f"{tmp_path}: expected the same categories by name in annotations/instances_train2017.json and "
        "annotations/instances_val2017.json, found ['cat'] in the first alone and ['kitten'] in the second "
        "alone; rename them, or name those that count in the protocol, as classes = [...] of [data]"
    )


def test_a_class_that_the_file_lacks_is_told_with_the_nearest(tmp_path: Path) -> None:
    data = COCO.model_copy(update={"classes": ("cats", "dog")})

    with pytest.raises(DataError) as caught:
        read_splits(write_coco(tmp_path), data, None)

    assert str(caught.value) == (
        f"{tmp_path / COCO.train.annotations}: expected a category 'cats', as the protocol names it, found "
        "none; the nearest is 'cat'"
    )


def test_what_is_only_scored_needs_no_training_split_where_the_classes_are_named(tmp_path: Path) -> None:
    classes = {"classes": ("cat", "dog")}
    (write_voc(tmp_path) / "VOCdevkit/VOC2007/ImageSets/Main/trainval.txt").unlink()
    (write_coco(tmp_path) / COCO.train.annotations).unlink()

    for data in (DATA.model_copy(update=classes), COCO.model_copy(update=classes)):
        splits = read_splits(tmp_path, data, None, is_scored_only=True)
        assert (len(splits.train), len(splits.score)) == (0, 4)
    with pytest.raises(DataError, match="found no such file"):
        read_splits(tmp_path, DATA, None, is_scored_only=True)


@pytest.mark.parametrize("name", ["voc", "coco"])
def test_a_training_split_without_objects_is_refused(name: str, tmp_path: Path) -> None:
    write_image_set(write_voc(tmp_path), "VOC2007/trainval", ["000001"])
    path = write_coco(tmp_path) / COCO.train.annotations
    path.write_text(json.dumps({**json.loads(path.read_text()), "annotations": []}))

    with pytest.raises(DataError, match=r"expected objects in .*train.*, found none; name others"):
        read_splits(tmp_path, DATA if name == "voc" else COCO, None)


def test_what_is_out_of_the_ordinary_is_remarked_with_numbers(tmp_path: Path) -> None:
    write_scene(
        write_voc(tmp_path), "000000", [("dog", (0, 30, 60, 40), False), ("cat", (9, 9, 49, 9), False)]
    )
    path = write_scene(tmp_path, "000002", [("cat", (50, 5, 60, 9), False), DOG])
    path.write_text(annotation([("cat", (50, 5, 60, 9), False), DOG], size=(500, 375)))
    write_image_set(tmp_path, "VOC2007/test", ["000101", "000102", "000003"])
    exif = Image.Exif()
    exif[0x0112] = 3
    Image.new("RGB", (48, 32)).save(tmp_path / "VOCdevkit/VOC2007/JPEGImages/000102.jpg", exif=exif)
    data = DATA.model_copy(update={"classes": ("cat", "dog", "hen")})

    assert read_splits(tmp_path, data, None).remarks == (
        "train: 2 boxes that reach out in 1 picture, first VOC2007/000000: clipped",
        "train: 1 box without area, first VOC2007/000002: left out",
        "train: 1 annotation with another size than its picture, first VOC2007/000002: "
        "overruled: the picture's own size counts",
        "train: 1 picture without objects: negatives",
        "train: classes without objects that count: hen",
        "score: 1 picture that EXIF turns, first VOC2007/000102: boxes taken as drawn after that, which the "
        "annotation leaves open",
        "score: 1 picture without objects: negatives",
        "score: classes without objects that count: hen",
        "1 picture trained on and scored, so that the scores are too good: first VOC2007/000003",
    )


def test_sound_data_are_remarked_on_only_for_their_negatives(tmp_path: Path) -> None:
    assert read_splits(write_coco(tmp_path), COCO, None).remarks == (
        "train: 1 picture without objects: negatives",
        "score: 1 picture without objects: negatives",
    )


def test_an_export_with_its_files_beside_the_pictures_is_named_in_a_few_lines(
    tmp_path: Path,
) -> None:
    (tmp_path / "mine.toml").write_text(ROBOFLOW)

    protocol = load_protocol("detect", str(tmp_path / "mine.toml"))

    assert isinstance(protocol, DetectProtocol)
    splits = read_splits(write_coco(tmp_path, is_roboflow=True), protocol.data, None)
    assert splits.classes == ("cat", "dog")
    assert splits.score[0].name == "valid/000000000010.jpg"


ROBOFLOW = """
base = "coco-fpn@1"
about = "our own pictures"
source = "labelled by us"

[data.train]
annotations = "train/_annotations.coco.json"
pictures = "train"

[data.score]
annotations = "valid/_annotations.coco.json"
pictures = "valid"
"""
