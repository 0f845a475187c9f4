"""A finished run of another suite in place of one that would be the same."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fabricate.imagefolder import imagefolder
from tests.runs.tiny import MACHINE, RECIPE, epochs, files_below, pretraining
from transferbench.runs import reuse
from transferbench.runs.cell import Cell
from transferbench.runs.execute import execute
from transferbench.runs.record import Record, read_record


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Cell, Record]:
    """Returns a pretraining of another suite, and its record."""
    root = tmp_path_factory.mktemp("reuse")
    cell = replace(pretraining(imagefolder(root / "data"), root / "done"), suite="first")
    return cell, execute(cell, MACHINE, lambda news: None)


def again(trained: tuple[Cell, Record], folder: Path, **changes: object) -> tuple[Record, int]:
    """Returns the record of a run that may be taken over, and the number of steps that were done for it."""
    cell, record = trained
    steps: list[object] = []
    other = replace(cell, folder=folder, suite="second", **changes)  # type: ignore[arg-type]
    found = execute(other, MACHINE, steps.append, if_full="resume", elsewhere={record.identity: cell.folder})
    return found, len(steps)


def test_a_run_of_the_same_content_is_taken_over_under_the_names_that_are_asked_for(
    trained: tuple[Cell, Record], tmp_path: Path
) -> None:
    renamed = RECIPE.model_copy(update={"name": "other", "about": "of the second suite"})

    record, steps = again(trained, tmp_path / "run", recipe=renamed)

    assert steps == 0 and record.scores == trained[1].scores
    assert (record.suite, record.recipe, record.identity) == ("second", "other", trained[1].identity)
    assert record.resolved["recipe"]["about"] == "of the second suite"
    assert record.machine["taken_from"] == str(trained[0].folder)


def test_what_is_taken_over_is_whole(trained: tuple[Cell, Record], tmp_path: Path) -> None:
    record, _ = again(trained, tmp_path / "run")

    assert files_below(tmp_path / "run") == files_below(trained[0].folder)
    assert read_record(tmp_path / "run") == record
    for name in ("backbone.safetensors", "metrics.jsonl"):
        assert (tmp_path / "run" / name).read_bytes() == (trained[0].folder / name).read_bytes()


@pytest.mark.parametrize("can_link", [True, False])
def test_large_files_are_linked_where_they_can_be(
    trained: tuple[Cell, Record], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, can_link: bool
) -> None:
    monkeypatch.setattr(reuse, "_LINKED_FROM_BYTES", 10_000)
    if not can_link:
        monkeypatch.setattr("os.link", _refuse)

    again(trained, tmp_path / "run")

    ours, theirs = (folder / "backbone.safetensors" for folder in (tmp_path / "run", trained[0].folder))
    assert ours.samefile(theirs) == can_link and ours.read_bytes() == theirs.read_bytes()


def _refuse(source: Path, target: Path) -> None:
    raise OSError("no links here")


@pytest.mark.parametrize(
    "changes", [{"seed": 1}, {"recipe": epochs(2)}, {"limit": 8}, {"pretraining_seed": 1}]
)
def test_a_run_of_other_content_is_done(
    trained: tuple[Cell, Record], tmp_path: Path, changes: dict[str, object]
) -> None:
    record, steps = again(trained, tmp_path / "run", **changes)

    assert steps > 0 and "taken_from" not in record.machine


def test_a_run_whose_weights_are_gone_is_done_anew(trained: tuple[Cell, Record], tmp_path: Path) -> None:
    cell, record = trained
    hollow = tmp_path / "hollow"
    hollow.mkdir()
    (hollow / "record.json").write_bytes((cell.folder / "record.json").read_bytes())

    found, steps = again((replace(cell, folder=hollow), record), tmp_path / "run")

    assert steps > 0 and found.scores == record.scores


@pytest.mark.parametrize("content", ["{}", None])
def test_a_run_that_is_no_longer_what_the_index_says_is_done_anew(
    trained: tuple[Cell, Record], tmp_path: Path, content: str | None
) -> None:
    cell, record = trained
    stale = tmp_path / "stale"
    stale.mkdir()
    if content is not None:
        (stale / "record.json").write_text(content)

    _, steps = again((replace(cell, folder=stale), record), tmp_path / "run")

    assert steps > 0


def test_an_interrupted_taking_over_is_begun_anew(trained: tuple[Cell, Record], tmp_path: Path) -> None:
    (tmp_path / "run" / "pictures").mkdir(parents=True)
    (tmp_path / "run" / "pictures" / "half.png").touch()
    (tmp_path / "run" / "backbone.safetensors").write_bytes(b"half")

    again(trained, tmp_path / "run")

    assert files_below(tmp_path / "run") == files_below(trained[0].folder)


def test_a_run_that_is_done_anew_while_it_is_taken_is_not_taken(
    trained: tuple[Cell, Record], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell, record = trained
    source = Path(shutil.copytree(cell.folder, tmp_path / "source"))
    take = reuse._take

    def meanwhile(path: Path, target: Path) -> None:
        take(path, target)
        (source / "record.json").unlink(missing_ok=True)

    monkeypatch.setattr(reuse, "_take", meanwhile)

    found, steps = again((replace(cell, folder=source), record), tmp_path / "run")

    assert steps > 0 and found.scores == record.scores
