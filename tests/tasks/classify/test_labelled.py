"""Folders of pictures find the outputs of a classifier that was trained elsewhere."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from transferbench.errors import DataError
from transferbench.tasks.classify.labelled import read_labelled
from transferbench.tasks.classify.sources.synsets import imagenet_synsets


def pictures(root: Path, *names: str, count: int = 2) -> Path:
    for name in names:
        (root / name).mkdir(parents=True)
        for number in range(count):
            Image.fromarray(np.zeros((9, 9, 3), np.uint8)).save(root / name / f"{number}.png")
    return root


def test_there_are_a_thousand_synsets_in_alphabetical_order() -> None:
    synsets = imagenet_synsets()

    assert len(set(synsets)) == 1000
    assert synsets == sorted(synsets)
    assert (synsets[0], synsets[999]) == ("n01440764", "n15075141")


def test_a_few_synsets_raise_the_outputs_of_imagenet(tmp_path: Path) -> None:
    found = read_labelled(pictures(tmp_path, "n01484850", "n01440764"), 1000)

    assert found.labels == (0, 0, 2, 2)
    assert [file.parent.name for file in found.files] == ["n01440764"] * 2 + ["n01484850"] * 2


def test_the_weights_own_classes_are_taken_by_name(tmp_path: Path) -> None:
    found = read_labelled(pictures(tmp_path, "cat"), 3, ("ape", "bee", "cat"))

    assert found.labels == (2, 2)


def test_the_validation_split_is_found_below_the_root(tmp_path: Path) -> None:
    pictures(tmp_path / "train", "cat", "dog")
    pictures(tmp_path / "val", "cat", "dog", count=1)

    found = read_labelled(tmp_path, 2)

    assert [file.parent.parent.name for file in found.files] == ["val", "val"]


def test_without_names_all_folders_must_be_there(tmp_path: Path) -> None:
    pictures(tmp_path, "cat", "dog")

    with pytest.raises(DataError) as caught:
        read_labelled(tmp_path, 3)

    assert str(caught.value) == (
        f"{tmp_path}: expected a folder for each of 3 outputs, found 2; "
        "the file of the weights does not name its classes, so all of them must be there"
    )


def test_a_folder_that_is_no_class_is_told(tmp_path: Path) -> None:
    pictures(tmp_path, "cta")

    with pytest.raises(DataError) as caught:
        read_labelled(tmp_path, 2, ("cat", "dog"))

    assert str(caught.value) == (
        f"{tmp_path}: expected folders named after the 2 classes of the weights, as 'cat', "
        "found 'cta'; the nearest is 'cat'"
    )


def test_names_of_things_are_no_synsets(tmp_path: Path) -> None:
    pictures(tmp_path, "tench")

    with pytest.raises(DataError, match=r"as 'n01440764', found 'tench'; give --data a folder of these"):
        read_labelled(tmp_path, 1000)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read_labelled(tmp_path / "absent", 1000)

    assert str(caught.value) == f"--data '{tmp_path}/absent': expected a folder, found none; check the path"


def test_a_spread_is_even_and_never_more_than_there_is(tmp_path: Path) -> None:
    found = read_labelled(pictures(tmp_path, "a", "b", "c", "d", count=2), 4)

    assert found.spread(4).labels == (0, 1, 2, 3)
    assert found.spread(None) == found.spread(100) == found
