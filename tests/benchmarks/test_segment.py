from __future__ import annotations

import math

import pytest
import torch

from transferbench.benchmarks import segment
from transferbench.benchmarks.counting import MISSING
from transferbench.benchmarks.result import Comparison
from transferbench.benchmarks.segment import Size, bench_segment, noise, size_of

CPU = torch.device("cpu")
SMALL = Size(pictures=1, crop=65, precision="fp32", rounds=1)


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves the step alone, as where torchmetrics is not installed."""
    monkeypatch.setattr(segment, "augmenting", lambda folder, **settings: [])
    monkeypatch.setattr(segment, "find_spec", lambda name: None)


def test_a_step_is_compared_with_that_of_torchvision(bare: None) -> None:
    content = bench_segment(CPU, size=SMALL).content()

    assert set(content["ratios"]) == {"step"}
    assert math.isfinite(content["ratios"]["step"]) and content["ratios"]["step"] > 0
    assert set(content["seconds"]["step"]) == {"ours", "torchvision"}


def test_without_torchmetrics_it_is_said_how_to_get_it(bare: None, monkeypatch: pytest.MonkeyPatch) -> None:
    timed = Comparison("step", "a step", "torchvision", 1.0, 2.0, 2.0)
    monkeypatch.setattr(segment, "_step", lambda size, device: (timed, []))

    notes = bench_segment(CPU, size=SMALL).notes

    assert MISSING in notes
    assert "pip install torchmetrics" in MISSING


def test_an_accelerator_is_given_a_batch_as_it_is_trained_on() -> None:
    size = size_of(torch.device("cuda"))

    assert (size.pictures, size.crop, size.precision) == (16, 480, "bf16")


def test_noise_has_a_label_of_150_classes_for_each_pixel() -> None:
    images_N3HW, labels_NHW = noise(SMALL, CPU)

    assert images_N3HW.shape == (1, 3, 65, 65) and images_N3HW.dtype == torch.uint8
    assert labels_NHW.shape == (1, 65, 65) and int(labels_NHW.max()) == 149


@pytest.mark.slow
def test_a_step_is_not_slower_than_torchvision_s() -> None:
    size = Size(pictures=1, crop=241, precision="fp32", rounds=3)

    step, _ = segment._step(size, CPU)

    assert step.ratio > 0.95
