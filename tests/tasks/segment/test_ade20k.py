from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.fabricate.ade20k import blocks, write_ade20k, write_names, write_pair
from tests.real_data import real_data
from transferbench.errors import DataError
from transferbench.tasks.segment.ade20k import read_ade20k
from transferbench.tasks.segment.masks import read_labels
from transferbench.tasks.segment.protocols import Ade20kData


def test_zero_is_ignored_and_every_other_value_is_one_too_many(tmp_path: Path) -> None:
    write_pair(write_ade20k(tmp_path), "training", "a", np.array([[0, 1, 2], [3, 4, 4]], np.uint8))

    found = read_ade20k(tmp_path, Ade20kData(), None)

    assert read_labels(found.train[0], found.code).tolist() == [[255, 0, 1], [2, 3, 3]]


def test_the_classes_are_the_rows_of_the_file_by_their_first_synonym(tmp_path: Path) -> None:
    write_ade20k(tmp_path)

    assert read_ade20k(tmp_path, Ade20kData(), None).classes == ("wall", "sky", "tree", "door")


def test_two_rows_with_the_same_first_synonym_keep_their_whole_names(tmp_path: Path) -> None:
    write_names(write_ade20k(tmp_path), ("wall", "screen, silver screen", "screen, crt", "sky"))

    classes = read_ade20k(tmp_path, Ade20kData(), None).classes

    assert classes == ("wall", "screen, silver screen", "screen, crt", "sky")


def test_present_classes_are_numbered_anew(tmp_path: Path) -> None:
    folder = tmp_path / "ADEChallengeData2016"
    for split in ("training", "validation"):
        write_pair(folder, split, "a", np.array([[0, 2, 4]], np.uint8))
    write_names(folder, ("wall", "sky", "tree", "door"))

    found = read_ade20k(tmp_path, Ade20kData(classes="present"), None)

    assert found.classes == ("sky", "door")
    assert read_labels(found.train[0], found.code).tolist() == [[255, 0, 1]]


def test_present_classes_do_not_depend_on_the_limit(tmp_path: Path) -> None:
    folder = write_ade20k(tmp_path)
    write_pair(folder, "training", "a", np.full((8, 8), 1, np.uint8))
    for path in (folder / "annotations" / "validation").iterdir():
        write_pair(folder, "validation", path.stem, np.full((8, 8), 1, np.uint8))

    found = read_ade20k(tmp_path, Ade20kData(classes="present"), 1)

    assert (len(found.train), len(found.score), len(found.classes)) == (1, 1, 4)


def test_given_names_need_no_file(tmp_path: Path) -> None:
    (write_ade20k(tmp_path) / "objectInfo150.txt").unlink()

    found = read_ade20k(tmp_path, Ade20kData(classes=("a", "b", "c", "d")), None)

    assert found.classes == ("a", "b", "c", "d")


def test_the_root_may_be_the_folder_itself(tmp_path: Path) -> None:
    found = read_ade20k(write_ade20k(tmp_path), Ade20kData(), None)

    assert (len(found.train), len(found.score)) == (4, 2)


def test_an_illegal_value_is_told_with_file_value_and_what_is_legal(tmp_path: Path) -> None:
    folder = write_ade20k(tmp_path)
    write_pair(folder, "validation", "odd", np.array([[1, 200, 200]], np.uint8))

    with pytest.raises(DataError) as caught:
        read_ade20k(tmp_path, Ade20kData(), None)

    assert str(caught.value) == (
        f"{folder}/annotations/validation/odd.png: expected the values 0 (ignored) and 1 to 4, found 200 in "
        "2 pixels; replace the file, or give the classes it was drawn with (data.classes of the protocol)"
    )


def test_a_class_that_is_only_scored_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    folder = tmp_path / "ADEChallengeData2016"
    write_pair(folder, "training", "a", np.array([[0, 2, 4]], np.uint8))
    write_pair(folder, "validation", "a", np.array([[0, 2, 3]], np.uint8))
    write_names(folder, ("wall", "sky", "tree", "door"))

    with pytest.raises(DataError, match=r"expected the values 0 \(ignored\) and 2, 4, found 3 in 1 pixels"):
        read_ade20k(tmp_path, Ade20kData(classes="present"), None)


