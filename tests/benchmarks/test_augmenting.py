import math

import pytest
import torch

from tests.real_data import real_data
from transferbench.benchmarks.augmenting import augmenting


def test_a_training_picture_is_compared_with_the_peers_from_memory_and_from_files() -> None:
    threads = torch.get_num_threads()

    found = augmenting(None, pictures=1, rounds=1)

    assert [each.name for each in found] == ["augment", "augment_files", "augment_cached"]
    assert all(math.isfinite(each.ratio) and 0 < each.ours_seconds < 1 for each in found)
    assert found[0].ours_seconds == found[2].ours_seconds
    assert all(each.difference is not None and each.difference < 0.5 for each in found)
    assert torch.get_num_threads() == threads


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ade20k", "voc_full"])
def test_real_pictures_are_changed_at_least_twice_as_fast_as_by_the_peers(name: str) -> None:
    memory, files, cached = augmenting(real_data(name), pictures=7, rounds=7)

    assert memory.ratio > 2
    assert files.ratio > 1.2
    assert cached.ratio > 2.5
