"""Scores of pictures drawn anew, as a run keeps them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.runs.tiny import DETECT, MACHINE, SEGMENT, pretrained_world, transfer
from transferbench.errors import RunError
from transferbench.runs.execute import execute
from transferbench.runs.record import finished_record
from transferbench.runs.resample import (
    FILE_NAME,
    RESAMPLES,
    Replicates,
    drawn,
    replicates_of,
    write_replicates,
)
from transferbench.runs.rescore import rescore_run
from transferbench.tasks.base import Evidence

MAIN = {
    "pretrained": {"classify/top1", "classify/top5"},
    "detect": {"detect/map_voc07", "detect/map_area", "detect/coco_ap", "detect/coco_ap50"},
    "segment": {f"segment/{name}" for name in ("pix_acc", "miou", "mean_acc", "fw_iou")},
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of each task."""
    root = pretrained_world(tmp_path_factory.mktemp("world"))
    for name, protocol in (("detect", DETECT), ("segment", SEGMENT)):
        execute(
            transfer(protocol, root, root / name, weights=str(root / "pretrained")),
            MACHINE,
            lambda news: None,
        )
    return root


def evidence(pictures: tuple[str, ...], of_picture: list[float] | None = None) -> Evidence:
    """Returns pictures whose score is the mean of what each is worth."""
    values_N = np.arange(len(pictures)) / len(pictures) if of_picture is None else np.array(of_picture)
    return Evidence(
        pictures, values_N, lambda weights_NR: {"x": np.nan_to_num(values_N) @ weights_NR / len(pictures)}
    )


def kept(folder: Path, given: Evidence) -> Replicates:
    folder.mkdir()
    write_replicates(folder, given)
    found = replicates_of(folder)
    assert found is not None
    return found


@pytest.mark.parametrize("run", MAIN)
def test_a_run_keeps_the_main_scores_of_a_thousand_resamples(world: Path, run: str) -> None:
    replicates = replicates_of(world / run)

    assert replicates is not None
    assert set(replicates.scores) == MAIN[run]
    assert {len(values) for values in replicates.scores.values()} == {RESAMPLES}
    assert len(replicates.pictures) == finished_record(world / run).pictures["score"]


@pytest.mark.parametrize("run", ["detect", "segment"])
def test_every_picture_drawn_once_gives_the_scores_of_the_run(world: Path, run: str) -> None:
    rescored = rescore_run(world / run)
    count = rescored.task.data.pictures["score"]

    scores = rescored.task.evidence(rescored.outcome).scores(np.ones((count, 1)))

    record = finished_record(world / run)
    assert {name: float(values[0]) for name, values in scores.items()} == pytest.approx(
        {name: record.scores[name] for name in scores}, abs=1e-12
    )


@pytest.mark.parametrize("run", MAIN)
def test_resamples_are_centred_on_the_scores_of_the_run(world: Path, run: str) -> None:
    replicates = replicates_of(world / run)

    assert replicates is not None
    scores = finished_record(world / run).scores
    assert {name: values.mean() for name, values in replicates.scores.items()} == pytest.approx(
        {name: scores[name] for name in replicates.scores}, abs=1e-12
    )


def test_pictures_are_called_the_same_wherever_the_data_lie(world: Path) -> None:
    names = {run: replicates.pictures[0] for run in MAIN if (replicates := replicates_of(world / run))}

    assert len(names) == 3
    assert not any(str(world) in name for name in names.values())


def test_runs_on_the_same_pictures_meet_the_same_resamples(tmp_path: Path) -> None:
    pictures = tuple("abcdefgh")

    one, other = (
        kept(tmp_path / "one", evidence(pictures)),
        kept(tmp_path / "other", evidence(pictures, [1.0] * 8)),
    )

    assert one.is_paired_with(other)
    assert kept(tmp_path / "again", evidence(pictures)).scores["x"].tolist() == one.scores["x"].tolist()


def test_other_pictures_are_drawn_otherwise(tmp_path: Path) -> None:
    one, other = (
        kept(tmp_path / "one", evidence(tuple("abcd"))),
        kept(tmp_path / "other", evidence(tuple("abce"))),
    )

    assert not one.is_paired_with(other)
    assert one.scores["x"].tolist() != other.scores["x"].tolist()


def test_a_resample_draws_as_many_pictures_as_there_are() -> None:
    weights_RN = np.concatenate(list(drawn(b"0123456789abcdef", 50)))

    assert weights_RN.shape == (RESAMPLES, 50)
    assert set(weights_RN.sum(axis=1).tolist()) == {50}
    # Each picture is drawn once on average; its number is binomial.
    assert weights_RN.mean(axis=0) == pytest.approx(1.0, abs=0.15)
    assert weights_RN.var() == pytest.approx(1 - 1 / 50, rel=0.03)


def test_the_spread_over_resamples_is_the_standard_error_of_a_mean(tmp_path: Path) -> None:
    values = np.random.default_rng(0).random(400)

    replicates = kept(tmp_path / "run", evidence(tuple(map(str, range(400))), values.tolist()))

    assert replicates.scores["x"].std() == pytest.approx(values.std() / 20, rel=0.08)


def test_what_each_picture_is_worth_is_kept_with_its_name(tmp_path: Path) -> None:
    replicates = kept(tmp_path / "run", evidence(("a", "b\udcff"), [0.25, np.nan]))

    assert replicates.pictures == ("a", "b\udcff")
    np.testing.assert_array_equal(replicates.of_picture_N, np.array([0.25, np.nan], np.float32))


def test_a_run_of_an_older_version_has_none(tmp_path: Path) -> None:
    assert replicates_of(tmp_path) is None


@pytest.mark.parametrize("damage", [lambda content: b"", lambda content: content[: len(content) // 2]])
def test_a_broken_file_is_told(tmp_path: Path, damage: object) -> None:
    kept(tmp_path / "run", evidence(("a", "b")))
    path = tmp_path / "run" / FILE_NAME
    assert callable(damage)
    path.write_bytes(damage(path.read_bytes()))

    with pytest.raises(RunError, match=r"replicates\.npz: expected the resampled scores of a run, found"):
        replicates_of(tmp_path / "run")


def test_another_archive_is_told(tmp_path: Path) -> None:
    np.savez(tmp_path / FILE_NAME, other=np.zeros(3))

    with pytest.raises(RunError, match="remove it, and they are left out"):
        replicates_of(tmp_path)


def test_reading_needs_no_torch() -> None:
    code = "import sys, transferbench.runs.resample; print({'torch', 'numpy', 'scipy'} & set(sys.modules))"

    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout

    assert loaded == "set()\n"
