"""Pictures and boxes as they are trained on and scored, of whatever kind the files are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.fabricate.coco import write_coco
from tests.fabricate.voc import DOG, annotation, write_scene, write_voc
from transferbench.errors import DataError
from transferbench.tasks.cache import PictureCache
from transferbench.tasks.detect.examples import DetectBatch, DetectExamples, Example
from transferbench.tasks.detect.settings import CocoSet
from transferbench.tasks.detect.sources.coco import read_split
from transferbench.tasks.detect.sources.picture import Picture
from transferbench.tasks.detect.sources.voc import read_pictures
from transferbench.tasks.loader import Loader

CLASSES = ("cat", "dog")
SET = CocoSet(annotations="annotations/instances_val2017.json", pictures="val2017")


def pictures(root: Path) -> tuple[Picture, ...]:
    """Returns the pictures of a new data set."""
    return pictures_again(write_voc(root))


def pictures_again(root: Path) -> tuple[Picture, ...]:
    """Returns the pictures of what lies there."""
    return read_pictures(root, ("VOC2007/trainval",))


def drawn(examples: DetectExamples, index: int = 0, draws: int = 20) -> list[Example]:
    """Returns an example as many generators give it."""
    return [examples.example(index, np.random.default_rng(seed)) for seed in range(draws)]


def test_a_grey_picture_is_read_as_rgb_bytes(tmp_path: Path) -> None:
    example = DetectExamples(pictures(tmp_path), CLASSES, flip=0.0).example(3, None)

    assert example.rgb_HW3.shape == (32, 48, 3)
    assert example.rgb_HW3.dtype == np.uint8


def test_an_example_depends_on_its_generator_alone(tmp_path: Path) -> None:
    examples = DetectExamples(pictures(tmp_path), CLASSES, flip=0.5, short_sides=(16, 24))

    first, again = ([(e.is_flipped, e.short_side) for e in drawn(examples)] for _ in range(2))

    assert first == again
    assert set(first) == {(is_flipped, side) for is_flipped in (True, False) for side in (16, 24)}


def test_the_mirror_is_drawn_first_whatever_else_is(tmp_path: Path) -> None:
    plain = DetectExamples(pictures(tmp_path), CLASSES, flip=0.5)
    varied = DetectExamples(pictures(tmp_path), CLASSES, flip=0.5, short_sides=(16, 24))

    expected = [np.random.default_rng(seed).random() < 0.5 for seed in range(20)]

    assert [e.is_flipped for e in drawn(plain)] == [e.is_flipped for e in drawn(varied)] == expected


def test_boxes_are_mirrored_and_the_picture_is_left_to_the_device(tmp_path: Path) -> None:
    examples = DetectExamples(pictures(tmp_path), CLASSES, flip=0.5)

    by_flip = {example.is_flipped: example for example in drawn(examples)}

    assert by_flip[False].boxes_R4.tolist() == [[4, 4, 20, 24], [20, 2, 44, 30]]
    assert by_flip[True].boxes_R4.tolist() == [[28, 4, 44, 24], [4, 2, 28, 30]]
    assert np.array_equal(by_flip[True].rgb_HW3, by_flip[False].rgb_HW3)


def test_what_is_scored_is_neither_mirrored_nor_of_another_size(tmp_path: Path) -> None:
    examples = DetectExamples(pictures(tmp_path), CLASSES, flip=1.0, short_sides=(16,))

    batch = examples.collate([examples.example(index, None) for index in range(4)])

    assert (batch.is_flipped, batch.short_sides) == ((False,) * 4, None)


def test_training_decodes_the_fast_way_and_scoring_by_the_reference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = "transferbench.tasks.detect.examples"
    monkeypatch.setattr(f"{module}.read_rgb", lambda path: np.full((32, 48, 3), 1, np.uint8))
    monkeypatch.setattr(f"{module}.read_rgb_fast", lambda path: np.full((32, 48, 3), 2, np.uint8))

    examples = DetectExamples(pictures(tmp_path), CLASSES, flip=0.0)

    assert examples.example(0, None).rgb_HW3.max() == 1
    assert examples.example(0, np.random.default_rng(0)).rgb_HW3.max() == 2


def test_a_batch_moves_as_a_whole(tmp_path: Path) -> None:
    examples = DetectExamples(pictures(tmp_path), CLASSES, flip=1.0, short_sides=(16,))

    batch: DetectBatch = examples.collate([drawn(examples, index, 1)[0] for index in (0, 1)])
    moved = batch.to(torch.device("cpu"))

    assert len(moved) == 2
    assert [labels_R.tolist() for _, labels_R in moved.truth] == [[1, 0], []]
    assert (moved.is_flipped, moved.short_sides) == ((True, True), (16, 16))


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_give_the_batches_that_one_process_gives(workers: int, tmp_path: Path) -> None:
    split = pictures(tmp_path)
    Image.new("RGB", (60, 40)).save(split[1].path)
    examples = DetectExamples(pictures_again(tmp_path), CLASSES, flip=0.5, short_sides=(16, 24))

    alone, given = (
        list(Loader(examples, batch_size=2, seed=0, workers=count).epoch(1)) for count in (0, workers)
    )

    for mine, its in zip(alone, given, strict=True):
        assert (mine.is_flipped, mine.short_sides) == (its.is_flipped, its.short_sides)
        assert all(map(torch.equal, mine.images, its.images))
        for ours, theirs in zip(mine.truth, its.truth, strict=True):
            assert all(map(torch.equal, ours, theirs))


def test_crowds_are_not_trained_on_and_difficult_when_scored(tmp_path: Path) -> None:
    split = read_split(write_coco(tmp_path), SET)
    examples = DetectExamples(split.pictures, split.classes, flip=0.0)

    assert examples.example(2, np.random.default_rng(0)).labels_R.tolist() == [1]
    assert examples.truth().is_difficult_T.tolist() == [False, False, False, True, False]


def test_difficult_objects_are_trained_on(tmp_path: Path) -> None:
    examples = DetectExamples(pictures(tmp_path), CLASSES, flip=0.0)

    assert examples.example(2, np.random.default_rng(0)).labels_R.tolist() == [1, 1]
    assert examples.truth().is_difficult_T.tolist() == [False, False, False, True, False]


def test_areas_are_those_of_the_annotations(tmp_path: Path) -> None:
    split = read_split(write_coco(tmp_path), SET)

    area_T = DetectExamples(split.pictures, split.classes, flip=0.0).truth().area_T

    assert area_T is not None
    assert area_T.tolist() == [50, 51, 52, 53, 54]


def test_pictures_are_decoded_once_where_there_is_a_cache(tmp_path: Path) -> None:
    split = pictures(tmp_path)
    cache = PictureCache([(*picture.truth.size[::-1], 3) for picture in split])
    examples = DetectExamples(split, CLASSES, flip=0.0, cache=cache)

    before = [drawn(examples, index, 1)[0].rgb_HW3.copy() for index in range(4)]
    for picture in split:
        picture.path.unlink()

    after = [drawn(examples, index, 1)[0].rgb_HW3 for index in range(4)]
    assert all(map(np.array_equal, before, after))
    with pytest.raises(DataError, match="found no such file"):
        examples.example(0, None)


def test_a_truncated_picture_is_named_when_it_is_decoded(tmp_path: Path) -> None:
    split = pictures(tmp_path)
    split[0].path.write_bytes(split[0].path.read_bytes()[:-200])

    for rng in (None, np.random.default_rng(0)):
        with pytest.raises(DataError, match=r"000000.jpg: expected a whole picture"):
            DetectExamples(split, CLASSES, flip=0.5).example(0, rng)


def test_a_truncated_picture_is_named_before_anything_is_trained(tmp_path: Path) -> None:
    path = pictures(tmp_path)[0].path
    path.write_bytes(path.read_bytes()[:-200])

    with pytest.raises(DataError, match=r"000000.jpg: expected a whole picture, found one that cannot be"):
        pictures_again(tmp_path)


def test_a_picture_that_changes_after_its_boxes_were_read_is_refused(tmp_path: Path) -> None:
    split = pictures(tmp_path)
    Image.new("RGB", (24, 16)).save(split[0].path)

    with pytest.raises(DataError) as caught:
        DetectExamples(split, CLASSES, flip=0.5).example(0, None)

    assert str(caught.value) == (
        f"{split[0].path}: expected 48 x 32 pixels, as when the data set was read, found 24 x 16; leave the "
        "data alone during a run and start again"
    )


KINDS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "jpg grey": lambda picture: picture.convert("L"),
    "jpg cmyk": lambda picture: picture.convert("CMYK"),
    "png palette": lambda picture: picture.quantize(8),
    "png 16 bit": lambda picture: Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257),
    "png transparent": lambda picture: picture.convert("RGBA"),
    "png bilevel": lambda picture: picture.convert("1", dither=Image.Dither.NONE),
}


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_of_every_kind_are_rgb_bytes_with_their_boxes_in_place(kind: str, tmp_path: Path) -> None:
    path = pictures(tmp_path)[0].path
    bright = Image.new("RGB", (48, 32))
    bright.paste((255, 255, 255), (4, 4, 20, 24))
    path.unlink()
    KINDS[kind](bright).save(path.with_suffix(f".{kind.split()[0]}"), quality=95)

    example = DetectExamples(pictures_again(tmp_path), CLASSES, flip=0.0).example(0, np.random.default_rng(0))

    assert example.rgb_HW3.shape == (32, 48, 3)
    assert example.rgb_HW3.dtype == np.uint8
    assert (example.rgb_HW3[6:22, 6:18] > 240).all()
    assert (example.rgb_HW3[:2] < 16).all()
    assert example.boxes_R4[0].tolist() == [4, 4, 20, 24]


@pytest.mark.parametrize("size", [(1, 1), (12_000, 40), (3, 2_000)])
def test_pictures_of_every_size_are_read(size: tuple[int, int], tmp_path: Path) -> None:
    width, height = size
    pictures(tmp_path)
    path = write_scene(tmp_path, "000000", [DOG])
    Image.new("RGB", size).save(tmp_path / "VOCdevkit/VOC2007/JPEGImages/000000.jpg")
    path.write_text(annotation([("dog", (max(1, width - 9), 1, width, height), False)], size))

    example = DetectExamples(pictures_again(tmp_path), CLASSES, flip=1.0).example(0, np.random.default_rng(0))

    assert example.rgb_HW3.shape == (height, width, 3)
    assert example.boxes_R4.tolist() == [[0, 0, min(width, 10), height]]
