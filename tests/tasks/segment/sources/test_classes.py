from __future__ import annotations

from pathlib import Path

import pytest

from transferbench.errors import DataError
from transferbench.tasks.segment.sources.classes import read_class_file, rows_of, values_of


def _written(folder: Path, text: str) -> Path:
    path = folder / "classes.txt"
    path.write_text(text, "utf-8")
    return path


def _read(path: Path) -> list[tuple[int | None, str, str | None]]:
    return [(row.value, row.name, row.colour) for row in read_class_file(path)]


@pytest.mark.parametrize(
    ("line", "row"),
    [
        ("road", (None, "road", None)),
        ("traffic light", (None, "traffic light", None)),
        ("7 road", (7, "road", None)),
        ("7\ttraffic light", (7, "traffic light", None)),
        ("7 road #80aAfF", (7, "road", "#80aaff")),
        ("road #804080", (None, "road", "#804080")),
        ("4x4", (None, "4x4", None)),
        ("  21  tv  ", (21, "tv", None)),
    ],
)
def test_a_line_is_a_name_with_or_without_value_and_colour(
    tmp_path: Path, line: str, row: tuple[int | None, str, str | None]
) -> None:
    assert _read(_written(tmp_path, f"{line}\n")) == [row]


def test_blank_lines_and_comments_are_left_out(tmp_path: Path) -> None:
    path = _written(tmp_path, "\ufeff# all of them\n\nroad\n#\n  # more\nsky")

    assert _read(path) == [(None, "road", None), (None, "sky", None)]


def test_places_are_lines_of_the_file(tmp_path: Path) -> None:
    path = _written(tmp_path, "# all\n\nroad\n")

    assert read_class_file(path)[0].place == f"{path}:3"


def test_values_follow_from_the_first(tmp_path: Path) -> None:
    rows = read_class_file(_written(tmp_path, "road\nsky\ncar\n"))

    assert values_of(rows, 1, (0,)) == (1, 2, 3)


def test_values_of_the_file_count(tmp_path: Path) -> None:
    rows = read_class_file(_written(tmp_path, "9 road\n3 sky\n"))

    assert values_of(rows, 0, (255,)) == (9, 3)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "expected a class a line, 'NAME', 'VALUE NAME' or 'VALUE NAME #rrggbb', found none; write them"),
        (
            "road\n#804080\n",
            ":2: expected 'NAME', 'VALUE NAME' or 'VALUE NAME #rrggbb', found '#804080'; wri",
        ),
        (
            "7 road\nsky\n",
            ":2: expected a value before each name or before none, found none before 'sky', as",
        ),
        ("road\nsky\nroad\n", ":3: expected a name that no other class has, found 'road', which "),
        ("7 road\n7 sky\n", ":2: expected a value that no other class has, found 7, which "),
        (
            "256 road\n",
            ":1: expected values of 0 to 255, as a mask of one byte a pixel has, found 256 for 'road'",
        ),
        (
            "255 road\n",
            ":1: expected another value than the ignored 254, 255, found 255 for 'road'; give the",
        ),
    ],
)
def test_a_file_that_does_not_name_classes_is_told(tmp_path: Path, text: str, told: str) -> None:
    path = _written(tmp_path, text)

    with pytest.raises(DataError) as caught:
        values_of(read_class_file(path), 0, (254, 255))

    assert told in str(caught.value)
    assert str(caught.value).startswith(str(path))


def test_all_faults_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    rows = read_class_file(_written(tmp_path, "7 road\n7 road\n300 sky\n"))

    with pytest.raises(DataError) as caught:
        values_of(rows, 0, (255,))

    assert len(str(caught.value).splitlines()) == 3


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"no\.txt: expected a file with a class a line, found no such file; "
    ):
        read_class_file(tmp_path / "no.txt")


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "classes.txt").write_bytes(b"\x89PNG\xff\xfe")

    with pytest.raises(
        DataError, match=r"classes\.txt: expected a class a line, .* found a file that is no tex"
    ):
        read_class_file(tmp_path / "classes.txt")


def test_there_have_to_be_classes() -> None:
    with pytest.raises(
        DataError, match=r"data\.classes of the protocol: expected the names of the classes, fou"
    ):
        rows_of(())


@pytest.mark.parametrize("line", ["7 road #12345", "road #80408", "10,road", "10: road", "10;road"])
def test_a_line_that_only_looks_like_a_name_is_refused(line: str, tmp_path: Path) -> None:
    (tmp_path / "classes.txt").write_text(f"{line}\n")

    with pytest.raises(DataError, match=r"classes\.txt:1: expected 'NAME', 'VALUE NAME' or"):
        read_class_file(tmp_path / "classes.txt")
