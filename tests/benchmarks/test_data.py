import math

import pytest
import torch

from tests.real_data import real_data
from transferbench.benchmarks.data import bench_data


def test_pictures_are_compared_with_the_reference_in_time_and_pixels() -> None:
    threads = torch.get_num_threads()

    content = bench_data(None, pictures=2, rounds=1, workers=()).content()

    assert list(content["ratios"]) == [
        "decode_crop",
        "decode_crop_floats",
        "colour",
        "colour_released",
        "eval_decode",
    ]
    assert all(math.isfinite(ratio) and ratio > 0 for ratio in content["ratios"].values())
    assert all(0 < s < 1 for times in content["seconds"].values() for s in times.values())
    assert 0 < content["differences"]["decode_crop"] < 0.5
    assert content["differences"]["eval_decode"] == 0
    assert any("drawn" in note for note in content["notes"])
    assert torch.get_num_threads() == threads


@pytest.mark.slow
@pytest.mark.parametrize("name", ["voc_full", "imagenet_sample"])
def test_real_pictures_are_decoded_and_coloured_faster_than_by_the_reference(name: str) -> None:
    content = bench_data(real_data(name), pictures=40, rounds=7, workers=(0,)).content()

    assert content["ratios"]["decode_crop"] > 1.7
    assert content["ratios"]["decode_crop_floats"] > 1.6
    assert content["ratios"]["colour"] > 3
    assert content["ratios"]["colour_released"] > 1.4
    assert content["ratios"]["loader_0"] > 1.3
    assert content["differences"]["decode_crop"] < 0.5
