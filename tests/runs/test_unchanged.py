"""Finished runs that are told from their files alone, and those that are left to who prepares a run."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.runs.tiny import DETECT, MACHINE, RECIPE, epochs, pretrained_world, pretraining, transfer
from transferbench.recipes.recipe import Recipe
from transferbench.runs import unchanged as module
from transferbench.runs.cell import Cell
from transferbench.runs.execute import execute
from transferbench.runs.index import finished_in
from transferbench.runs.queue import run_cells
from transferbench.runs.record import read_record, write_record
from transferbench.runs.setting import prepare
from transferbench.runs.unchanged import unchanged
from transferbench.tasks.catalog import open_task


def cells(root: Path) -> list[Cell]:
    """Returns a pretraining, a transfer of it, one of its weights shuffled, and one of random weights."""
    suite = root / "suite"
    first = pretraining(root / "folders", suite / "tiny" / "classify" / "seed0")
    weights = str(first.folder / "backbone.safetensors")
    named = {
        "tiny": (RECIPE, weights),
        "shuffled": (Recipe(name="shuffled", weights="shuffled:recipe:tiny"), f"shuffled:{weights}"),
        "random": (Recipe(name="random", weights="random:mini_b"), "random:mini_b"),
    }
    return [first] + [
        replace(
            transfer(DETECT, root, suite / name / "detect" / "seed0", weights=source),
            recipe=recipe,
            needs=() if name == "random" else (first.folder,),
        )
        for name, (recipe, source) in named.items()
    ]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a folder with data, and a suite whose runs are finished."""
    root = pretrained_world(tmp_path_factory.mktemp("unchanged"))
    for cell in cells(root):
        execute(cell, MACHINE, lambda news: None)
    return root


@pytest.fixture
def root(done: Path, tmp_path: Path) -> Path:
    """Returns a copy that may be spoilt."""
    return shutil.copytree(done, tmp_path / "copy")


def found(root: Path, asked: list[Cell] | None = None) -> list[str]:
    asked = asked or cells(root)
    return [
        str(cell.folder.relative_to(root / "suite").parents[1]) + "/" + cell.task for cell in _of(asked, root)
    ]


def _of(asked: list[Cell], root: Path) -> list[Cell]:
    return list(unchanged(asked, MACHINE, finished_in(root / "suite", is_kept=False)))


ALL = ["tiny/classify", "tiny/detect", "shuffled/detect", "random/detect"]


def test_what_nothing_has_changed_for_is_found_wherever_the_suite_lies(root: Path) -> None:
    assert found(root) == ALL


def test_the_identity_is_that_of_a_run_that_is_prepared(root: Path) -> None:
    records = unchanged(cells(root), MACHINE, finished_in(root / "suite"))

    assert {cell.label: record.identity for cell, record in records.items()} == {
        cell.label: prepare(cell, MACHINE).identity for cell in cells(root)
    }


def test_it_goes_to_no_process(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transferbench.runs.pool.Pool.give", lambda *_: pytest.fail("given"))

    progress = run_cells(
        cells(root), MACHINE, jobs=2, report=lambda news: None, finished=finished_in(root / "suite")
    )

    assert progress.found == len(progress.records) == len(progress.took) == 4 and not progress.waiting


def test_data_are_read_and_weights_hashed_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    for name in ("open_task", "found_at"):
        monkeypatch.setattr(module, name, _counted(getattr(module, name), name, calls))

    assert found(root, [*cells(root), *cells(root)]) == 2 * ALL
    assert sorted(calls) == ["found_at", "open_task", "open_task"]


def _counted(call: Callable[..., Any], name: str, calls: list[str]) -> Callable[..., Any]:
    def counted(*args: Any, **how: Any) -> Any:
        calls.append(name)
        return call(*args, **how)

    return counted


def test_other_pictures_leave_what_was_scored_on_them(root: Path) -> None:
    picture = next((root / "folders" / "train").rglob("*.[jp][pn]*g"))
    shutil.copy(picture, picture.with_stem("one_more"))

    assert found(root) == ["random/detect"]


def test_data_that_are_gone_or_broken_are_read_once_and_left_to_who_needs_them(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(root / "VOCdevkit")
    calls: list[str] = []
    monkeypatch.setattr(module, "open_task", _counted(open_task, "open_task", calls))

    assert found(root) == ["tiny/classify"] and len(calls) == 2


def test_other_weights_leave_what_was_made_of_them(root: Path) -> None:
    path = root / "suite" / "tiny" / "classify" / "seed0" / "backbone.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"?")

    assert found(root) == ["tiny/classify", "random/detect"]


def test_what_needs_a_run_that_may_be_done_anew_waits_for_it(root: Path) -> None:
    (root / "suite" / "tiny" / "classify" / "seed0" / "record.json").unlink()

    assert found(root) == ["random/detect"]


@pytest.mark.parametrize(
    "changes",
    [{"recipe": epochs(2)}, {"seed": 1}, {"pretraining_seed": 1}, {"limit": 8}, {"departures": ("x=1",)}],
)
def test_a_run_that_is_asked_for_otherwise_is_left(root: Path, changes: dict[str, Any]) -> None:
    first = replace(cells(root)[0], **changes)

    assert found(root, [first]) == []


def test_settings_of_weights_are_asked_for_as_well(root: Path) -> None:
    last = cells(root)[-1]
    recipe = Recipe(name="tiny", weights="random:mini_b", settings={"padding": "same"})

    assert found(root, [replace(last, recipe=recipe)]) == []


@pytest.mark.parametrize(
    "changes", [{"machine": {}}, {"identity": "another"}, {"data": {"root": "", "fingerprint": ""}}]
)
def test_only_the_identity_and_the_program_count(root: Path, changes: dict[str, Any]) -> None:
    folder = cells(root)[0].folder
    record = read_record(folder)
    assert record is not None
    write_record(folder, record.model_copy(update=changes))

    assert found(root, cells(root)[:1]) == (["tiny/classify"] if "data" in changes else [])


def test_a_network_like_that_in_a_file_is_left_to_who_reads_the_file(root: Path) -> None:
    weights = f"random:{root / 'pretrained'}"
    cell = transfer(DETECT, root, root / "suite" / "like" / "detect" / "seed0", weights=weights)
    execute(cell, MACHINE, lambda news: None)

    assert found(root, [cell]) == []
