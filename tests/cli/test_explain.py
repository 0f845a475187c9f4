"""`explain` and `diff`: what a run's scores come from, and what two runs differ in."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import error, told
from tests.fabricate.voc import write_voc
from tests.runs.tiny import DETECT, MACHINE, pretrained_world, transfer
from transferbench.runs.execute import execute


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data, a pretraining, and two transfers of it: as it is and shuffled."""
    root = pretrained_world(tmp_path_factory.mktemp("world"))
    write_voc(root)
    weights = str(root / "pretrained" / "backbone.safetensors")
    for name, source in (("plain", weights), ("mixed", f"shuffled:{weights}")):
        folder = root / "runs" / "x" / name
        execute(transfer(DETECT, root, folder, weights=source), MACHINE, lambda news: None)
    return root


def content(*words: str | Path) -> dict[str, Any]:
    return dict(json.loads(told(*words, "--format", "json").stdout))


def test_the_chain_is_told_from_the_recipe_to_the_scores(world: Path) -> None:
    result = told("explain", world / "runs/x/plain")

    lines = result.stdout.splitlines()
    assert (result.exit_code, result.stderr, lines[-1]) == (0, "", "the chain holds")
    assert [line for line in lines if not line.startswith(" ")][:3] == [
        f"1. pretraining: {world / 'pretrained'}",
        f"2. weights: {world / 'pretrained' / 'backbone.safetensors'}",
        f"3. transfer: {world / 'runs/x/plain'}",
    ]
    assert "   tricks: mixup (alpha 0.2, form paper)" in lines
    assert "   share loaded: 100.0%" in lines
    assert not re.search("[0-9a-f]{13}", result.stdout.replace(str(world), ""))
    assert re.search(r"   peak memory: \d+\.\d GiB\n", result.stdout)
    assert re.search(r"   effort: backbone 0\.\d\d GMACs, ", result.stdout)


def test_json_has_every_link_with_its_facts(world: Path) -> None:
    found = content("explain", world / "runs/x/plain")

    before, weights, run = found["links"]
    assert (found["holds"], found["breaks"], found["unproved"]) == (True, [], [])
    assert before["facts"]["tricks"] == {"mixup": {"alpha": 0.2, "form": "paper"}}
    assert weights["facts"]["loaded"]["share loaded"] == 1.0
    assert run["facts"]["rules of the protocol"]["short_side"] == 32
    assert run["scores"].keys() >= {"detect/map_voc07", "detect/coco_ap"}


def test_shuffled_weights_are_told_with_the_seed(world: Path) -> None:
    result = told("explain", world / "runs/x/mixed")

    assert result.exit_code == 0
    assert "   shuffled by seed: 0" in result.stdout.splitlines()


def test_a_chain_that_breaks_says_where_and_has_an_exit_status(world: Path, tmp_path: Path) -> None:
    shutil.copytree(world / "runs/x/plain", tmp_path / "run")
    path = tmp_path / "run" / "record.json"
    record = json.loads(path.read_text())
    record["weights"]["sha256"] = "0" * 64
    path.write_text(json.dumps(record))

    result = told("explain", tmp_path / "run")

    assert result.exit_code == 4
    assert f"   BREAKS: {record['weights']['origin']}: expected the weights" in result.stdout
    assert result.stdout.endswith("the chain breaks in 1 place\n")


def test_a_cell_may_be_named_as_it_stands_below_runs(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(world)

    result = told("diff", "x/plain", "x/plain")

    assert result.exit_code == 0
    assert "equal: the same settings, data, weights, seed, software and machine\n" in result.stdout


def test_a_difference_is_told_with_both_values_and_the_scores(world: Path) -> None:
    one, other = (world / "runs/x" / name for name in ("plain", "mixed"))

    text, found = told("diff", one, other).stdout, content("diff", one, other)

    keys = [each["key"] for each in found["differences"] if each["kind"] == "inputs"]
    assert keys == ["weights.sha256", "weights.shuffled_from"]
    assert not found["are_equal"]
    assert "may change scores:\n  weights.sha256: " in text
    assert "scores in percent, and the second less the first:\n" in text
    assert "-0.00" not in text
    assert found["scores"].keys() >= {"detect/map_voc07"}


def test_what_is_no_finished_run_is_told(world: Path) -> None:
    assert "expected the folder of a finished run, found no such folder" in error("explain", world / "none")
    assert "found a folder of runs; give one of them" in error("diff", world / "runs", world / "runs/x/plain")
    assert "--format: expected text or json, found 'xml'" in error("explain", world, "--format", "xml")


def test_runs_of_two_tasks_do_not_compare(world: Path) -> None:
    told_of = error("diff", world / "pretrained", world / "runs/x/plain")

    assert "expected two runs of one task, found classify and detect" in told_of