def test_a_missing_mask_is_told(tmp_path: Path) -> None:
    mask = write_ade20k(tmp_path) / "annotations" / "training" / "training_0.png"
    mask.unlink()

    with pytest.raises(DataError) as caught:
        read_ade20k(tmp_path, Ade20kData(), None)

    assert str(caught.value) == f"{mask}: expected a mask, found no such file; copy the data set again"


def test_a_mask_of_another_size_is_told(tmp_path: Path) -> None:
    mask = write_ade20k(tmp_path) / "annotations" / "training" / "training_0.png"
    Image.fromarray(blocks((20, 16), 0)).save(mask)

    with pytest.raises(DataError) as caught:
        read_ade20k(tmp_path, Ade20kData(), None)

    assert str(caught.value) == (
        f"{mask}: expected the size of its picture, 40x32, found 20x16; replace the one or the other"
    )


@pytest.mark.parametrize("mode", ["RGB", "P", "I;16", "1"])
def test_a_mask_of_another_pixel_format_is_told(tmp_path: Path, mode: str) -> None:
    mask = write_ade20k(tmp_path) / "annotations" / "training" / "training_0.png"
    Image.new(mode, (40, 32)).save(mask)

    with pytest.raises(DataError) as caught:
        read_ade20k(tmp_path, Ade20kData(), None)

    assert str(caught.value) == (
        f"{mask}: expected a mask of one byte a pixel (mode L), found mode {mode}; "
        "write the class numbers themselves"
    )


def test_a_truncated_mask_is_told(tmp_path: Path) -> None:
    mask = write_ade20k(tmp_path) / "annotations" / "training" / "training_0.png"
    mask.write_bytes(mask.read_bytes()[:60])

    with pytest.raises(DataError, match=r"training_0\.png: expected a whole mask, found one that cannot be"):
        read_ade20k(tmp_path, Ade20kData(), None)


def test_ten_faults_are_told_at_once_and_the_rest_are_counted(tmp_path: Path) -> None:
    folder = write_ade20k(tmp_path, train=8, score=4)
    for path in folder.glob("annotations/*/*.png"):
        Image.fromarray(np.full((32, 40), 99, np.uint8)).save(path)

    with pytest.raises(DataError) as caught:
        read_ade20k(tmp_path, Ade20kData(), None)

    lines = str(caught.value).splitlines()
    assert lines[0] == f"{folder}: 12 masks are faulty:"
    assert len(lines) == 12 and lines[-1] == "  and 2 more"


def test_faults_of_different_kinds_are_told_together(tmp_path: Path) -> None:
    folder = write_ade20k(tmp_path)
    (folder / "annotations" / "training" / "training_1.png").unlink()
    write_pair(folder, "validation", "odd", np.array([[200]], np.uint8))

    with pytest.raises(
        DataError, match=r"2 masks are faulty:\n  .*no such file.*\n  .*found 200 in 1 pixels"
    ):
        read_ade20k(tmp_path, Ade20kData(), None)


def test_masks_without_any_label_are_refused(tmp_path: Path) -> None:
    folder = write_ade20k(tmp_path)
    for path in folder.glob("annotations/validation/*.png"):
        Image.fromarray(np.zeros((32, 40), np.uint8)).save(path)

    with pytest.raises(DataError, match="expected masks with labelled pixels, found 2 in which every pixel"):
        read_ade20k(tmp_path, Ade20kData(), None)


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read_ade20k(tmp_path, Ade20kData(), None)

    assert str(caught.value) == (
        f"{tmp_path}: ADE20K needs the folder images/training, which is not there; "
        "unpack ADEChallengeData2016.zip here, or give --data"
    )


def test_a_file_of_names_with_a_gap_is_refused(tmp_path: Path) -> None:
    path = write_ade20k(tmp_path) / "objectInfo150.txt"
    path.write_text("Idx\tName\n1\twall\n3\tsky\n")

    with pytest.raises(DataError, match=r"expected the class numbers 1, 2, \.\.\. once each"):
        read_ade20k(tmp_path, Ade20kData(), None)


def test_the_real_pictures_of_ade20k_are_read() -> None:
    found = read_ade20k(real_data("ade20k"), Ade20kData(), None)

    assert (len(found.train), len(found.score), len(found.classes)) == (4, 3, 150)
    assert found.classes[:3] == ("wall", "building", "sky")


def test_the_real_street_scenes_have_eleven_classes() -> None:
    found = read_ade20k(real_data("camvid_small"), Ade20kData(classes="present"), None)

    assert (len(found.train), len(found.score), len(found.classes)) == (367, 101, 11)
