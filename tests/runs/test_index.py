"""The finished runs of a folder, read once."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from tests.fabricate.records import record
from transferbench.recipes.load import load_suite
from transferbench.runs import index
from transferbench.runs.index import FILE_NAME, Beside, Finished, finished_beside, finished_in
from transferbench.runs.record import write_record
from transferbench.runs.suite_folder import remember_suite


def with_runs(folder: Path, *recipes: str) -> Path:
    """Writes a suite's folder with a run of each recipe; returns it."""
    remember_suite(folder, load_suite("demo")[0])
    for recipe in recipes:
        written(folder, recipe)
    return folder


def written(folder: Path, recipe: str, **other: object) -> Path:
    run = folder / recipe / "detect" / "seed0"
    run.mkdir(parents=True, exist_ok=True)
    write_record(run, record(recipe, "detect", 0, {"map_voc07": 0.5}, **other))
    return run


def test_a_finished_run_is_found_with_what_tells_it_apart(tmp_path: Path) -> None:
    folder = with_runs(tmp_path / "demo", "B")

    [(path, entry)] = finished_in(folder).items()

    assert path == folder / "B" / "detect" / "seed0"
    assert (entry.identity, entry.recipe, entry.task) == ("B-detect-0", "B", "detect")
    assert (entry.protocol, entry.wall_seconds) == ("miniature@1", 80.0)


def test_a_record_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = with_runs(tmp_path / "demo", "B", "D")
    first = finished_in(folder)

    monkeypatch.setattr(index, "_entry", lambda path, stat: pytest.fail(f"read {path}"))

    assert finished_in(folder) == first


def test_a_record_that_has_changed_is_read_again_and_one_that_is_gone_is_dropped(tmp_path: Path) -> None:
    folder = with_runs(tmp_path / "demo", "B", "D")
    finished_in(folder)

    written(folder, "B", identity="another one")
    (folder / "D" / "detect" / "seed0" / "record.json").unlink()

    assert [entry.identity for entry in finished_in(folder).values()] == ["another one"]


@pytest.mark.parametrize(
    "content", ["", "[]", '{"format": 1, "runs": {"B/detect/seed0": [1]}}', '{"format": 9}']
)
def test_rubbish_in_its_place_is_read_anew_from_the_records(tmp_path: Path, content: str) -> None:
    folder = with_runs(tmp_path / "demo", "B")
    (folder / FILE_NAME).write_text(content)

    assert [entry.recipe for entry in finished_in(folder).values()] == ["B"]
    assert (folder / FILE_NAME).read_text() != content


def test_a_broken_record_is_no_finished_run(tmp_path: Path) -> None:
    folder = with_runs(tmp_path / "demo", "B")
    (written(folder, "D") / "record.json").write_text('{"task": "detect"}')

    assert [entry.recipe for entry in finished_in(folder).values()] == ["B"]


def test_nothing_is_written_where_it_is_only_looked_at(tmp_path: Path) -> None:
    folder = with_runs(tmp_path / "demo", "B")

    finished_in(folder, is_kept=False)

    assert not (folder / FILE_NAME).exists()


def test_runs_of_other_suites_and_of_none_are_found_and_nothing_else(tmp_path: Path) -> None:
    own = with_runs(tmp_path / "own", "A")
    with_runs(tmp_path / "other", "B")
    written(tmp_path / "single", "C")
    written(tmp_path / "of another program", "D")

    found: dict[Path, Finished] = finished_beside(own)

    assert sorted(entry.recipe for entry in found.values()) == ["B", "C"]


def test_a_folder_that_is_not_there_yet_has_no_runs(tmp_path: Path) -> None:
    assert finished_in(tmp_path / "nothing") == finished_beside(tmp_path / "no" / "thing") == {}


def test_transfers_of_the_same_seed_of_other_backbones_were_asked_for_otherwise(tmp_path: Path) -> None:
    folder = with_runs(tmp_path / "demo", "B", "D")
    written(folder, "B", pretraining_seed=7)
    written(folder, "D", pretraining_seed=8)

    entries = finished_in(folder).values()

    assert len({entry.asked for entry in entries}) == 2


def test_what_another_suite_finishes_meanwhile_is_found_beside_in_another_process_too(tmp_path: Path) -> None:
    other = with_runs(tmp_path / "other")
    beside = pickle.loads(pickle.dumps(Beside(tmp_path / "own")))
    before = dict(beside)

    run = written(other, "B")

    assert before == {}
    assert (beside.get("B-detect-0"), beside.get("none")) == (run, None)
