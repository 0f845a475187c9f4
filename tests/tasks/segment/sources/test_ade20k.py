from __future__ import annotations

from pathlib import Path
from shutil import rmtree

import numpy as np
import pytest
from PIL import Image

from tests.fabricate.ade20k import blocks, write_ade20k, write_names, write_pair
from tests.real_data import real_data
from transferbench.errors import DataError
from transferbench.tasks.base import ClassMarks
from transferbench.tasks.segment.settings import Ade20kData
from transferbench.tasks.segment.sources.masks import read_labels
from transferbench.tasks.segment.sources.read import read_splits


def test_zero_is_ignored_and_every_other_value_is_one_too_many(tmp_path: Path) -> None:
    write_pair(write_ade20k(tmp_path), "training", "a", np.array([[0, 1, 2], [3, 4, 4]], np.uint8))

    found = read_splits(tmp_path, Ade20kData(), None)

    assert read_labels(found.train[0], found.code).tolist() == [[255, 0, 1], [2, 3, 3]]


def test_the_classes_are_the_rows_of_the_file_by_their_first_synonym(tmp_path: Path) -> None:
    write_ade20k(tmp_path)

    assert read_splits(tmp_path, Ade20kData(), None).classes == ("wall", "sky", "tree", "door")


def test_two_rows_with_the_same_first_synonym_keep_their_whole_names(tmp_path: Path) -> None:
    write_names(write_ade20k(tmp_path), ("wall", "screen, silver screen", "screen, crt", "sky"))

    classes = read_splits(tmp_path, Ade20kData(), None).classes

    assert classes == ("wall", "screen, silver screen", "screen, crt", "sky")


def test_present_classes_are_numbered_anew(tmp_path: Path) -> None:
    folder = tmp_path / "ADEChallengeData2016"
    for split in ("training", "validation"):
        write_pair(folder, split, "a", np.array([[0, 2, 4]], np.uint8))
    write_names(folder, ("wall", "sky", "tree", "door"))

    found = read_splits(tmp_path, Ade20kData(classes="present"), None)

    assert found.classes == ("sky", "door")
    assert read_labels(found.train[0], found.code).tolist() == [[255, 0, 1]]


def test_present_classes_do_not_depend_on_the_limit(tmp_path: Path) -> None:
    folder = write_ade20k(tmp_path)
    write_pair(folder, "training", "a", np.full((8, 8), 1, np.uint8))
    for path in (folder / "annotations" / "validation").iterdir():
        write_pair(folder, "validation", path.stem, np.full((8, 8), 1, np.uint8))

    found = read_splits(tmp_path, Ade20kData(classes="present"), 1)

    assert (len(found.train), len(found.score), len(found.classes)) == (1, 1, 4)
    assert len(found.train_sizes) == 1


def test_given_names_need_no_file(tmp_path: Path) -> None:
    (write_ade20k(tmp_path) / "objectInfo150.txt").unlink()

    found = read_splits(tmp_path, Ade20kData(classes=("a", "b", "c", "d")), None)

    assert found.classes == ("a", "b", "c", "d")


def test_the_root_may_be_the_folder_itself(tmp_path: Path) -> None:
    found = read_splits(write_ade20k(tmp_path), Ade20kData(), None)

    assert (len(found.train), len(found.score)) == (4, 2)


def test_an_illegal_value_is_told_with_file_value_and_what_is_legal(tmp_path: Path) -> None:
    folder = write_ade20k(tmp_path)
    write_pair(folder, "validation", "odd", np.array([[1, 200, 200]], np.uint8))

    with pytest.raises(DataError) as caught:
        read_splits(tmp_path, Ade20kData(), None)

    assert str(caught.value) == (
        f"{folder}/annotations/validation/odd.png: expected the values 0 (ignored) and 1 to 4 (the 4 classes "
        "of objectInfo150.txt), found 200 in 2 pixels; replace the file, or give the classes it was drawn "
        "with (data.classes of the protocol)"
    )


def test_a_class_that_is_only_scored_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    folder = tmp_path / "ADEChallengeData2016"
    write_pair(folder, "training", "a", np.array([[0, 2, 4]], np.uint8))
    write_pair(folder, "validation", "a", np.array([[0, 2, 3]], np.uint8))
    write_names(folder, ("wall", "sky", "tree", "door"))

    with pytest.raises(DataError, match=r"and 2, 4 \(the 2 classes of .* in training\), found 3 in 1 pixel"):
        read_splits(tmp_path, Ade20kData(classes="present"), None)


def test_a_missing_mask_is_told(tmp_path: Path) -> None:
    mask = write_ade20k(tmp_path) / "annotations" / "training" / "training_0.png"
    mask.unlink()

    with pytest.raises(DataError) as caught:
        read_splits(tmp_path, Ade20kData(), None)

    assert str(caught.value) == f"{mask}: expected a mask, found no such file; copy the data set again"


