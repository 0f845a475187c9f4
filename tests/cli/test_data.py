"""`data make`, `data pack` and `data verify`."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from tests.cli.command import error, told
from tests.fabricate.broken import FAULTY, ODD, sound_folders
from tests.miniature.tiny import TINY
from tests.real_data import real_data
from transferbench.backbones.weights.first_use import CACHE_VARIABLE
from transferbench.miniature import sizes
from transferbench.tasks.classify.pack.shard import Shard


def test_a_world_is_drawn_once_and_then_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sizes.SIZES, "small", TINY)

    first, second = (told("data", "make", tmp_path / "world") for _ in range(2))

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "drawn in" in first.stderr and "found in" in second.stderr
    assert first.stdout == second.stdout
    assert "imagenet/train      48 pictures" in first.stdout


def test_an_unknown_size_is_refused(tmp_path: Path) -> None:
    message = error("data", "make", tmp_path / "world", "--size", "huge")

    assert message == "error: --size: expected one of small, medium, large, found 'huge'\n"
    assert not (tmp_path / "world").exists()


def test_a_folder_with_something_else_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()

    assert error("data", "make", tmp_path).startswith(f"error: {tmp_path}: ")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_folder_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert "found Not a directory" in error("data", "make", tmp_path / "file" / "world")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Returns sound pictures; indexes of shards go beside them."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    return sound_folders(tmp_path / "data")


def test_packing_says_what_was_written(root: Path, tmp_path: Path) -> None:
    result = told("data", "pack", root, tmp_path / "out", "--per-shard", "4", "-j", "1")

    assert result.exit_code == 0
    assert result.stdout == (
        " train         6 pictures      2 shards        0.0 MB\n"
        "   val         6 pictures      2 shards        0.0 MB\n"
    )
    assert result.stderr.startswith("packed in ") and result.stderr.endswith(f" s; in {tmp_path / 'out'}\n")


@pytest.mark.parametrize("flag", ["--short-side", "--quality", "--per-shard", "--workers"])
def test_a_number_below_one_is_a_usage_error(root: Path, tmp_path: Path, flag: str) -> None:
    result = told("data", "pack", root, tmp_path / "out", flag, "0")

    assert result.exit_code == 2
    assert not (tmp_path / "out").exists()


def test_packing_into_the_pictures_is_refused(root: Path) -> None:
    assert error("data", "pack", root, root / "out") == (
        f"error: {root / 'out'}: expected a folder apart from the pictures, found that it and {root} are the "
        "same or one in the other; give another folder\n"
    )


def test_a_signal_while_packing_becomes_the_exit_status_and_the_same_call_goes_on(
    root: Path, tmp_path: Path
) -> None:
    command = "data", "pack", root, tmp_path / "out", "--per-shard", "4", "-j", "1"

    def end(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Shard, "close", end)
        result = told(*command)

    assert (result.exit_code, result.stdout) == (143, "")
    assert "start again to go on" in result.stderr
    assert told(*command).exit_code == 0


def test_a_sound_data_set_is_told_in_a_table(root: Path) -> None:
    result = told("data", "verify", root)

    assert result.exit_code == 0
    assert result.stdout == (
        "split         pictures  classes  of a class\n"
        "train                6        3  2\n"
        "val                  6        3  2\n"
        "\n"
        "sound: 0 faults, 0 remarks\n"
    )
    assert result.stderr.startswith("read 12 pictures in ")


def test_faults_come_first_and_are_the_exit_status(root: Path) -> None:
    (root / "train" / "n01" / "cut.jpg").write_bytes(FAULTY["cut.jpg"][0]())
    for number in range(12):
        (root / "val" / "n02" / f"{number:02}.jpg").write_bytes(ODD["grey.jpg"][0]() + bytes([number]))

    result = told("data", "verify", root)

    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[3:6] == [
        "",
        "faults",
        "  train    truncated                1  the file breaks off, or a JPEG has no end marker",
    ]
    assert lines[6].startswith(f"           {root / 'train' / 'n01' / 'cut.jpg'}: ")
    assert lines[9] == "  val      grey                    12  the reader makes it RGB"
    assert lines[-3] == "           and 2 more, which --format json names"
    assert lines[-1] == "not sound: 1 faults, 12 remarks"


def test_remarks_alone_are_no_failure(root: Path) -> None:
    (root / "val" / "n02" / "turned.jpg").write_bytes(ODD["turned.jpg"][0]())

    result = told("data", "verify", root)

    assert result.exit_code == 0
    assert result.stdout.endswith("sound: 0 faults, 1 remarks\n")


def test_json_names_every_picture(root: Path) -> None:
    for number in range(12):
        (root / "val" / "n02" / f"{number:02}.jpg").write_bytes(FAULTY["page.jpg"][0]())

    result = told("data", "verify", root, "--format", "json", "--split", "val")

    said = json.loads(result.stdout)
    assert (result.exit_code, said["is_sound"], said["protocol"]) == (1, False, None)
    assert said["splits"] == {"val": {"pictures": 18, "classes": 3, "least": 2, "most": 14}}
    (finding,) = said["findings"]
    assert (finding["kind"], finding["is_fault"], finding["split"]) == ("no picture", True, "val")
    assert [Path(each["what"]).name for each in finding["found"]] == [f"{n:02}.jpg" for n in range(12)]


def test_a_named_protocol_holds_the_data_to_what_was_published(root: Path) -> None:
    for split in ("train", "val"):
        for name, synset in (("n01", "n01440764"), ("n02", "n01443537"), ("n03", "n01484850")):
            (root / split / name).rename(root / split / synset)

    result = told("data", "verify", root, "--protocol", "imagenet@1")

    assert result.exit_code == 1
    assert "pictures: 6, published are 1,281,167: a subset\n" in result.stdout
    assert "n01443537: 2 pictures, published are 732 to 1,300\n" in result.stdout
    assert told("data", "verify", root).exit_code == 0


def test_shards_that_changed_are_told_even_where_they_cannot_be_opened(root: Path, tmp_path: Path) -> None:
    told("data", "pack", root, tmp_path / "out")
    (tmp_path / "out" / "val-000000.tar").unlink()

    result = told("data", "verify", tmp_path / "out")

    assert result.exit_code == 1
    assert f"{tmp_path / 'out' / 'val-000000.tar'}: No such file or directory\n" in result.stdout
    assert "not opened: " in result.stdout


@pytest.mark.slow
def test_pictures_of_another_task_are_verified_too() -> None:
    result = told("data", "verify", real_data("camvid_small"), "--protocol", "camvid-small@1")

    assert result.exit_code == 0
    assert "\ntrain              367\nval                101\n" in result.stdout


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--split", "test"), "--split: expected train or val, found 'test'\n"),
        (("--format", "xml"), "--format: expected text or json, found 'xml'\n"),
        (
            ("--protocol", "imagenet"),
            "--protocol 'imagenet': expected one of `list protocols`, found none; "
            "the nearest is 'imagenet@1'\n",
        ),
    ],
)
def test_a_flag_that_says_nothing_known_is_refused(root: Path, flags: tuple[str, ...], message: str) -> None:
    assert error("data", "verify", root, *flags) == f"error: {message}"


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert error("data", "verify", tmp_path / "nowhere").startswith(
        f"error: {tmp_path / 'nowhere'}: expected a folder of labelled pictures, found none"
    )


def test_real_pictures_of_all_kinds_of_folders_are_sound() -> None:
    result = told("data", "verify", real_data("imagenet_sample"))

    assert result.exit_code == 0
    assert "pictures           125      125  1\n" in result.stdout
