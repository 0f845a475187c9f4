"""The development kit's files: what they mean, and what is said of broken ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from transferbench.errors import DataError
from transferbench.tasks.detect.foreign.devkit import read_devkit

CLASSES = ("light", "traffic_light", "dog")
LINE = "000005 0.5 1 2 10 20\n"


def write(folder: Path, **texts: str) -> Path:
    for stem, text in texts.items():
        (folder / f"{stem}.txt").write_text(text)
    return folder


def message(folder: Path) -> str:
    with pytest.raises(DataError) as caught:
        read_devkit(folder, CLASSES)
    return str(caught.value).replace(str(folder), "FOLDER")


def test_inclusive_edges_from_1_become_exclusive_ones_from_0(tmp_path: Path) -> None:
    write(tmp_path, comp4_det_test_dog=LINE + "\n2008_000073 1e-3 1.5 1 3.5 1\n")

    rows, remarks = read_devkit(tmp_path, CLASSES)

    assert rows.boxes_D4.tolist() == [[0, 1, 10, 20], [0.5, 0, 3.5, 1]]
    assert (list(rows.pictures), rows.label_D.tolist()) == (["000005", "2008_000073"], [2, 2])
    assert rows.score_D.tolist() == [0.5, 0.001]
    assert rows.place(1) == f"{tmp_path / 'comp4_det_test_dog.txt'}:3"
    assert remarks == (f"no file for light, traffic_light in {tmp_path}: taken as without detections",)


def test_a_file_is_of_the_longest_name_that_it_ends_with(tmp_path: Path) -> None:
    write(tmp_path, a_traffic_light=LINE, light=LINE * 2, dog="")

    rows, remarks = read_devkit(tmp_path, CLASSES)

    assert rows.label_D.tolist() == [0, 0, 1]
    assert remarks == ()


def test_a_file_of_no_class_is_passed_over_if_all_classes_have_theirs(tmp_path: Path) -> None:
    write(tmp_path, a_traffic_light=LINE, a_light="", a_dog="", readme="how it was made")

    rows, _ = read_devkit(tmp_path, CLASSES)

    assert rows.label_D.tolist() == [1]


def test_a_file_of_no_class_beside_a_class_without_a_file_is_refused(tmp_path: Path) -> None:
    write(tmp_path, a_light=LINE, a_dogs=LINE)

    assert message(tmp_path) == (
        "FOLDER: expected a file for traffic_light, dog, found none but a_dogs.txt, which no class is "
        "called; rename it, or take it out"
    )


def test_two_files_of_a_class_are_refused(tmp_path: Path) -> None:
    write(tmp_path, comp3_det_val_dog=LINE, comp4_det_test_dog=LINE)

    assert message(tmp_path) == (
        "FOLDER: expected one file for 'dog', found 'comp3_det_val_dog.txt' and 'comp4_det_test_dog.txt'; "
        "take out those of another split or competition"
    )


@pytest.mark.parametrize(("texts", "found"), [({}, "no .txt file"), ({"a_cow": LINE}, "1 other .txt files")])
def test_a_folder_without_the_files_is_refused(tmp_path: Path, texts: dict[str, str], found: str) -> None:
    assert message(write(tmp_path, **texts)) == (
        "FOLDER: expected files named after the classes, as comp4_det_test_light.txt, found "
        f"{found}; give the folder that holds them"
    )


@pytest.mark.parametrize("line", ["000005 0.5 1 2 10", "000005 0.5 1 2 10 20 30", "000005 half 1 2 10 20"])
def test_a_malformed_line_is_told_with_file_and_number(tmp_path: Path, line: str) -> None:
    write(tmp_path, a_dog=LINE + line + "\n" + line)

    assert message(tmp_path).splitlines() == [
        f"FOLDER/a_dog.txt:{number}: expected 'PICTURE SCORE XMIN YMIN XMAX YMAX', found {line!r}; write the "
        "line again"
        for number in (2, 3)
    ]


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a_dog.txt").write_bytes(b"\xff\xfe\x00")

    assert message(tmp_path).startswith("FOLDER/a_dog.txt: expected lines of text")
