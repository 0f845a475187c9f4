"""Tables of other tools' scores are read whole, or every fault is told with its line."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from transferbench.errors import DataError
from transferbench.reports.comparing.foreign import ForeignRow, read_csv, sha256_of


def rows_of(folder: Path, *lines: str, **protocols: str) -> list[ForeignRow]:
    (folder / "x.csv").write_text("\n".join(lines) + "\n")
    return read_csv(folder / "x.csv", protocols=protocols)


def complaint(folder: Path, *lines: str) -> str:
    with pytest.raises(DataError) as caught:
        rows_of(folder, *lines)
    return str(caught.value).removeprefix(f"{folder / 'x.csv'}: ")


def test_each_recipe_and_task_is_a_row_with_its_values_by_seed(tmp_path: Path) -> None:
    rows = rows_of(
        tmp_path,
        "recipe,seed,score,value",
        "a,0,detect/map_voc07,0.5",
        "a,3,detect/map_voc07,0.625",
        "a,0,segment/miou,0.25",
        "b,0,detect/map_voc07,1",
    )

    assert [(row.name, row.task) for row in rows] == [("a", "detect"), ("a", "segment"), ("b", "detect")]
    assert rows[0].values == {"detect/map_voc07": {0: 0.5, 3: 0.625}}


def test_percent_become_fractions_and_a_value_without_a_seed_has_seed_0(tmp_path: Path) -> None:
    (row,) = rows_of(tmp_path, "percent, score,recipe".replace(" ", ""), "79.25,classify/top1,a")

    assert row.values == {"classify/top1": {0: 0.7925}}
    assert row.remarks == ()


def test_percent_that_look_like_fractions_are_remarked_on(tmp_path: Path) -> None:
    (row,) = rows_of(tmp_path, "recipe,score,percent", "a,classify/top1,0.79")

    assert row.remarks == (f"{tmp_path / 'x.csv'}: no value is above 1 %: are they fractions?",)


def test_the_protocol_is_the_lines_own_or_the_one_that_was_named(tmp_path: Path) -> None:
    header, *lines = "recipe,score,value,protocol", "a,detect/coco_ap,0.5,", "b,detect/coco_ap,0.5,theirs"

    rows = rows_of(tmp_path, header, *lines, "a,segment/miou,0.5,", detect="coco-fpn@1")

    assert [row.protocol for row in rows] == ["coco-fpn@1", "theirs", ""]


def test_source_and_sha256_say_where_a_number_comes_from(tmp_path: Path) -> None:
    lines = ("recipe,score,value,source", 'a,classify/top1,0.5,"Table 2, first line"')

    (row,) = rows_of(tmp_path, *lines)

    assert row.source == f"{tmp_path / 'x.csv'}: Table 2, first line"
    assert row.sha256 == hashlib.sha256((tmp_path / "x.csv").read_bytes()).hexdigest()


def test_what_a_spreadsheet_puts_before_and_after_lines_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"\xef\xbb\xbfrecipe,score,value\r\na, classify/top1 ,0.5\r\n\r\n")

    (row,) = read_csv(tmp_path / "x.csv")

    assert row.values == {"classify/top1": {0: 0.5}}


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("a,detect/map07,0.5,0", "score: found 'detect/map07'; the nearest is 'detect/map_voc07'"),
        ("a,detect/map_voc07,79.1,0", "value: expected a number from 0 to 1, found '79.1'"),
        ("a,detect/map_voc07,nan,0", "value: expected a number from 0 to 1, found 'nan'"),
        ('a,detect/map_voc07,"0,5",0', "value: expected a number from 0 to 1, found '0,5'"),
        ("a,detect/map_voc07,0.5,-1", "seed: expected a whole number from 0 on, found '-1'"),
        (",detect/map_voc07,0.5,0", "recipe: expected a name, found nothing"),
        ("a,detect/map_voc07,0.5", "expected 4 values, found fewer"),
        ("a,detect/map_voc07,0.5,0,1", "expected 4 values, found more"),
        (
            "b,detect/map_voc07,0.5,0",
            "expected one value of detect/map_voc07 for 'b' and seed 0, found another in line 2",
        ),
    ],
)
def test_a_fault_of_a_line_is_told_with_its_number(tmp_path: Path, line: str, fault: str) -> None:
    told = complaint(tmp_path, "recipe,score,value,seed", "b,detect/map_voc07,0.5,0", line)

    assert told == f"line 3: {fault}; mend these lines"


def test_all_faults_are_told_at_once_up_to_ten(tmp_path: Path) -> None:
    told = complaint(tmp_path, "recipe,score,value", *["a,x/y,2"] * 6)

    assert [f"line {number}: value" in told for number in range(2, 8)] == [True] * 5 + [False]
    assert told.endswith("; and 2 more; mend these lines")


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("recipe,score", "none of the last"),
        ("recipe,score,value,percent", "both of the last"),
        ("recipe,value", "no 'score'"),
        ("recipe,score,value,sead", "'sead'; the nearest is 'seed'"),
        ("recipe,score,value,value", "one of them twice"),
        ("recipe;score;value", "'recipe;score;value'; "),
    ],
)
def test_a_header_that_is_none_is_told(tmp_path: Path, header: str, found: str) -> None:
    told = complaint(tmp_path, header, "a,detect/coco_ap,0.5")

    assert told.startswith("line 1: expected names of columns, separated by commas (recipe, score, seed,")
    assert f"found {found}" in told


def test_a_table_without_lines_an_empty_and_a_missing_file_are_told(tmp_path: Path) -> None:
    assert "found the names of columns alone" in complaint(tmp_path, "recipe,score,value")
    assert "found an empty file" in complaint(tmp_path, "")
    with pytest.raises(DataError, match=r"none\.csv: expected a file of scores, found 'No such file"):
        read_csv(tmp_path / "none.csv")


def test_text_in_another_encoding_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"recipe,score,value\nM\xfcller,detect/coco_ap,0.5\n")

    with pytest.raises(DataError, match="line 2: expected text in UTF-8, found the byte 0xfc"):
        read_csv(tmp_path / "x.csv")


def test_an_open_quote_is_told_with_its_line(tmp_path: Path) -> None:
    told = complaint(tmp_path, "recipe,score,value", 'a,"detect/coco_ap,0.5')

    assert told.startswith("line 2: expected comma-separated values, found a fault")


def test_the_sha256_of_a_folder_is_over_names_and_contents(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.txt").write_text("1")
    same = sha256_of(tmp_path / "a") == sha256_of(tmp_path / "b")

    (tmp_path / "b" / "1.txt").rename(tmp_path / "b" / "2.txt")

    assert same
    assert sha256_of(tmp_path / "a") != sha256_of(tmp_path / "b")


def test_a_name_stays_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "theirs.csv"
    path.write_text('recipe,score,value\n"two\nlines \t of it",segment/miou,0.5\n')

    (row,) = read_csv(path)

    assert row.name == "two lines of it"


def test_who_told_the_protocol_is_kept(tmp_path: Path) -> None:
    rows = rows_of(
        tmp_path,
        "recipe,score,percent,protocol",
        "own,detect/map_area,5,voc12@1",
        "named,detect/map_area,5,",
        "none,segment/miou,5,",
        detect="voc07-c4@1",
    )

    assert {row.name: row.told_by for row in rows} == {"own": "file", "named": "flag", "none": "file"}
