from __future__ import annotations

import math

import pytest
import torch

from transferbench.benchmarks.detect import Size, bench_detect, comparable, noise, sizes_of
from transferbench.tasks.detect.protocols import PROTOCOLS

CPU = torch.device("cpu")


def test_a_step_is_compared_with_that_of_torchvision() -> None:
    size = Size("step_miniature", "miniature@1", "mini_d", pictures=1, rounds=1)

    content = bench_detect(CPU, (size,)).content()

    assert set(content["ratios"]) == {"step_miniature"}
    assert all(math.isfinite(ratio) and ratio > 0 for ratio in content["ratios"].values())
    assert set(content["seconds"]["step_miniature"]) == {"ours", "torchvision"}


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_miniature_and_full_size_are_compared_on_every_device(device: str) -> None:
    names = [size.name for size in sizes_of(torch.device(device))]

    assert names[:2] == ["step_miniature", "step_full"]


@pytest.mark.parametrize("name", ["miniature@1", "voc07-fpn@1"])
def test_nothing_but_multiscale_training_is_taken_from_a_protocol_that_torchvision_can_follow(
    name: str,
) -> None:
    assert comparable(PROTOCOLS[name]) == PROTOCOLS[name]


def test_pictures_have_the_size_they_are_resized_to_and_objects_that_lie_within() -> None:
    size = Size("step_full", "voc07-fpn@1", "mini_d", pictures=2, rounds=1)

    images, truth = noise(size, PROTOCOLS["voc07-fpn@1"], CPU)

    assert [image.shape for image in images] == [(600, 800, 3)] * 2
    for boxes_R4, labels_R in truth:
        assert (boxes_R4[:, 2:] > boxes_R4[:, :2]).all() and boxes_R4.max() <= 600
        assert (boxes_R4.shape, labels_R.shape) == ((3, 4), (3,))
