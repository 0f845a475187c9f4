from pathlib import Path

import pytest

from tests.fabricate.records import top1
from transferbench.errors import RunError
from transferbench.runs.record import find_records, find_runs, write_record


def _write(folder: Path, recipe: str = "B", seed: int = 0) -> None:
    folder.mkdir(parents=True)
    write_record(folder, top1(recipe, *[0.5] * (seed + 1))[seed])


def test_runs_are_found_in_the_order_of_their_paths(tmp_path: Path) -> None:
    for name, seed in (("b", 0), ("a", 1), ("a", 0)):
        _write(tmp_path / name / "classify" / f"seed{seed}", name, seed)

    found = find_runs(tmp_path)

    folders = [str(folder.relative_to(tmp_path)) for folder in found]
    assert folders == ["a/classify/seed0", "a/classify/seed1", "b/classify/seed0"]
    assert list(found.values()) == find_records(tmp_path)


def test_a_folder_that_is_a_run_itself_is_found(tmp_path: Path) -> None:
    _write(tmp_path / "run")

    assert list(find_runs(tmp_path / "run")) == [tmp_path / "run"]


def test_what_lies_within_a_run_is_not_looked_at(tmp_path: Path) -> None:
    _write(tmp_path / "run")
    _write(tmp_path / "run" / "copy", "C")

    assert [record.recipe for record in find_records(tmp_path)] == ["B"]


def test_links_to_folders_are_passed_by(tmp_path: Path) -> None:
    _write(tmp_path / "run")
    (tmp_path / "again").symlink_to(tmp_path)

    assert len(find_runs(tmp_path)) == 1


def test_a_folder_that_is_not_there_holds_no_runs(tmp_path: Path) -> None:
    assert find_runs(tmp_path / "missing") == {}


def test_a_record_that_is_none_is_told(tmp_path: Path) -> None:
    _write(tmp_path / "run")
    (tmp_path / "run" / "record.json").write_text("{")

    with pytest.raises(RunError, match=r"record.json: expected the record of a finished run"):
        find_runs(tmp_path)


@pytest.mark.parametrize("layout", ["as written", "on one line"])
def test_the_scores_of_single_classes_can_be_passed_over(tmp_path: Path, layout: str) -> None:
    whole = top1("B", 0.5)[0].model_copy(update={"per_class": {"detect/\n },\n": {"a }": 0.5, "b": None}}})
    write_record(tmp_path, whole)
    if layout == "on one line":
        (tmp_path / "record.json").write_text(whole.model_dump_json())

    (found,) = find_runs(tmp_path, has_classes=False).values()

    expected = {} if layout == "as written" else whole.per_class
    assert found == whole.model_copy(update={"per_class": expected})
