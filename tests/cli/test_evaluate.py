"""`evaluate`: what a run, or another tool, has found is worth."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.command import error, told
from tests.fabricate.imagefolder import imagefolder
from tests.fabricate.toml import write_toml
from tests.fabricate.voc import write_scene, write_voc
from tests.runs.tiny import DETECT, MACHINE, pretraining, transfer
from transferbench.runs.execute import execute
from transferbench.runs.resample import write_replicates
from transferbench.tasks.base import Evidence

HEADLINES = ["detect/map_voc07", "detect/map_area", "detect/coco_ap", "detect/coco_ap50"]
RULES = DETECT.model_copy(
    update={"name": "tiny", "data": DETECT.data.model_copy(update={"classes": ("cat", "dog")})}
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data, the file of a protocol, and two runs by it."""
    root = tmp_path_factory.mktemp("world")
    write_voc(root)
    write_toml(root / "tiny.toml", RULES.model_dump(mode="json", exclude={"name"}))
    for name in ("mini_b", "mini_d"):
        execute(transfer(RULES, root, root / name, weights=f"random:{name}"), MACHINE, lambda news: None)
    return root


def truth_as_results(root: Path) -> list[dict[str, object]]:
    """Returns the objects of `write_voc`'s test split, as a tool that finds them all says them."""
    cat, dog = ((20, 2, 24, 28), 1), ((4, 4, 16, 20), 2)
    seen = (("000100", (cat, dog)), ("000102", (dog,)), ("000103", (cat,)))
    return [
        {"image_id": stem, "category_id": number, "bbox": list(box), "score": 0.9}
        for stem, objects in seen
        for box, number in objects
    ]


def scored(predictions: Path, world: Path) -> dict[str, Any]:
    """Returns what `evaluate` says of another tool's predictions."""
    where = ("--predictions", predictions, "--data", world, "--protocol", world / "tiny.toml")
    return dict(json.loads(told("evaluate", *where, "--format", "json").stdout))


def test_a_run_is_scored_again_as_its_record_has_it(world: Path) -> None:
    record = json.loads((world / "mini_b" / "record.json").read_text())

    result = told("evaluate", world / "mini_b", "--format", "json")

    content = json.loads(result.stdout)
    assert (result.exit_code, result.stderr) == (0, "")
    assert (content["scores"], content["per_class"]) == (record["scores"], record["per_class"])
    assert (content["protocol"], content["pictures"]) == ("tiny@1", 4)


def test_text_has_every_score_and_every_class_with_its_objects(world: Path) -> None:
    lines = told("evaluate", world / "mini_b").stdout.splitlines()

    assert lines[0] == f"tiny@1, 4 pictures of {world}; scores in percent"
    assert "detect/map_voc07" in lines[1]
    assert any(line.split()[:3] == ["cat", "2", "0"] for line in lines)
    assert any(line.split()[:3] == ["dog", "2", "1"] for line in lines)


def test_the_difference_of_two_runs_is_told_score_by_score(world: Path) -> None:
    one, other = (
        json.loads(told("evaluate", world / name, "--format", "json").stdout)["scores"]
        for name in ("mini_b", "mini_d")
    )

    both = told("evaluate", world / "mini_b", "--against", world / "mini_d", "--format", "json")

    difference = json.loads(both.stdout)["difference"]
    assert difference["detect/lost_missed"] == one["detect/lost_missed"] - other["detect/lost_missed"]
    assert set(difference) == set(one)