def test_a_mask_of_another_size_is_told(tmp_path: Path) -> None:
    mask = write_ade20k(tmp_path) / "annotations" / "training" / "training_0.png"
    Image.fromarray(blocks((20, 16), 0)).save(mask)

    with pytest.raises(DataError) as caught:
        read_splits(tmp_path, Ade20kData(), None)

    assert str(caught.value) == (
        f"{mask}: expected the size of its picture, 40x32, found 20x16; replace the one or the other"
    )


_OTHER_FORMATS = {
    "RGB": "colours; write the number of each pixel's class, a byte a pixel",
    "RGBA": "colours; write the number of each pixel's class, a byte a pixel",
    "P": "numbers of a palette; if these are the class numbers, write them as grey, as "
    "Image.fromarray(numpy.array(Image.open(mask))).save(mask) does",
    "I;16": "more than one byte a pixel; write one, which has room for 256 values",
    "1": "black and white; write the class numbers themselves, a byte a pixel",
}


@pytest.mark.parametrize("mode", _OTHER_FORMATS)
def test_a_mask_of_another_pixel_format_is_told(tmp_path: Path, mode: str) -> None:
    mask = write_ade20k(tmp_path) / "annotations" / "training" / "training_0.png"
    Image.new(mode, (40, 32)).save(mask)

    with pytest.raises(DataError) as caught:
        read_splits(tmp_path, Ade20kData(), None)

    assert str(caught.value) == (
        f"{mask}: expected a mask of one byte a pixel (mode L), found mode {mode}: {_OTHER_FORMATS[mode]}"
    )


def test_what_is_said_of_a_palette_mends_it(tmp_path: Path) -> None:
    mask = write_ade20k(tmp_path) / "annotations" / "training" / "training_0.png"
    indices = Image.fromarray(blocks((40, 32), 0))
    indices.putpalette([255, 0, 0] * 256)
    indices.save(mask)

    Image.fromarray(np.array(Image.open(mask))).save(mask)

    found = read_splits(tmp_path, Ade20kData(), None)
    assert read_labels(found.train[0], found.code)[0, 1] == 0


def test_a_truncated_mask_is_told(tmp_path: Path) -> None:
    mask = write_ade20k(tmp_path) / "annotations" / "training" / "training_0.png"
    mask.write_bytes(mask.read_bytes()[:60])

    with pytest.raises(DataError, match=r"training_0\.png: expected a whole mask, found one that cannot be"):
        read_splits(tmp_path, Ade20kData(), None)


def test_ten_faults_are_told_at_once_and_the_rest_are_counted(tmp_path: Path) -> None:
    folder = write_ade20k(tmp_path, train=8, score=4)
    for path in folder.glob("annotations/*/*.png"):
        Image.fromarray(np.full((32, 40), 99, np.uint8)).save(path)

    with pytest.raises(DataError) as caught:
        read_splits(tmp_path, Ade20kData(), None)

    lines = str(caught.value).splitlines()
    assert len(lines) == 11 and lines[-1] == "... and 2 more faults like these"


def test_faults_of_different_kinds_are_told_together(tmp_path: Path) -> None:
    folder = write_ade20k(tmp_path)
    (folder / "annotations" / "training" / "training_1.png").unlink()
    write_pair(folder, "validation", "odd", np.array([[200]], np.uint8))

    with pytest.raises(DataError, match=r"no such file.*\n.*found 200 in 1 pixel"):
        read_splits(tmp_path, Ade20kData(), None)


def test_masks_without_any_label_are_refused(tmp_path: Path) -> None:
    folder = write_ade20k(tmp_path)
    for path in folder.glob("annotations/validation/*.png"):
        Image.fromarray(np.zeros((32, 40), np.uint8)).save(path)

    with pytest.raises(DataError, match="expected masks with labelled pixels, found 2 in which every pixel"):
        read_splits(tmp_path, Ade20kData(), None)


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read_splits(tmp_path, Ade20kData(), None)

    assert str(caught.value) == (
        f"{tmp_path}: ADE20K needs the folder images/training, which is not there; "
        "unpack ADEChallengeData2016.zip here, or give --data"
    )


def test_a_file_of_names_with_a_gap_is_refused(tmp_path: Path) -> None:
    path = write_ade20k(tmp_path) / "objectInfo150.txt"
    path.write_text("Idx\tName\n1\twall\n3\tsky\n")

    with pytest.raises(DataError, match=r"expected the class numbers 1, 2, \.\.\. once each"):
        read_splits(tmp_path, Ade20kData(), None)


def test_rows_that_are_missing_at_the_end_are_told_by_the_values(tmp_path: Path) -> None:
    folder = write_ade20k(tmp_path)
    write_names(folder, ("wall", "sky"))

    with pytest.raises(DataError, match=r"1, 2 \(the 2 classes of objectInfo150\.txt\), found 3, 4 in"):
        read_splits(tmp_path, Ade20kData(), None)


def test_too_few_names_in_the_protocol_are_told_by_the_values(tmp_path: Path) -> None:
    write_ade20k(tmp_path)

    with pytest.raises(DataError, match=r"1, 2 \(the 2 classes of the protocol\), found 3, 4 in"):
        read_splits(tmp_path, Ade20kData(classes=("a", "b")), None)


