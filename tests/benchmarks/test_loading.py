import math

import pytest

from transferbench.benchmarks.loading import loaders
from transferbench.benchmarks.pictures import jpegs


def test_no_worker_counts_are_no_comparisons() -> None:
    assert loaders([], (), 1) == []


@pytest.mark.slow
def test_loaders_are_timed_with_each_number_of_workers() -> None:
    with jpegs(None, 4) as paths:
        found = loaders(paths, (0, 2), 1)

    assert [each.name for each in found] == ["loader_0", "loader_2"]
    assert all(math.isfinite(each.ratio) and 0 < each.ours_seconds < 1 for each in found)
