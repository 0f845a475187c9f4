"""`pretrain`, `detect`, `segment`, `run`: words for people, scores on stdout, exit statuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.command import error, told
from tests.fabricate.ade20k import write_ade20k
from tests.fabricate.imagefolder import imagefolder
from tests.fabricate.toml import write_toml
from tests.runs.tiny import CLASSIFY, SEGMENT

PLAN = {"epochs": 1, "batch_size": 4, "lr": 0.05}


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """A recipe and its protocol."""
    protocol = write_toml(tmp_path / "quick.toml", CLASSIFY.model_dump(mode="json", exclude={"name"}))
    return write_toml(tmp_path / "mine.toml", {"arch": "mini_b", "protocol": str(protocol), "plan": PLAN})


@pytest.fixture
def words(recipe: Path, tmp_path: Path) -> list[str | Path]:
    """A `pretrain` that works."""
    data = imagefolder(tmp_path / "data")
    return ["pretrain", recipe, "--data", data, "-o", tmp_path / "out", "--device", "cpu", "--threads", "1"]


def test_a_pretraining_and_a_transfer_print_their_scores_alone(
    words: list[str | Path], tmp_path: Path
) -> None:
    write_ade20k(tmp_path)
    rules = write_toml(tmp_path / "masks.toml", SEGMENT.model_dump(mode="json", exclude={"name"}))

    first = told(*words)
    second = told(
        "segment", tmp_path / "out", "--data", tmp_path, "--protocol", rules, "-o", tmp_path / "masks"
    )

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert [line.split()[-1] for line in first.stdout.splitlines()] == ["classify/top1", "classify/top5"]
    assert [line.split()[-1] for line in second.stdout.splitlines()] == ["segment/pix_acc", "segment/miou"]
    assert f"in {tmp_path / 'out'}" in " ".join(first.stderr.split("\n")).replace("  ", " ")


def test_a_departure_is_recorded(words: list[str | Path], tmp_path: Path) -> None:
    told(*words, "--set", "plan.lr=0.2", "--limit", "8")

    record = json.loads((tmp_path / "out" / "record.json").read_text())

    assert record["protocol"] == "quick@1 (plan.lr=0.2, limit=8)"
    assert record["resolved"]["departures"] == ["plan.lr=0.2"]
    assert record["resolved"]["plan"]["lr"] == 0.2
    assert record["pictures"] == {"train": 8, "score": 6}


def test_a_departure_of_the_protocol_is_obeyed_and_recorded(words: list[str | Path], tmp_path: Path) -> None:
    told(*words, "--set", "protocol.input_size=40", "--set", "tricks.mixup=true")

    record = json.loads((tmp_path / "out" / "record.json").read_text())

    assert record["resolved"]["protocol"]["input_size"] == 40
    assert record["resolved"]["recipe"]["tricks"]["mixup"]["alpha"] == 0.2
    assert record["resolved"]["departures"] == ["protocol.input_size=40", "tricks.mixup=true"]


def test_a_teacher_is_timed_and_told_apart(words: list[str | Path], tmp_path: Path) -> None:
    told(*words)
    teach: list[str | Path] = ["--set", f"tricks.distillation.teacher={tmp_path / 'out'}", "-o"]

    told(*words, *teach, tmp_path / "student")

    teacher = json.loads((tmp_path / "student" / "record.json").read_text())["teacher"]
    own = json.loads((tmp_path / "out" / "record.json").read_text())
    assert teacher["source"] == str(tmp_path / "out")
    assert teacher["pretraining_seconds"] == own["wall_seconds"]
    assert 0 < teacher["forward_seconds"] < own["wall_seconds"] + 60


def test_a_teacher_that_only_a_suite_knows_is_told(words: list[str | Path]) -> None:
    message = error(*words, "--set", "tricks.distillation.teacher=recipe:resnet152_d_smooth")

    assert "expected a run or weights, found 'recipe:resnet152_d_smooth', which only a suite knows" in message


def test_a_full_folder_is_refused_without_a_flag(words: list[str | Path], tmp_path: Path) -> None:
    told(*words)

    assert "expected an empty folder, found a finished run by quick@1; give another --out" in error(*words)
    assert told(*words, "--resume").exit_code == 0
    assert told(*words, "--overwrite").exit_code == 0


def test_a_missing_data_folder_is_told_and_nothing_is_made(recipe: Path, tmp_path: Path) -> None:
    data, out = tmp_path / "missing", tmp_path / "out"

    assert error("pretrain", recipe, "--data", data, "-o", out) == (
        f"error: --data '{data}': expected a folder, found none; check the path\n"
    )
    assert not out.exists()


def test_data_that_are_not_in_the_layout_are_told_and_nothing_is_made(recipe: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    message = error("pretrain", recipe, "--data", tmp_path / "empty", "-o", tmp_path / "out")

    assert message.startswith(f"error: {tmp_path / 'empty'}: expected labelled pictures, found nothing")
    assert not (tmp_path / "out").exists()


def test_an_output_that_cannot_be_written_is_told(words: list[str | Path], recipe: Path) -> None:
    assert error(*words, "-o", recipe / "out") == (
        f"error: {recipe / 'out'}: expected a folder that can be written, found Not a directory; "
        "give another --out\n"
    )


@pytest.mark.parametrize(
    ("line", "told_of"),
    [
        ("pretrain mini_bb", "the nearest is 'mini_b'"),
        ("pretrain mini_random", "there is nothing to train"),
        ("pretrain mini_b --protocol minature@1", "the nearest is 'miniature@1'"),
        ("pretrain mini_b --set plan.epoch=1", "plan.epoch: unknown key; the nearest is 'epochs'"),
        ("pretrain mini_b --set plan.lr", "expected key=value"),
        ("pretrain mini_b --precision fp8", "expected one of fp32, bf16, fp16"),
        ("pretrain mini_b --device tpu", "tpu"),
        ("pretrain mini_b --resume --overwrite", "expected one of them, found both"),
        ("segment random:mini_bb", "mini_b"),
        ("segment missing/run", "missing/run"),
        ("segment random:mini_b --protocol voc-smal@1", "expected one for the task 'segment'"),
        (
            "detect random:mini_b --protocol voc07-c4@1 --data masks=DATA",
            "found 'masks', which is no task; there are 'detect'",
        ),
        ("run demmo", "the nearest is 'demo'"),
    ],
)
def test_a_wrong_word_is_told_and_nothing_is_made(tmp_path: Path, line: str, told_of: str) -> None:
    write_ade20k(imagefolder(tmp_path / "data"))
    words = [*line.split(), "-o", str(tmp_path / "out")]

    message = error(*words, *([] if "--data" in line else ["--data", str(tmp_path / "data")]))

    assert message.startswith("error: ")
    assert told_of in message
    assert not (tmp_path / "out").exists()


def test_data_that_cannot_be_drawn_must_be_given(tmp_path: Path) -> None:
    assert error("detect", "random:mini_b", "--protocol", "voc07-c4@1", "-o", tmp_path / "out") == (
        "error: --data: expected the data folder for detect by voc07-c4@1, found none; give --data DIR\n"
    )


def test_a_suite_whose_data_are_not_there_is_refused_before_its_first_run(tmp_path: Path) -> None:
    content = {"baseline": "mini_random", "recipes": ["mini_random"], "protocols": {"detect": "miniature@1"}}
    path = write_toml(tmp_path / "tiny.toml", content | {"seeds": [0]})
    (tmp_path / "empty").mkdir()

    result = told("run", path, "--data", tmp_path / "empty", "-o", tmp_path / "out", "--jobs", "1")

    assert (result.exit_code, result.stdout) == (1, "")
    assert str(tmp_path / "empty") in result.stderr and not (tmp_path / "out").exists()


def test_a_folder_of_another_suite_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "suite.json").write_text("{}")

    assert "expected a suite, found something else" in error("demo", "-o", tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["suite.json"]
