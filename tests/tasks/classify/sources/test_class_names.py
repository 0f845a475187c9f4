from pathlib import Path

import numpy as np
import pytest

from transferbench.errors import DataError
from transferbench.tasks.classify.sources.class_names import (
    classes_of,
    require_every,
    require_labels,
    require_same,
)
from transferbench.tasks.classify.sources.synsets import imagenet_synsets, synset_number

NONE = -1


def number(label: int) -> int:
    return synset_number(imagenet_synsets()[label])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("n01440764_10026.jpg", 1440764),
        ("n01440764", 1440764),
        ("train/n01440764_1.jpg", 1440764),
        ("ILSVRC2012_val_00000293_n01440764.JPEG", 1440764),
        ("n0144076_1.jpg", NONE),
        ("n014407641.jpg", NONE),
        ("in01440764.jpg", NONE),
        ("00000001", NONE),
    ],
)
def test_a_synset_is_found_between_underscores(name: str, expected: int) -> None:
    assert synset_number(name) == expected


def test_some_synsets_of_imagenet_at_their_places_are_all_of_imagenet() -> None:
    labels_N, synsets_N = np.array([2, 7, 2]), np.array([number(2), number(7), NONE])

    assert classes_of(labels_N, synsets_N) == tuple(imagenet_synsets())


def test_other_synsets_name_their_labels() -> None:
    labels_N, synsets_N = np.array([2, 0, 1, 3]), np.array([number(7), 90000001, NONE, NONE])

    assert classes_of(labels_N, synsets_N) == ("n90000001", "1", imagenet_synsets()[7], "3")


def test_without_synsets_labels_are_numbers() -> None:
    assert classes_of(np.array([3, 1]), np.array([NONE, NONE])) == ("0", "1", "2", "3")


def test_a_label_beyond_reason_makes_no_classes() -> None:
    classes = classes_of(np.array([1, 2**31 - 1]), np.array([NONE, number(5)]))

    assert len(classes) == 100_000


def required(labels: list[int], synsets: list[int], classes: tuple[str, ...]) -> None:
    require_labels(np.array(labels), np.array(synsets), classes, lambda index: f"picture {index}")


@pytest.mark.parametrize("label", [-1, 3])
def test_a_label_outside_the_classes_is_told(label: int) -> None:
    with pytest.raises(DataError) as caught:
        required([0, 2, label, label], [NONE] * 4, ("a", "b", "c"))

    assert str(caught.value) == (
        f"picture 2: expected a label from 0 to 2, found {label} (2 of 4 pictures); "
        "take data with these classes, or pack them again"
    )


def test_a_label_that_contradicts_the_synset_is_told() -> None:
    with pytest.raises(DataError) as caught:
        required([0, 2, 1], [number(0), number(1), NONE], tuple(imagenet_synsets()))

    assert str(caught.value) == (
        "picture 1: expected the label of its synset n01443537, found 2, which is 'n01484850' "
        "(1 of 3 pictures); the labels are in another order, pack the data again"
    )


def test_classes_that_are_no_synsets_contradict_none() -> None:
    required([0, 1], [number(5), number(6)], ("tench", "goldfish"))


def test_other_classes_than_wanted_are_told() -> None:
    with pytest.raises(DataError) as caught:
        require_same(Path("index.json"), ["a", "b"], ["a", "b", "c"])

    assert str(caught.value) == (
        "index.json: expected the 3 classes 'a' to 'c', found 2, 'a' to 'b'; "
        "to train on these give --protocol pictures@1"
    )
    require_same(Path("index.json"), ["a"], ("a",))
    require_same(Path("index.json"), ["a"], None)


def test_classes_without_pictures_are_told() -> None:
    with pytest.raises(DataError) as caught:
        require_every(Path("data"), np.array([0, 2, 2]), ["a", "b", "c", "d"])

    assert str(caught.value) == (
        "data: expected pictures of all 4 classes of ImageNet, found none of 2, the first is 'b'; "
        "add them, or, to train on those that are there, give --protocol pictures@1"
    )
