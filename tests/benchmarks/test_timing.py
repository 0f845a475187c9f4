import gc
from collections.abc import Callable

import pytest
import torch

from transferbench.benchmarks.timing import interleaved, median_ratio, one_thread, wall_clock


class Clock:
    """Goes on only when something takes time."""

    def __init__(self) -> None:
        self.now = 0.0
        self.done: list[str] = []

    def __call__(self) -> float:
        return self.now

    def way(self, name: str, *seconds: float) -> Callable[[], None]:
        """Returns a way that takes so long each time it is gone, the last of them from then on."""
        left = list(seconds)

        def go() -> None:
            self.done.append(name)
            self.now += left.pop(0) if len(left) > 1 else left[0]

        return go


def test_ways_take_turns_and_the_first_round_does_not_count() -> None:
    clock = Clock()

    seconds = interleaved(
        {"slow": clock.way("slow", 9, 2, 4), "fast": clock.way("fast", 7, 1)}, rounds=3, clock=clock
    )

    assert clock.done == ["slow", "fast"] * 4
    assert seconds == {"slow": [2, 4, 4], "fast": [1, 1, 1]}


def test_a_ratio_is_the_median_of_the_rounds_and_not_of_the_times() -> None:
    assert median_ratio([2, 40, 6], [1, 10, 2]) == 3  # a round in which all was slow tells as much as others


def test_garbage_is_collected_before_and_after_but_not_within() -> None:
    within: list[bool] = []

    interleaved({"way": lambda: within.append(gc.isenabled())}, rounds=2)

    assert within == [False] * 3
    assert gc.isenabled()


def test_collection_goes_on_after_a_way_that_fails() -> None:
    with pytest.raises(ZeroDivisionError):
        interleaved({"way": lambda: 1 / 0}, rounds=1)

    assert gc.isenabled()


def test_one_thread_ends_with_the_threads_of_before() -> None:
    before = torch.get_num_threads()

    with one_thread():
        assert torch.get_num_threads() == 1

    assert torch.get_num_threads() == before


def test_a_wall_clock_does_not_go_back() -> None:
    clock = wall_clock(torch.device("cpu"))

    assert clock() <= clock()