def test_the_difference_of_each_class_is_told_too(world: Path, tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text(json.dumps(truth_as_results(world)))
    run = json.loads((world / "mini_d" / "record.json").read_text())
    where = ("--predictions", path, "--data", world, "--protocol", world / "tiny.toml")

    result = told("evaluate", *where, "--against", world / "mini_d", "--format", "json")

    found = json.loads(result.stdout)["difference_per_class"]
    theirs = run["per_class"]["detect/map_area"]
    assert found["detect/map_area"] == {"cat": 1.0 - theirs["cat"], "dog": 1.0 - theirs["dog"]}
    assert found.keys() <= run["scores"].keys()


def test_the_differences_of_classes_stand_behind_their_scores(world: Path, tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text(json.dumps(truth_as_results(world)))
    where = ("--predictions", path, "--data", world, "--protocol", world / "tiny.toml")

    result = told("evaluate", *where, "--against", world / "mini_d")

    cat = next(line for line in result.stdout.splitlines() if line.startswith("cat"))
    assert "100.0 +" in cat
    assert "no intervals: predictions of another tool were not resampled" in result.stdout


def resample(folder: Path, worth: Sequence[float], *, pictures: str = "abcd") -> None:
    """Writes resamples of a run whose score is the mean of what its pictures are worth."""
    worth_N = np.array(worth)

    def scores(weights_NR: np.ndarray) -> dict[str, np.ndarray]:
        return {"detect/map_voc07": worth_N @ weights_NR / weights_NR.sum(0)}

    write_replicates(folder, Evidence(tuple(pictures), worth_N, scores))


@pytest.fixture
def resampled(world: Path, tmp_path: Path) -> Path:
    """The two runs, with resamples of which the first is better on every one."""
    for name, worth in (("mini_b", (0.5, 0.6, 0.7, 0.8)), ("mini_d", (0.4, 0.4, 0.4, 0.4))):
        shutil.copytree(world / name, tmp_path / name)
        resample(tmp_path / name, worth)
    return tmp_path


def test_a_difference_has_its_interval_over_the_same_pictures(resampled: Path) -> None:
    runs = ("evaluate", resampled / "mini_b", "--against", resampled / "mini_d")

    content, text = json.loads(told(*runs, "--format", "json").stdout), told(*runs)

    (interval,) = content["difference_over_pictures"].values()
    assert 0.1 < interval["low"] < 0.25 < interval["high"] < 0.4
    brackets = f"[{100 * interval['low']:+.2f}, {100 * interval['high']:+.2f}]"
    assert brackets in text.stdout.splitlines()[3]
    assert "in brackets, 95 % intervals over pictures" in text.stdout


def test_runs_resampled_on_other_pictures_have_no_interval(resampled: Path) -> None:
    runs = ("evaluate", resampled / "mini_b", "--against", resampled / "mini_d")

    resample(resampled / "mini_d", (0.4, 0.4, 0.4, 0.5), pictures="abce")
    others = told(*runs)

    assert "no intervals: the two runs were resampled on other pictures" in others.stdout
    assert "[" not in others.stdout.splitlines()[3]


def test_a_run_of_an_older_version_is_resampled_first(resampled: Path) -> None:
    (resampled / "mini_b" / "replicates.npz").unlink()
    (resampled / "mini_d" / "replicates.npz").unlink()

    content = json.loads(
        told("evaluate", resampled / "mini_b", "--against", resampled / "mini_d", "--format", "json").stdout
    )

    assert "no intervals" not in json.dumps(content)
    assert (resampled / "mini_b" / "replicates.npz").is_file()


def test_an_older_run_on_other_data_has_no_interval_and_that_is_told(resampled: Path, tmp_path: Path) -> None:
    (resampled / "mini_b" / "replicates.npz").unlink()
    write_voc(tmp_path / "other")
    write_scene(tmp_path / "other", "000100", [])
    runs = ("evaluate", resampled / "mini_b", "--against", resampled / "mini_d")

    others = told(*runs, "--data", tmp_path / "other")

    assert f"no intervals: {resampled / 'mini_b'} was not resampled" in others.stdout
    assert not (resampled / "mini_b" / "replicates.npz").exists()


def guess(folder: Path, wrong_every: int) -> None:
    """Writes guesses of a pretraining on three classes, of which each n-th is wrong; none for 0."""
    labels = np.load(folder / "predictions.npz")["labels"]
    is_wrong = np.arange(len(labels)) % max(wrong_every, 1) == 1
    ranked = (labels[:, None] + is_wrong[:, None] + np.arange(3)) % 3
    np.savez(folder / "predictions.npz", labels=labels, ranked=ranked)
    (folder / "replicates.npz").unlink()


def test_two_pretrainings_compare_with_intervals_over_pictures(tmp_path: Path) -> None:
    data = imagefolder(tmp_path / "folders", val=4)
    for seed, wrong_every in ((0, 0), (1, 2)):
        execute(pretraining(data, tmp_path / f"seed{seed}", seed=seed), MACHINE, lambda news: None)
        guess(tmp_path / f"seed{seed}", wrong_every)

    runs = ("evaluate", tmp_path / "seed0", "--against", tmp_path / "seed1", "--format", "json")
    content = json.loads(told(*runs).stdout)

    assert content["difference"]["classify/top1"] == 0.5
    interval = content["difference_over_pictures"]["classify/top1"]
    assert 0 < interval["low"] < 0.5 < interval["high"] < 1


def test_coco_results_of_another_tool_are_scored(world: Path, tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text(json.dumps(truth_as_results(world)))

    content = scored(path, world)

    assert content["scores"]["detect/map_area"] == 1.0


def test_the_devkit_s_files_of_another_tool_are_scored(world: Path, tmp_path: Path) -> None:
    (tmp_path / "comp4_det_test_cat.txt").write_text("000100 0.9 21 3 44 30\n000103 0.8 21 3 44 30\n")
    (tmp_path / "comp4_det_test_dog.txt").write_text("000100 0.9 5 5 20 24\n")

    content = scored(tmp_path, world)

    assert content["per_class"]["detect/map_area"] == {"cat": 1.0, "dog": 0.5}


def test_no_protocol_or_both_sources_are_refused(world: Path) -> None:
    assert "expected RUN or --predictions PATH, found neither; give one" in error("evaluate")
    assert "found both" in error("evaluate", world / "mini_b", "--predictions", world)
    assert "expected --data DIR and --protocol NAME" in error("evaluate", "--predictions", world)


def test_a_run_by_another_protocol_does_not_compare(world: Path, tmp_path: Path) -> None:
    rules = RULES.model_copy(update={"short_side": 40})
    cell = transfer(rules.model_copy(update={"name": "taller"}), world, tmp_path, weights="random:mini_b")
    execute(cell, MACHINE, lambda news: None)

    told_of = error("evaluate", world / "mini_b", "--against", tmp_path)

    assert "expected a run by tiny@1 on the same pictures, found one by taller@1" in told_of


def test_a_frozen_backbone_and_a_limit_are_part_of_the_protocol_s_name(world: Path, tmp_path: Path) -> None:
    imagefolder(tmp_path / "folders")
    execute(pretraining(tmp_path / "folders", tmp_path / "pretrained"), MACHINE, lambda news: None)

    result = told(
        *("detect", tmp_path / "pretrained", "--data", world, "--protocol", world / "tiny.toml"),
        *("--frozen-backbone", "--limit", "3", "-o", tmp_path / "run", "--threads", "1", "--cache", "ram"),
    )

    assert "by tiny@1 (frozen-backbone, limit=3): done" in " ".join(result.stderr.split())
    assert "pictures are decoded once: 3 decoded pictures take" in result.stderr
    assert [line.split()[-1] for line in result.stdout.splitlines()] == HEADLINES


def test_an_unknown_mode_of_the_cache_is_refused(world: Path) -> None:
    told_of = error("detect", "random:mini_b", "--data", world, "--cache", "disk")

    assert told_of == "error: --cache: expected one of ram, off, auto, found 'disk'\n"


def test_a_frozen_backbone_and_its_contrary_are_refused(world: Path) -> None:
    told_of = error(
        *("detect", "random:mini_b", "--data", world, "--protocol", world / "tiny.toml"),
        *("--frozen-backbone", "--set", "norm=trained"),
    )

    assert "--set 'norm=trained': expected nothing that --frozen-backbone says already" in told_of


def test_a_folder_of_runs_is_told_with_one_of_them(world: Path) -> None:
    told_of = error("evaluate", world)

    assert f"found a folder of runs; give one of them, as {world / 'mini_b'}" in told_of
