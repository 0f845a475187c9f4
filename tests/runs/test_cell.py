"""The runs of a suite."""

from dataclasses import replace
from pathlib import Path

from tests.recipes.files import recipe_file, suite_file
from transferbench.recipes.load import load_suite
from transferbench.runs.cell import Cell, cells_of
from transferbench.tasks.catalog import TaskName

DATA: dict[TaskName, Path] = {"classify": Path("c"), "detect": Path("d"), "segment": Path("s")}


def cells(folder: Path, *seeds: int) -> list[Cell]:
    """Returns the runs of a suite of one recipe that is trained and a control, for two tasks."""
    protocols = {"detect": "miniature@1", "segment": "miniature@1"}
    path = suite_file(folder, protocols=protocols)
    recipe_file(folder, protocol="miniature@1")
    suite, recipes = load_suite(path)
    return cells_of(suite, recipes, seeds=seeds, data=DATA, out=Path("out"))


def test_every_pretraining_comes_before_every_transfer(tmp_path: Path) -> None:
    assert [cell.label for cell in cells(tmp_path, 0, 5)] == [
        *("mine/classify/seed0", "mine/classify/seed5"),
        *("mine/detect/seed0", "mini_random/detect/seed0", "mine/segment/seed0", "mini_random/segment/seed0"),
        *("mine/detect/seed5", "mini_random/detect/seed5", "mine/segment/seed5", "mini_random/segment/seed5"),
    ]


def test_the_folder_of_a_run_is_its_label(tmp_path: Path) -> None:
    for cell in cells(tmp_path, 0, 5):
        assert cell.folder == Path("out") / cell.label


def test_a_transfer_needs_the_pretraining_of_its_own_seed(tmp_path: Path) -> None:
    for cell in cells(tmp_path, 0, 5):
        if cell.recipe.is_trained_here and cell.task != "classify":
            assert cell.needs == Path(f"out/mine/classify/seed{cell.seed}")
            assert cell.weights == f"{cell.needs}/backbone.safetensors"
        else:
            assert cell.needs is None


def test_a_control_takes_its_weights_and_a_pretraining_takes_none(tmp_path: Path) -> None:
    assert {(cell.recipe.name, cell.weights) for cell in cells(tmp_path, 0) if cell.needs is None} == {
        ("mine", None),
        ("mini_random", "random:mini_d"),
    }


def test_each_task_has_its_own_data(tmp_path: Path) -> None:
    assert all(cell.data == DATA[cell.task] for cell in cells(tmp_path, 0))


def test_what_departs_from_a_protocol_is_marked(tmp_path: Path) -> None:
    cell = cells(tmp_path, 0)[0]

    assert cell.protocol_key == "miniature@1"
    assert replace(cell, limit=4).protocol_key == "miniature@1 (changed)"
    assert replace(cell, departures=("plan.lr=1",)).protocol_key == "miniature@1 (changed)"


def test_a_cell_is_equal_to_itself_alone(tmp_path: Path) -> None:
    first = cells(tmp_path, 0)[0]

    assert len({first, replace(first)}) == 2
