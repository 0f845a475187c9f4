"""A run is followed to what it was made from, and each break is found."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fabricate.imagefolder import imagefolder
from tests.fabricate.voc import write_voc
from tests.runs.tiny import DETECT, MACHINE, RECIPE, pretraining, transfer
from transferbench.errors import RunError
from transferbench.runs.chain import Chain, trace
from transferbench.runs.execute import execute
from transferbench.runs.record import FILE_NAME, finished_record, write_record
from transferbench.tricks.bag import Bag
from transferbench.tricks.distillation import Distillation

STUDENT = RECIPE.model_copy(
    update={"name": "student", "tricks": Bag(distillation=Distillation(teacher="recipe:tiny"))}
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A suite's folder with a teacher, its student and what the student was fine-tuned to."""
    root = tmp_path_factory.mktemp("suite")
    data = imagefolder(root / "folders")
    write_voc(root)
    teacher, student = root / "tiny/classify/seed0", root / "student/classify/seed0"
    execute(pretraining(data, teacher), MACHINE, lambda news: None)
    taught = replace(pretraining(data, student, recipe=STUDENT), teacher=str(teacher))
    execute(taught, MACHINE, lambda news: None)
    weights = str(student / "backbone.safetensors")
    execute(
        transfer(DETECT, root, root / "student/detect/seed0", weights=weights), MACHINE, lambda news: None
    )
    execute(
        transfer(DETECT, root, root / "shuffled/detect/seed0", weights=f"shuffled:{weights}"),
        MACHINE,
        lambda news: None,
    )
    execute(
        transfer(DETECT, root, root / "random/detect/seed0", weights="random:mini_b"),
        MACHINE,
        lambda news: None,
    )
    return root


@pytest.fixture
def suite(finished: Path, tmp_path: Path) -> Iterator[Path]:
    """The same in a place of its own, the first one out of sight, as after a move."""
    aside = finished.with_name("aside")
    finished.rename(aside)
    shutil.copytree(aside, tmp_path / "suite")
    yield tmp_path / "suite"
    aside.rename(finished)


def roles(chain: Chain) -> list[str]:
    return [link.role for link in chain.links]


def test_a_transfer_comes_from_weights_these_from_a_pretraining_and_that_from_a_teacher(
    finished: Path,
) -> None:
    chain = trace(finished / "student/detect/seed0")

    assert roles(chain) == [
        "the teacher's pretraining",
        "the teacher's weights",
        "pretraining",
        "weights",
        "transfer",
    ]
    assert (chain.breaks, chain.open_ends) == ((), ())
    assert [found.holds for link in chain.links for found in link.findings] == [True] * 4


def test_the_links_carry_records_and_cards(finished: Path) -> None:
    *_, before, weights, last = trace(finished / "student/detect/seed0").links

    assert before.record == finished_record(finished / "student/classify/seed0")
    assert weights.card is not None
    assert weights.card.recipe["name"] == "student"
    assert weights.loaded_by == last.record == finished_record(finished / "student/detect/seed0")


def test_shuffled_weights_are_held_against_the_file_that_was_shuffled(finished: Path) -> None:
    chain = trace(finished / "shuffled/detect/seed0")

    assert roles(chain)[-2:] == ["weights", "transfer"]
    assert chain.breaks == ()


def test_random_weights_come_from_nowhere(finished: Path) -> None:
    chain = trace(finished / "random/detect/seed0")

    assert roles(chain) == ["random weights, the control", "transfer"]
    assert (chain.breaks, chain.open_ends) == ((), ())


def test_a_suite_that_was_moved_still_hangs_together(suite: Path) -> None:
    chain = trace(suite / "student/detect/seed0")

    assert len(chain.links) == 5
    assert chain.breaks == ()


def test_weights_that_were_written_anew_break_the_chain(suite: Path) -> None:
    path = suite / "student/classify/seed0/backbone.safetensors"
    shutil.copy(suite / "tiny/classify/seed0/backbone.safetensors", path)

    breaks = trace(suite / "student/detect/seed0").breaks

    assert len(breaks) == 2
    assert breaks[0] == f"{path}: expected weights of the run beside them, found a card with another recipe"
    assert breaks[1].startswith(f"{path}: expected the weights that the run loaded, sha256 ")


def test_weights_that_are_gone_break_the_chain_and_end_it(suite: Path) -> None:
    (suite / "student/classify/seed0/backbone.safetensors").unlink()

    chain = trace(suite / "student/detect/seed0")

    assert roles(chain) == ["weights", "transfer"]
    assert [text.partition(": ")[2] for text in chain.breaks] == [
        "expected the weights that the run loaded, found no such file"
    ]


def test_a_teacher_that_is_gone_breaks_the_chain(suite: Path) -> None:
    shutil.rmtree(suite / "tiny")

    breaks = trace(suite / "student/classify/seed0").breaks

    assert len(breaks) == 1
    assert breaks[0].endswith("expected the weights that the student learnt from, found no such file")


def test_a_pretraining_whose_scores_were_touched_does_not_pass_for_its_weights_own(suite: Path) -> None:
    folder = suite / "tiny/classify/seed0"
    record = finished_record(folder)
    write_record(folder, record.model_copy(update={"scores": {**record.scores, "classify/top1": 1.0}}))

    assert trace(folder).breaks == (
        f"{folder / 'backbone.safetensors'}: expected weights of the run beside them, found a card with "
        "another scores",
    )


def test_a_student_s_weights_name_their_teacher(suite: Path) -> None:
    folder = suite / "student/classify/seed0"
    record = finished_record(folder)
    assert record.teacher is not None
    teacher = record.teacher.model_copy(update={"sha256": "0" * 64})
    write_record(folder, record.model_copy(update={"teacher": teacher}))

    breaks = trace(folder).breaks

    assert f"that the student learnt from, sha256 {'0' * 64}, found others" in breaks[0]
    assert breaks[1].endswith("found a card with another teacher")


def test_another_name_for_the_recipe_breaks_nothing(suite: Path) -> None:
    folder = suite / "tiny/classify/seed0"
    record = finished_record(folder)
    recipe = record.resolved["recipe"] | {"name": "other", "about": "the same"}
    write_record(folder, record.model_copy(update={"resolved": record.resolved | {"recipe": recipe}}))

    assert trace(folder).breaks == ()


def test_weights_of_a_hub_are_not_fetched_and_not_proved(suite: Path) -> None:
    folder = suite / "random/detect/seed0"
    record = finished_record(folder)
    fetched = {"source": "resnet50d.gluon_in1k", "origin": "timm/resnet50d.gluon_in1k@abc:model.safetensors"}
    weights = record.weights | fetched | {"was_random": False, "sha256_from": "recorded before"}
    write_record(folder, record.model_copy(update={"weights": weights}))

    chain = trace(folder)

    assert (chain.breaks, len(chain.open_ends)) == ((), 1)
    assert chain.links[0].entry is not None
    assert "mixup" in chain.links[0].entry.row


def test_a_run_that_is_not_finished_has_no_chain(suite: Path) -> None:
    (suite / "student/detect/seed0" / FILE_NAME).unlink()

    with pytest.raises(
        RunError, match="expected the folder of a finished run, found one that has not finished"
    ):
        trace(suite / "student/detect/seed0")


def test_a_card_that_cannot_be_read_breaks_the_chain(suite: Path) -> None:
    path = suite / "tiny/classify/seed0/backbone.safetensors"
    path.write_bytes(path.read_bytes()[:100])

    (told,) = trace(suite / "tiny/classify/seed0").breaks

    assert told.startswith(f"{path}: expected a whole .safetensors file")
