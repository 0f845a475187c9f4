"""`compare` on 10,000 finished runs: 100 recipes, two tasks, 50 seeds, 150 classes."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fabricate.records import record
from transferbench.runs.record import Record

CLASSES = tuple(f"class number {place}" for place in range(150))
SCORES = {"classify": ("top1", "top5"), "segment": ("pix_acc", "miou", "ms_pix_acc", "ms_miou")}
MOST_SECONDS = 3.0


def _run(recipe: int, task: str, seed: int, rng: random.Random) -> Record:
    per_class = {f"{task}/{SCORES[task][1]}": {name: rng.random() for name in CLASSES}}
    scores = {name: 0.3 + 0.002 * recipe + 0.01 * rng.random() for name in SCORES[task]}
    return record(f"recipe{recipe:03d}", task, seed, scores, per_class=per_class, classes=CLASSES)


@pytest.fixture
def many_runs(tmp_path: Path) -> Path:
    """The folder of 10,000 runs."""
    rng = random.Random(0)
    for recipe in range(100):
        for task in SCORES:
            for seed in range(50):
                folder = tmp_path / f"recipe{recipe:03d}" / task / f"seed{seed}"
                folder.mkdir(parents=True)
                text = _run(recipe, task, seed, rng).model_dump_json(indent=1)
                (folder / "record.json").write_text(text)
    return tmp_path


@pytest.mark.slow
def test_ten_thousand_runs_are_compared_within_three_seconds_of_one_core(many_runs: Path) -> None:
    before = os.times()

    command = [sys.executable, "-m", "transferbench", "compare", str(many_runs)]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout

    after = os.times()
    seconds = after.children_user + after.children_system - before.children_user - before.children_system
    assert text.count("\nrecipe") > 200
    assert seconds < MOST_SECONDS
