"""What a folder of runs remembers of its suite."""

from pathlib import Path

import pytest

from transferbench.errors import RunError
from transferbench.recipes.load import load_suite
from transferbench.runs.suite_folder import FILE_NAME, recall_suite, remember_suite

SUITE, _ = load_suite("demo")


def message(folder: Path) -> str:
    with pytest.raises(RunError) as caught:
        remember_suite(folder, SUITE)
    return str(caught.value)


def test_a_suite_is_recalled_as_it_was_remembered(tmp_path: Path) -> None:
    remember_suite(tmp_path / "runs", SUITE)
    remember_suite(tmp_path / "runs", SUITE)

    assert recall_suite(tmp_path / "runs") == SUITE


def test_a_folder_without_a_suite_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert recall_suite(tmp_path) is None
    assert recall_suite(tmp_path / "missing") is None
    assert recall_suite(tmp_path / "file") is None


def test_a_folder_of_another_suite_is_refused(tmp_path: Path) -> None:
    remember_suite(tmp_path, SUITE.model_copy(update={"name": "other"}))

    assert message(tmp_path) == (
        f"{tmp_path}: expected the runs of the suite 'demo', found those of 'other'; give another --out"
    )


def test_rubbish_in_place_of_a_suite_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("[]")

    with pytest.raises(
        RunError, match=r"suite\.json: expected a suite, found something else \(.*; move it away"
    ):
        recall_suite(tmp_path)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert message(tmp_path / "file" / "runs") == (
        f"{tmp_path / 'file' / 'runs'}: expected a folder that can be written, found Not a directory; "
        "give another --out"
    )


def test_a_row_whose_transfers_are_done_keeps_its_weights(tmp_path: Path) -> None:
    before = SUITE.model_copy(update={"weights": {"mini_b": "a.pth"}})
    remember_suite(tmp_path, before)
    remember_suite(tmp_path, SUITE)  # nothing is done yet
    remember_suite(tmp_path, before)
    (tmp_path / "mini_b" / "detect" / "seed0").mkdir(parents=True)
    (tmp_path / "mini_b" / "detect" / "seed0" / "record.json").touch()

    assert message(tmp_path) == (
        f"{tmp_path}: expected --weights mini_b=a.pth, as its runs had, found none; give it so, or another "
        "--out"
    )
