"""What a finished run remembers."""

import json
from pathlib import Path

import pytest

from tests.fabricate.records import demo, record
from transferbench.errors import RunError
from transferbench.runs.record import FILE_NAME, SCORES, Teacher, find_records, read_record, write_record

RUN = record("B", "detect", 0, {"map_voc07": 0.1 + 0.2, "coco_ap": 1 / 3})


def test_a_record_is_the_same_after_a_round_trip(tmp_path: Path) -> None:
    write_record(tmp_path, RUN)

    assert read_record(tmp_path) == RUN
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_a_teacher_and_a_spread_of_the_papers_come_back(tmp_path: Path) -> None:
    teacher = Teacher(source="out/tall", sha256="a" * 64, forward_seconds=40.0, pretraining_seconds=360.0)
    paper = {"classify/top1": {"mean": 0.7837, "sd": 0.0009}, "classify/top5": 0.941}
    run = record("D", "classify", 0, {"top1": 0.5}, paper=paper, teacher=teacher)

    write_record(tmp_path, run)

    assert read_record(tmp_path) == run
    assert run.paper["classify/top1"].sd == 0.0009 and run.paper["classify/top5"].sd is None


def test_a_record_of_before_there_were_teachers_and_spreads_is_read(tmp_path: Path) -> None:
    content = record("D", "classify", 0, {"top1": 0.5}).model_dump(mode="json", exclude={"teacher"})
    (tmp_path / FILE_NAME).write_text(json.dumps(content | {"paper": {"classify/top1": 0.7929}}))

    run = read_record(tmp_path)

    assert run is not None and run.teacher is None
    assert run.paper["classify/top1"].mean == 0.7929


def test_a_run_that_has_not_finished_has_no_record(tmp_path: Path) -> None:
    assert read_record(tmp_path) is None
    assert read_record(tmp_path / "missing") is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"suite": "demo"}', b"\xff\xfe"])
def test_rubbish_in_place_of_a_record_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(content)

    with pytest.raises(RunError) as caught:
        read_record(tmp_path)

    assert str(caught.value).startswith(
        f"{path}: expected the record of a finished run, found something else ("
    )
    assert str(caught.value).endswith("); move it away or give --overwrite")


def test_records_come_in_the_order_of_their_paths(tmp_path: Path) -> None:
    for run in reversed(demo()):
        write_record(_made(tmp_path / run.recipe / run.task / f"seed{run.seed}"), run)
    _made(tmp_path / "C" / "detect" / "seed0")

    found = [f"{run.recipe}/{run.task}/{run.seed}" for run in find_records(tmp_path)]

    assert found == sorted(found)
    assert len(found) == len(demo())


def test_no_records_are_found_where_there_is_nothing(tmp_path: Path) -> None:
    assert find_records(tmp_path / "missing") == []


def test_every_score_is_listed_under_its_own_name() -> None:
    assert all(name == score.name for name, score in SCORES.items())
    assert {name.partition("/")[0] for name in SCORES} == {"classify", "detect", "segment"}


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder
