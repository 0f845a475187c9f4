"""Who may write in the folder of a run, and what may be there already."""

import errno
import fcntl
import threading
from pathlib import Path

import pytest

from tests.runs.tiny import files_below
from transferbench.errors import RunError
from transferbench.runs.folder import LOCK_NAME, IfFull, opened


def message(folder: Path, if_full: IfFull) -> str:
    with pytest.raises(RunError) as caught, opened(folder, if_full, patience_seconds=0):
        pass
    return str(caught.value)


@pytest.mark.parametrize("if_full", ["refuse", "resume", "overwrite"])
def test_a_missing_folder_is_made_and_holds_no_lock_afterwards(tmp_path: Path, if_full: IfFull) -> None:
    folder = tmp_path / "a" / "b"

    with opened(folder, if_full):
        assert files_below(folder) == [LOCK_NAME]

    assert files_below(folder) == []


def test_a_full_folder_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    _fill(tmp_path, "last.ckpt", "metrics.jsonl")

    assert message(tmp_path, "refuse") == (
        f"{tmp_path}: expected an empty folder, found 'last.ckpt' and 1 more; "
        "give --resume to go on with it, --overwrite to start anew, or another --out"
    )
    assert files_below(tmp_path) == ["last.ckpt", "metrics.jsonl"]


def test_resuming_keeps_what_is_there(tmp_path: Path) -> None:
    _fill(tmp_path, "last.ckpt", "notes.txt")

    with opened(tmp_path, "resume"):
        pass

    assert files_below(tmp_path) == ["last.ckpt", "notes.txt"]


def test_overwriting_removes_all_that_a_run_writes(tmp_path: Path) -> None:
    _fill(tmp_path, "last.ckpt", "metrics.jsonl", "record.json", "predictions.npz", ".last.ckpt.7.part")
    _fill(tmp_path, "backbone.safetensors", "pictures/truth_0.png")

    with opened(tmp_path, "overwrite"):
        pass

    assert list(tmp_path.iterdir()) == []


def test_overwriting_leaves_a_folder_with_other_files_as_it_is(tmp_path: Path) -> None:
    _fill(tmp_path, "record.json", "thesis.tex")

    assert message(tmp_path, "overwrite") == (
        f"{tmp_path}: --overwrite empties the folder of a run, found 'thesis.tex', which no run writes; "
        "give another --out"
    )
    assert files_below(tmp_path) == ["record.json", "thesis.tex"]


def test_a_folder_that_another_is_at_work_in_is_refused(tmp_path: Path) -> None:
    with (tmp_path / LOCK_NAME).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        assert message(tmp_path, "resume") == (
            f"{tmp_path}: another process is at work on this run; wait for it, or give another --out"
        )


def test_a_lock_that_nobody_holds_does_not_keep_anyone_out(tmp_path: Path) -> None:
    _fill(tmp_path, LOCK_NAME)

    with opened(tmp_path, "refuse", patience_seconds=0):
        pass


def test_only_one_at_a_time_is_let_in(tmp_path: Path) -> None:
    inside = crowded = 0

    def visit() -> None:
        nonlocal inside, crowded
        for _ in range(5):
            with opened(tmp_path, "resume"):
                inside += 1
                crowded = max(crowded, inside)
                inside -= 1

    threads = [threading.Thread(target=visit) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert crowded == 1


def test_a_folder_below_a_file_is_refused(tmp_path: Path) -> None:
    _fill(tmp_path, "file")

    assert message(tmp_path / "file" / "run", "refuse") == (
        f"{tmp_path / 'file' / 'run'}: expected a folder that can be written, found Not a directory; "
        "give another --out"
    )


def test_an_error_inside_leaves_no_lock(tmp_path: Path) -> None:
    with pytest.raises(KeyError), opened(tmp_path, "refuse"):
        raise KeyError

    assert files_below(tmp_path) == []


def test_a_disk_that_is_full_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(RunError) as caught, opened(tmp_path, "refuse"):
        raise OSError(errno.ENOSPC, "No space left on device")

    assert str(caught.value) == (
        f"{tmp_path}: expected room to write, found 'No space left on device'; what was saved before is "
        "whole: make room and start again with --resume"
    )


def test_other_errors_of_the_system_keep_their_traceback(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="Input/output error"), opened(tmp_path, "refuse"):
        raise OSError(errno.EIO, "Input/output error")


def _fill(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("x")


def test_what_is_emptied_is_first_of_all_no_longer_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("backbone.safetensors", "last.ckpt", "record.json", "metrics.jsonl"):
        (tmp_path / name).touch()
    gone: list[str] = []
    unlink = Path.unlink

    def noted(path: Path, missing_ok: bool = False) -> None:
        gone.append(path.name)
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", noted)

    with opened(tmp_path, "overwrite"):
        assert gone[0] == "record.json" and len(gone) == 4
