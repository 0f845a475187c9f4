"""Who may teach: a classifier of the data's classes, in their order."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fabricate.imagefolder import imagefolder
from tests.runs.tiny import MACHINE, RECIPE, pretraining
from transferbench.errors import ConfigError
from transferbench.runs.cell import Cell
from transferbench.runs.execute import execute
from transferbench.runs.setting import prepare
from transferbench.tricks.bag import Bag


def student(teacher: Path, data: Path, folder: Path) -> Cell:
    tricks = Bag.model_validate({"distillation": {"teacher": str(teacher)}})
    return pretraining(data, folder, recipe=RECIPE.model_copy(update={"tricks": tricks}))


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Cell:
    folder = tmp_path_factory.mktemp("teacher")
    cell = pretraining(imagefolder(folder / "data"), folder / "run")
    execute(cell, MACHINE, lambda news: None)
    return cell


def renamed(data: Path, names: dict[str, str]) -> Path:
    for split in ("train", "val"):
        for old, new in names.items():
            (data / split / old).rename(data / split / new)
    return data


def test_a_teacher_of_as_many_other_classes_is_refused_before_anything_is_made(
    teacher: Cell, tmp_path: Path
) -> None:
    data = renamed(imagefolder(tmp_path / "data"), {"n01": "n04"})

    with pytest.raises(ConfigError) as caught:
        execute(student(teacher.folder, data, tmp_path / "run"), MACHINE, lambda news: None)

    assert str(caught.value) == (
        f"tricks.distillation.teacher: {str(teacher.folder)!r}: expected the data's classes in their order, "
        "found 'n01' as class 0, where the data have 'n02'; take a teacher trained on the same classes"
    )
    assert not (tmp_path / "run").exists()


def test_a_class_that_is_a_number_on_one_side_tells_nothing(teacher: Cell, tmp_path: Path) -> None:
    data = renamed(imagefolder(tmp_path / "data"), {"n01": "0", "n02": "1", "n03": "2"})

    setting = prepare(student(teacher.folder, data, tmp_path / "run"), MACHINE)

    assert setting.task.data.classes == ("0", "1", "2") and set(setting.lineage) == {"teacher"}
