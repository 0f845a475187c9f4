"""What is remembered of a run that failed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.fabricate.records import record
from tests.runs.tiny import epochs, pretraining
from transferbench import __version__
from transferbench.errors import DataError, RunError
from transferbench.runs.cell import Cell
from transferbench.runs.failure import (
    FILE_NAME,
    ended,
    failure_of,
    forget_failure,
    recall_failure,
    remember_failure,
)
from transferbench.runs.folder import opened
from transferbench.runs.record import write_record


def failed(folder: Path) -> Cell:
    """Returns a run that is remembered as failed."""
    cell = pretraining(Path("data"), folder / "run")
    remember_failure(cell, failure_of(cell, DataError("data: expected pictures, found none; add some")))
    return cell


def test_an_error_of_the_user_is_remembered_as_it_was_told(tmp_path: Path) -> None:
    failure = recall_failure(failed(tmp_path))

    assert failure is not None
    assert (failure.cell, failure.kind) == ("tiny/classify/seed0", "error")
    assert (failure.message, failure.traceback) == ("data: expected pictures, found none; add some", "")
    assert failure.transferbench == __version__ and failure.when.endswith("+00:00")


def test_a_bug_is_remembered_with_its_traceback(tmp_path: Path) -> None:
    cell = pretraining(Path("data"), tmp_path)

    try:
        raise ZeroDivisionError("by nothing")
    except ZeroDivisionError as error:
        failure = failure_of(cell, error)

    assert failure.kind == "bug"
    assert failure.message.startswith("ZeroDivisionError: by nothing; this is a bug")
    assert "test_a_bug_is_remembered_with_its_traceback" in failure.traceback


@pytest.mark.parametrize(("status", "kind", "is_kept"), [(-9, "ended", True), (0, "stopped", False)])
def test_a_process_that_saved_its_state_when_asked_has_not_failed(
    tmp_path: Path, status: int, kind: str, is_kept: bool
) -> None:
    cell = pretraining(Path("data"), tmp_path)

    remember_failure(cell, ended(cell, status))

    assert ended(cell, status).kind == kind
    assert (recall_failure(cell) is not None) == is_kept


def test_other_settings_have_not_failed_but_another_name_has(tmp_path: Path) -> None:
    cell = failed(tmp_path)
    renamed = cell.recipe.model_copy(update={"name": "other", "about": "the same"})

    assert recall_failure(replace(cell, recipe=epochs(2))) is None
    assert recall_failure(replace(cell, seed=1)) is None
    assert recall_failure(replace(cell, limit=4)) is None
    assert recall_failure(replace(cell, recipe=renamed)) is not None


def test_a_run_that_has_finished_since_has_not_failed(tmp_path: Path) -> None:
    cell = failed(tmp_path)
    write_record(cell.folder, record("tiny", "classify", 0, {"top1": 0.5}))

    assert recall_failure(cell) is None


def test_a_failure_can_be_forgotten_twice(tmp_path: Path) -> None:
    cell = failed(tmp_path)

    forget_failure(cell)
    forget_failure(cell)

    assert not (cell.folder / FILE_NAME).exists()


def test_rubbish_in_its_place_is_no_failure(tmp_path: Path) -> None:
    cell = failed(tmp_path)
    (cell.folder / FILE_NAME).write_text('{"cell": 3')

    assert recall_failure(cell) is None


def test_a_disk_that_takes_nothing_more_takes_no_note(tmp_path: Path) -> None:
    (tmp_path / "run").touch()  # no folder can be made there

    assert recall_failure(failed(tmp_path)) is None


def test_what_another_process_is_at_work_on_is_not_remembered_as_failed(tmp_path: Path) -> None:
    cell = pretraining(tmp_path / "data", tmp_path / "run")
    failure = failure_of(cell, RunError("another process is at work on this run"))

    with opened(cell.folder, "resume"):
        remember_failure(cell, failure)
        assert recall_failure(cell) is None

    remember_failure(cell, failure)
    assert recall_failure(cell) == failure
