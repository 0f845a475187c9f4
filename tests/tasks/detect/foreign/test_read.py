"""Saved detections of any form against a split in VOC's layout and one in COCO's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fabricate.coco import write_coco
from tests.fabricate.voc import CAT, DOG, write_image_set, write_scene
from transferbench.errors import DataError
from transferbench.tasks.detect.examples import DetectExamples
from transferbench.tasks.detect.foreign.read import Foreign, read_predictions
from transferbench.tasks.detect.foreign.results import categories_of
from transferbench.tasks.detect.metric.voc import voc_ap
from transferbench.tasks.detect.settings import CocoSet
from transferbench.tasks.detect.sources.coco import read_split
from transferbench.tasks.detect.sources.picture import Picture
from transferbench.tasks.detect.sources.voc import read_pictures

CLASSES = ("bird", "cat", "dog", "hen")
STEMS = ("000005", "000007", "2008_000073")
CAT_BOX, DOG_BOX = [20, 2, 24, 28], [4, 4, 16, 20]
"""As COCO writes them: corner and sides."""


def split(root: Path) -> tuple[Picture, ...]:
    """Writes three pictures with a cat and a dog each."""
    for stem in STEMS:
        write_scene(root, stem, [CAT, DOG])
    write_image_set(root, "VOC2007/test", STEMS)
    return read_pictures(root, ["VOC2007/test"])


def read(path: Path, pictures: tuple[Picture, ...], **more: Any) -> Foreign:
    truth = DetectExamples(pictures, CLASSES, flip=0.0).truth()
    return read_predictions(path, pictures=pictures, truth=truth, classes=CLASSES, **more)


def results(folder: Path, ids: tuple[object, ...] = STEMS, *, cat: int = 2, dog: int = 3) -> Path:
    """Writes detections that are the truth, each a little less sure than the one before."""
    boxes = [(picture, *each) for picture in ids for each in ((cat, CAT_BOX), (dog, DOG_BOX))]
    entries = [
        {"image_id": picture, "category_id": category, "bbox": box, "score": 0.9 - place / 100}
        for place, (picture, category, box) in enumerate(boxes)
    ]
    path = folder / "results.json"
    path.write_text(json.dumps(entries))
    return path


def refused(path: Path, pictures: tuple[Picture, ...]) -> str:
    with pytest.raises(DataError) as caught:
        read(path, pictures)
    return str(caught.value).replace(str(path), "PATH")


@pytest.mark.parametrize(
    "ids",
    [
        STEMS,
        (5, 7, 2008000073),
        ("5", "7", "2008000073"),
        ("VOC2007/000005", "VOC2007/000007", "VOC2007/2008_000073"),
    ],
)
def test_results_name_pictures_by_stem_number_or_name(tmp_path: Path, ids: tuple[object, ...]) -> None:
    pictures = split(tmp_path)

    foreign = read(results(tmp_path, ids), pictures)

    assert foreign.found.picture_D.tolist() == [0, 0, 1, 1, 2, 2]
    assert foreign.remarks == ()
    truth = DetectExamples(pictures, CLASSES, flip=0.0).truth()
    assert voc_ap(truth, foreign.found, 4) == [None, 1.0, 1.0, None]


def test_all_three_forms_say_the_same(tmp_path: Path) -> None:
    pictures = split(tmp_path)
    kit = tmp_path / "kit"
    kit.mkdir()
    for name, corners in (("cat", "21 3 44 30"), ("dog", "5 5 20 24")):
        lines = [f"{stem} 0.5 {corners}\n" for stem in STEMS]
        (kit / f"comp4_det_test_{name}.txt").write_text("".join(lines))
    from_kit = read(kit, pictures)
    own = {"boxes": from_kit.found.boxes_D4, "label": from_kit.found.label_D, "score": from_kit.found.score_D}
    names = {"picture_names": np.array([p.name for p in pictures]), "classes": np.array(CLASSES)}
    np.savez(tmp_path / "own.npz", allow_pickle=False, picture=from_kit.found.picture_D, **own, **names)

    from_json, from_own = read(results(tmp_path), pictures).found, read(tmp_path / "own.npz", pictures).found

    assert boxes_of(from_json) == boxes_of(from_kit.found) == boxes_of(from_own)
    assert from_kit.remarks == (f"no file for bird, hen in {kit}: taken as without detections",)


def boxes_of(found: Any) -> list[tuple[float, ...]]:
    rows = zip(found.picture_D.tolist(), found.label_D.tolist(), found.boxes_D4.tolist(), strict=True)
    return sorted((picture, label, *box) for picture, label, box in rows)


def test_results_on_coco_go_by_its_own_numbers(tmp_path: Path) -> None:
    data = CocoSet(annotations="annotations/instances_val2017.json", pictures="val2017")
    pictures = read_split(write_coco(tmp_path), data).pictures
    categories = categories_of(pictures[0].annotation_path)

    foreign = read(results(tmp_path, (10, 12), cat=2, dog=7), pictures, categories=categories)

    assert foreign.found.picture_D.tolist() == [0, 0, 2, 2]
    assert foreign.found.label_D.tolist() == [1, 2, 1, 2]
    assert foreign.remarks == ("no detections in 2 of 4 pictures",)


@pytest.mark.parametrize(("cat", "dog", "words"), [(1, 2, "one higher"), (3, 4, "one lower")])
def test_labels_off_by_one_are_refused(tmp_path: Path, cat: int, dog: int, words: str) -> None:
    told = refused(results(tmp_path, cat=cat, dog=dog), split(tmp_path))

    assert told == (
        "PATH: expected detections of the classes in their order, found an mAP of 0.000 as "
        f"written and of 1.000 with each class {words}; labels are off by one: where classes "
        "are numbers, the first is 1; or write the names of the classes"
    )


def test_labels_from_0_are_taken_if_there_is_a_0(tmp_path: Path) -> None:
    pictures = split(tmp_path)
    path = results(tmp_path, cat=1, dog=2)
    bird = {"image_id": 5, "category_id": 0, "bbox": [0, 0, 3, 3], "score": 0.1}
    path.write_text(json.dumps([*json.loads(path.read_text()), bird]))

    assert read(path, pictures).found.label_D.tolist() == [1, 2] * 3 + [0]


def test_pictures_of_another_split_are_refused(tmp_path: Path) -> None:
    told = refused(results(tmp_path, (5, 6, 9)), split(tmp_path))

    assert told == (
        "PATH: entry 3: expected detections in the 3 pictures that are scored, as '000005', found 4 "
        "detections in 2 others, the first in '6'; predict the same split, or name its pictures "
        "as the data set does"
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"score": float("nan")}, "PATH: entry 1: expected a finite score, found nan"),
        (
            {"bbox": [0, 0, -1, 5]},
            "PATH: entry 1: expected a box without negative sides, found the edges 0, 0, -1",
        ),
        ({"bbox": [0, 0, float("inf"), 5]}, "PATH: entry 1: expected a box of finite numbers"),
    ],
)
def test_numbers_that_cannot_be_are_refused(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    pictures, path = split(tmp_path), results(tmp_path)
    first, *rest = json.loads(path.read_text())
    path.write_text(json.dumps([first | change, *rest]))

    assert refused(path, pictures).startswith(words)


def test_a_box_of_the_kit_may_be_thin_but_not_negative(tmp_path: Path) -> None:
    pictures, kit = split(tmp_path), tmp_path / "kit"
    kit.mkdir()
    file = kit / "a_dog.txt"
    file.write_text("000005 0.5 5 5 4 5\n")
    assert read(kit, pictures).found.boxes_D4.tolist() == [[4, 4, 4, 5]]

    file.write_text("000005 0.5 5 5 3 5\n")

    assert refused(kit, pictures).startswith("PATH/a_dog.txt:1: expected a box without negative sides")


def test_no_detections_at_all_are_refused(tmp_path: Path) -> None:
    assert refused(results(tmp_path, ()), split(tmp_path)) == (
        "PATH: expected detections, found none; predict the split again"
    )


@pytest.mark.parametrize(
    ("name", "words"), [("gone.json", "found no such file or folder"), ("a.csv", "found a .csv file")]
)
def test_what_is_no_file_of_detections_is_refused(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "a.csv").write_text("")

    assert words in refused(tmp_path / name, split(tmp_path))
