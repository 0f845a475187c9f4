"""The runs of a suite."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.fabricate.toml import write_toml
from tests.recipes.files import recipe_file, student_file, suite_file
from transferbench.recipes.load import load_suite, load_teachers
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
            assert cell.needs == (Path(f"out/mine/classify/seed{cell.seed}"),)
            assert cell.weights == f"{cell.needs[0]}/backbone.safetensors"
        else:
            assert cell.needs == ()


def test_a_control_takes_its_weights_and_a_pretraining_takes_none(tmp_path: Path) -> None:
    assert {(cell.recipe.name, cell.weights) for cell in cells(tmp_path, 0) if not cell.needs} == {
        ("mine", None),
        ("mini_random", "random:mini_d"),
    }


def test_each_task_has_its_own_data(tmp_path: Path) -> None:
    assert all(cell.data == DATA[cell.task] for cell in cells(tmp_path, 0))


def of_teachers(folder: Path, *seeds: int, **changes: Any) -> dict[str, Cell]:
    """Returns, by label, the runs of a suite of a student, the student of that one, and who teaches both."""
    student_file(folder, "student.toml", "tall")
    student_file(folder, "second.toml", "student")
    for file in ("tall.toml", "mine.toml"):
        recipe_file(folder, file)
    content = {"recipes": ["second.toml", "student.toml", "mine.toml"], "teachers": ["tall.toml"]}
    path = suite_file(folder, **content | changes)
    recipes = (*load_suite(path)[1], *load_teachers(path))
    made = cells_of(load_suite(path)[0], recipes, seeds=seeds, data=DATA, out=Path("out"))
    return {cell.label: cell for cell in made}


def test_who_only_teaches_comes_first_and_transfers_nothing(tmp_path: Path) -> None:
    assert list(of_teachers(tmp_path, 0, 4)) == [
        *(f"{name}/classify/seed0" for name in ("tall", "second", "student", "mine")),
        *(f"{name}/classify/seed4" for name in ("tall", "second", "student", "mine")),
        *(f"{name}/detect/seed{seed}" for seed in (0, 4) for name in ("second", "student", "mine")),
    ]


def test_a_student_needs_the_run_of_its_teacher_of_the_same_seed(tmp_path: Path) -> None:
    found = of_teachers(tmp_path, 0, 4)

    for student, teacher in (("student", "tall"), ("second", "student")):
        for seed in (0, 4):
            cell = found[f"{student}/classify/seed{seed}"]
            assert cell.needs == (Path(f"out/{teacher}/classify/seed{seed}"),)
            assert cell.teacher == f"out/{teacher}/classify/seed{seed}/backbone.safetensors"


def test_nobody_else_has_a_teacher(tmp_path: Path) -> None:
    found = of_teachers(tmp_path, 0)

    taught = {label for label, cell in found.items() if cell.teacher is not None}
    assert taught == {"student/classify/seed0", "second/classify/seed0"}
    assert found["mine/classify/seed0"].needs == found["tall/classify/seed0"].needs == ()


def test_a_teacher_with_weights_of_its_own_is_not_waited_for(tmp_path: Path) -> None:
    write_toml(tmp_path / "public.toml", {"weights": "timm:resnet18"})
    student_file(tmp_path, "pupil.toml", "public")

    found = of_teachers(tmp_path, 0, recipes=["mine.toml", "pupil.toml"], teachers=["public.toml"])

    assert (found["pupil/classify/seed0"].teacher, found["pupil/classify/seed0"].needs) == (
        "timm:resnet18",
        (),
    )
    assert "public/classify/seed0" not in found


def test_a_suite_without_protocols_only_pretrains(tmp_path: Path) -> None:
    assert {cell.task for cell in of_teachers(tmp_path, 0, protocols=None).values()} == {"classify"}


def test_what_departs_from_a_protocol_is_marked(tmp_path: Path) -> None:
    cell = cells(tmp_path, 0)[0]

    assert cell.protocol_key == "miniature@1"
    assert replace(cell, limit=4).protocol_key == "miniature@1 (limit=4)"
    both = replace(cell, limit=4, departures=("frozen-backbone", "plan.lr=1"))
    assert both.protocol_key == "miniature@1 (frozen-backbone, plan.lr=1, limit=4)"


def test_a_cell_is_equal_to_itself_alone(tmp_path: Path) -> None:
    first = cells(tmp_path, 0)[0]

    assert len({first, replace(first)}) == 2


def of_suite(folder: Path, **changes: Any) -> dict[str, Cell]:
    """Returns, by label, the runs of a suite that pretrains one recipe and detects with its rows."""
    suite, recipes = load_suite(suite_file(folder, **{"recipes": ["mine.toml"], **changes}))
    made = cells_of(suite, recipes, seeds=(0, 4), data=DATA, out=Path("out"))
    return {cell.label: cell for cell in made}


def test_a_backbone_is_fine_tuned_as_often_as_the_suite_says(tmp_path: Path) -> None:
    found = of_suite(tmp_path, repeats=2)

    assert list(found) == [
        *("mine/classify/seed0", "mine/classify/seed4"),
        *("mine/detect/seed0", "mine/detect/seed1000", "mine/detect/seed4", "mine/detect/seed1004"),
    ]
    again = found["mine/detect/seed1004"]
    assert again.pretraining_seed == 4 and found["mine/detect/seed4"].pretraining_seed is None
    assert again.weights == "out/mine/classify/seed4/backbone.safetensors"
    assert again.needs == (Path("out/mine/classify/seed4"),)


def test_a_control_takes_the_weights_of_another_rows_run_of_the_same_seed(tmp_path: Path) -> None:
    control = {"weights": "shuffled:recipe:mine"}

    found = of_suite(tmp_path, recipes=["mine.toml", "control"], inline={"control": control})[
        "control/detect/seed4"
    ]

    assert found.weights == "shuffled:out/mine/classify/seed4/backbone.safetensors"
    assert found.needs == (Path("out/mine/classify/seed4"),)


def test_a_control_takes_the_weights_of_a_row_that_is_not_trained(tmp_path: Path) -> None:
    inline = {
        "own": {"weights": "own.pth", "arch": "resnet50_d", "settings": {"mean": [0.5, 0.5, 0.5]}},
        "mixed": {"weights": "shuffled:recipe:own"},
        "fresh": {"weights": "random:recipe:own"},
        "known": {"weights": "resnet50d.gluon_in1k"},
        "like": {"weights": "random:recipe:known"},
    }

    found = of_suite(tmp_path, recipes=["mine.toml", *inline], inline=inline)

    mixed, fresh = (found[f"{name}/detect/seed4"] for name in ("mixed", "fresh"))
    assert (mixed.weights, mixed.needs, mixed.recipe.arch) == ("shuffled:own.pth", (), "resnet50_d")
    assert mixed.recipe.settings == {"mean": [0.5, 0.5, 0.5]}
    assert (fresh.weights, fresh.recipe.arch) == ("random:resnet50_d", None)
    assert found["like/detect/seed4"].weights == "random:resnet50_d"


def test_a_limit_of_the_suite_is_one_of_every_run_and_stands_in_their_protocols(tmp_path: Path) -> None:
    found = of_suite(tmp_path, limit=8)

    assert {cell.limit for cell in found.values()} == {8}
    assert found["mine/detect/seed0"].protocol_key == "miniature@1 (limit=8)"
