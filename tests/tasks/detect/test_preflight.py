"""Labels that do not stand for what the annotations say are refused before anything is trained."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.fabricate.coco import CATEGORIES, SIZE, write_coco
from tests.fabricate.voc import CAT, DOG, annotation, write_image_set, write_scene, write_voc
from tests.real_data import real_data
from transferbench.errors import DataError
from transferbench.tasks.detect.examples import DetectExamples, Example
from transferbench.tasks.detect.preflight import require_labels
from transferbench.tasks.detect.protocols import PROTOCOLS
from transferbench.tasks.detect.settings import CocoSet
from transferbench.tasks.detect.sources.coco import read_split
from transferbench.tasks.detect.sources.read import read_splits
from transferbench.tasks.detect.sources.voc import read_pictures

CLASSES = ("bird", "cat", "dog", "hen")
SET = CocoSet(annotations="annotations/instances_val2017.json", pictures="val2017")


class Shifted(DetectExamples):
    """Examples whose labels are off, as after a mistake in the reader."""

    shift = 0

    def example(self, index: int, rng: np.random.Generator | None, epoch: int = 0) -> Example:
        right = super().example(index, rng, epoch)
        return Example(right.rgb_HW3, right.boxes_R4, right.labels_R + self.shift, right.is_flipped)


def voc(root: Path, kind: type[DetectExamples] = DetectExamples) -> DetectExamples:
    """Writes a data set in the layout of VOC and returns its training split."""
    return read_voc(write_voc(root), kind)


def read_voc(root: Path, kind: type[DetectExamples] = DetectExamples) -> DetectExamples:
    return kind(read_pictures(root, ("VOC2007/trainval",)), CLASSES, flip=0.5)


def coco(root: Path, categories: tuple[tuple[int, str], ...] = CATEGORIES) -> DetectExamples:
    """Writes a data set in the layout of COCO and returns a split."""
    split = read_split(write_coco(root, categories=categories), SET)
    return DetectExamples(split.pictures, split.classes, flip=0.5)


def test_right_labels_of_voc_pass(tmp_path: Path) -> None:
    require_labels(voc(tmp_path), CLASSES)


@pytest.mark.parametrize(
    "categories",
    [((0, "cat"), (1, "dog")), ((1, "cat"), (2, "dog")), CATEGORIES, ((1, "dog"), (2, "cat"))],
)
def test_right_labels_of_coco_pass_however_the_categories_are_numbered(
    categories: tuple[tuple[int, str], ...], tmp_path: Path
) -> None:
    require_labels(coco(tmp_path, categories), [name for _, name in categories])


@pytest.mark.parametrize("shift", [1, -1])
def test_shifted_labels_are_refused_and_said_to_be_so(shift: int, tmp_path: Path) -> None:
    Shifted.shift = shift

    with pytest.raises(DataError) as caught:
        require_labels(voc(tmp_path, Shifted), CLASSES)

    assert str(caught.value).endswith(
        f"and the like in 3 of the pictures looked at: labels are shifted by {shift:+d}; put the order of "
        "the classes right before anything is trained"
    )


def test_labels_outside_the_classes_are_told_by_number(tmp_path: Path) -> None:
    Shifted.shift = 3

    with pytest.raises(DataError, match=r"found class number 5 at .*, class number 4 at .* in the batch"):
        require_labels(voc(tmp_path, Shifted), CLASSES)


@pytest.mark.parametrize("names", [("bird", "dog", "cat", "hen"), ("dog", "bird", "cat", "hen")])
def test_class_lists_in_another_order_are_refused(names: tuple[str, ...], tmp_path: Path) -> None:
    home = tmp_path / "VOCdevkit/VOC2007"

    with pytest.raises(DataError) as caught:
        require_labels(voc(tmp_path), names)

    assert str(caught.value).startswith(f"{home}/JPEGImages/000000.jpg: expected to train on ")
    assert f"as {home}/Annotations/000000.xml has it, found " in str(caught.value)
    assert "shifted" not in str(caught.value)


def test_the_message_says_what_is_expected_where_and_what_is_found(tmp_path: Path) -> None:
    write_image_set(tmp_path, "VOC2007/trainval", ["000000"])
    path = write_scene(tmp_path, "000000", [DOG, CAT])
    examples = DetectExamples(read_voc(tmp_path).pictures, CLASSES, flip=0.0)

    with pytest.raises(DataError) as caught:
        require_labels(examples, ("bird", "cat", "hen"))

    assert str(caught.value) == (
        f"{tmp_path}/VOCdevkit/VOC2007/JPEGImages/000000.jpg: expected to train on dog at (4, 4, 20, 24), as "
        f"{path} has it, found hen at (4, 4, 20, 24) in the batch, and the like in 1 of the pictures looked "
        "at; put the order of the classes right before anything is trained"
    )


def test_boxes_that_are_off_are_refused_though_the_names_are_right(tmp_path: Path) -> None:
    examples = voc(tmp_path)
    write_scene(tmp_path, "000003", [("cat", (20, 3, 43, 30), False)])

    with pytest.raises(DataError, match=r"000003.jpg: expected to train on cat at \(\d+, 2, \d+, 30\), as "):
        require_labels(examples, CLASSES)


def test_names_that_change_places_are_refused_though_they_are_the_same(tmp_path: Path) -> None:
    examples, path = coco(tmp_path), tmp_path / SET.annotations
    content = json.loads(path.read_text())
    first, second, *_ = content["annotations"]
    first["category_id"], second["category_id"] = second["category_id"], first["category_id"]
    path.write_text(json.dumps(content))

    with pytest.raises(DataError, match=r"000000000010.jpg: expected to train on cat at .* found dog at"):
        require_labels(examples, ("cat", "dog"))


def test_clipped_and_dropped_boxes_pass(tmp_path: Path) -> None:
    odd = [("dog", (0, 30, 60, 40), False), ("cat", (50, 5, 60, 9), False)]
    write_scene(write_voc(tmp_path), "000000", odd)

    require_labels(read_voc(tmp_path), CLASSES)


@pytest.mark.parametrize("size", [(48, 32), (32, 48)])
def test_pictures_that_exif_turns_pass(size: tuple[int, int], tmp_path: Path) -> None:
    path = write_scene(write_voc(tmp_path), "000000", [DOG])
    path.write_text(annotation([DOG], size))
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", SIZE).save(tmp_path / "VOCdevkit/VOC2007/JPEGImages/000000.jpg", exif=exif)

    require_labels(read_voc(tmp_path), CLASSES)


def test_every_class_is_looked_at_however_rare(tmp_path: Path) -> None:
    write_voc(tmp_path, train=200)
    write_scene(tmp_path, "000117", [("hen", (5, 5, 20, 24), False)])
    examples = read_voc(tmp_path)

    with pytest.raises(DataError, match=r"000117.jpg: expected to train on hen at"):
        require_labels(examples, ("bird", "cat", "dog", "cock"))


def test_the_small_real_voc_passes_and_its_classes_moved_by_one_do_not() -> None:
    splits = read_splits(real_data("voc_small"), PROTOCOLS["voc-small@1"].data, 200)
    examples = DetectExamples(splits.train, splits.classes, flip=0.5)

    require_labels(examples, splits.classes)

    with pytest.raises(DataError, match=r"labels are shifted by \+1"):
        require_labels(examples, (*splits.classes[1:], splits.classes[0]))