def test_a_name_may_not_be_given_twice(tmp_path: Path) -> None:
    write_ade20k(tmp_path)

    with pytest.raises(DataError) as caught:
        read_splits(tmp_path, Ade20kData(classes=("a", "b", "a", "d")), None)

    assert str(caught.value) == (
        "data.classes of the protocol, class 3: expected a name that no other class has, found 'a', which "
        "data.classes of the protocol, class 1 has too; give each class its own"
    )


def test_values_that_are_each_one_less_than_a_class_are_told(tmp_path: Path) -> None:
    folder = tmp_path / "ADEChallengeData2016"
    write_pair(folder, "training", "a", np.array([[0, 2, 4]], np.uint8))
    write_pair(folder, "validation", "a", np.array([[0, 1, 3]], np.uint8))
    write_names(folder, ("wall", "sky", "tree", "door"))

    with pytest.raises(
        DataError, match="found 1, 3 in 2 pixels, one less than the value of a class: values ar"
    ):
        read_splits(tmp_path, Ade20kData(classes="present"), None)


def test_values_that_were_moved_already_are_told(tmp_path: Path) -> None:
    folder = write_ade20k(tmp_path)
    write_pair(folder, "validation", "moved", np.array([[255, 0, 1, 3]], np.uint8))

    with pytest.raises(
        DataError, match="found 255 in 1 pixel, which many data sets have for ignored pixels: "
    ):
        read_splits(tmp_path, Ade20kData(), None)


def test_a_picture_in_black_and_white_is_told(tmp_path: Path) -> None:
    folder = write_ade20k(tmp_path)
    write_pair(folder, "validation", "binary", np.array([[0, 255, 255]], np.uint8))

    with pytest.raises(DataError, match="found 255 in 2 pixels: it looks like a black-and-white picture, wh"):
        read_splits(tmp_path, Ade20kData(), None)


def test_two_pictures_of_one_name_are_told(tmp_path: Path) -> None:
    folder = write_ade20k(tmp_path) / "images" / "training"
    (folder / "training_0.png").write_bytes((folder / "training_0.jpg").read_bytes())

    with pytest.raises(DataError, match=r"expected one picture for the mask .*0\.png, found training_0\.jpg"):
        read_splits(tmp_path, Ade20kData(), None)


def test_a_missing_picture_folder_of_the_split_that_is_not_read_is_no_fault(tmp_path: Path) -> None:
    folder = write_ade20k(tmp_path)
    rmtree(folder / "images" / "training")

    found = read_splits(tmp_path, Ade20kData(), None, is_scored_only=True)

    assert (len(found.train), len(found.score), len(found.train_sizes)) == (0, 2, 0)


def test_present_classes_come_from_training_masks_even_if_nothing_is_trained(tmp_path: Path) -> None:
    folder = tmp_path / "ADEChallengeData2016"
    for split in ("training", "validation"):
        write_pair(folder, split, "a", np.array([[0, 2, 4]], np.uint8))
    write_names(folder, ("wall", "sky", "tree", "door"))

    found = read_splits(tmp_path, Ade20kData(classes="present"), None, is_scored_only=True)

    assert (found.classes, len(found.train)) == (("sky", "door"), 0)


def test_present_classes_keep_their_values_and_colours(tmp_path: Path) -> None:
    folder = tmp_path / "ADEChallengeData2016"
    for split in ("training", "validation"):
        write_pair(folder, split, "a", np.array([[0, 2, 4]], np.uint8))
    write_names(folder, ("wall", "sky", "tree", "door"))

    found = read_splits(tmp_path, Ade20kData(classes="present"), None)

    assert found.marks == ClassMarks((2, 4), ("#b47878", "#503232"))


def test_sizes_are_those_of_the_pictures_as_decoded(tmp_path: Path) -> None:
    folder = write_ade20k(tmp_path)
    picture, exif = folder / "images" / "training" / "training_1.jpg", Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (32, 40)).save(picture, exif=exif)

    found = read_splits(tmp_path, Ade20kData(), None)

    assert found.train_sizes == [(40, 32)] * 4


def test_a_mask_that_fits_a_picture_only_before_it_is_turned_is_told(tmp_path: Path) -> None:
    folder = write_ade20k(tmp_path)
    picture, exif = folder / "images" / "training" / "training_1.jpg", Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (40, 32)).save(picture, exif=exif)

    with pytest.raises(DataError, match="expected the size of its picture, 32x40, found 40x32"):
        read_splits(tmp_path, Ade20kData(), None)


def test_the_real_pictures_of_ade20k_are_read() -> None:
    found = read_splits(real_data("ade20k"), Ade20kData(), None)

    assert (len(found.train), len(found.score), len(found.classes)) == (4, 3, 150)
    assert found.classes[:3] == ("wall", "building", "sky")


def test_the_real_street_scenes_have_eleven_classes() -> None:
    found = read_splits(real_data("camvid_small"), Ade20kData(classes="present"), None)

    assert (len(found.train), len(found.score), len(found.classes)) == (367, 101, 11)
